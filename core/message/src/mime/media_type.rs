//! Guessing what a file is from its name.

use super::ContentType;

/// What people attach to mail, by the ending of the name. Their media types are registered with IANA, or in use everywhere.
const ENDINGS: &[(&str, &str)] = &[
    ("7z", "application/x-7z-compressed"),
    ("aac", "audio/aac"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("bz2", "application/x-bzip2"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("eml", "message/rfc822"),
    ("epub", "application/epub+zip"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("heic", "image/heic"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ics", "text/calendar"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("m4a", "audio/mp4"),
    ("md", "text/markdown"),
    ("mkv", "video/matroska"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ogg", "audio/ogg"),
    ("opus", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("rar", "application/vnd.rar"),
    ("rtf", "application/rtf"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("txt", "text/plain"),
    ("vcf", "text/vcard"),
    ("wav", "audio/vnd.wave"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
    ("zst", "application/zstd"),
];

impl ContentType {
    /// What a file of this name most likely is: `image/jpeg` for `Holiday.JPG`, `application/octet-stream` for what isn't known.
    ///
    /// The name says it, and nobody looks into the file. A text has no `charset`, since that isn't known either.
    #[must_use]
    pub fn of_file_name(name: &str) -> Self {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        let known = ENDINGS.iter().find(|(known, _)| Some(*known) == ending.as_deref());
        known.map_or_else(Self::octet_stream, |(_, essence)| Self::of(essence))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_what_a_file_is() {
        for (name, expected) in [
            ("Holiday.JPG", "image/jpeg"),
            ("Übersicht 2024.v2.pdf", "application/pdf"),
            ("a.tar.gz", "application/gzip"),
            ("letter.eml", "message/rfc822"),
            ("README", "application/octet-stream"),
            ("pdf", "application/octet-stream"),
            ("a.", "application/octet-stream"),
            ("a.exe", "application/octet-stream"),
            ("", "application/octet-stream"),
        ] {
            assert_eq!(ContentType::of_file_name(name).essence(), expected, "{name}");
        }
    }

    #[test]
    fn every_type_is_well_formed_and_every_ending_stands_once() {
        assert!(ENDINGS.iter().map(|(ending, _)| ending).is_sorted_by(|a, b| a < b));
        for (_, essence) in ENDINGS {
            assert_eq!(ContentType::parse(essence).unwrap(), ContentType::of(essence));
        }
    }
}
