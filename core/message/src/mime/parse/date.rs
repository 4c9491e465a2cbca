//! Dates as other programs write them (RFC 5322, sections 3.3 and 4.3).

use super::super::Date;
use super::super::date::Day;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Time zones that have a name, in hours east of UTC. Any other name means UTC (RFC 5322, section 4.3).
const ZONES: [(&str, i16); 8] =
    [("est", -5), ("edt", -4), ("cst", -6), ("cdt", -5), ("mst", -7), ("mdt", -6), ("pst", -8), ("pdt", -7)];

/// Reads the value of a `Date` field; `None` where it makes no sense.
pub(super) fn read(value: &[u8]) -> Option<Date> {
    let plain = without_comments(value);
    let words = plain.split(|&b| b.is_ascii_whitespace() || b == b',').filter(|word| !word.is_empty());
    let mut words = words.map(|word| str::from_utf8(word).unwrap_or_default()).peekable();
    // The name of the day says nothing that the rest doesn't.
    words.next_if(|word| word.starts_with(char::is_alphabetic) && month(word).is_none());
    let (first, second) = (words.next()?, words.next()?);
    let (day, month) = match month(first) {
        Some(month) => (second, month),
        None => (first, month(second)?),
    };
    // C writes the month first and the year last.
    let (third, fourth) = (words.next()?, words.next().unwrap_or_default());
    let (year, time) = if third.contains(':') { (fourth, third) } else { (third, fourth) };
    let day = Day { year: full_year(year)?, month, day: number(day)? };
    Date::at(day, seconds(time)?, words.next().map_or(Some(0), offset)?)
}

fn number<T: std::str::FromStr>(word: &str) -> Option<T> {
    // `parse` would take a sign.
    word.bytes().all(|b| b.is_ascii_digit()).then(|| word.parse().ok())?
}

fn month(word: &str) -> Option<u8> {
    let name = word.get(..3)?.to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| *month == name)?;
    u8::try_from(index + 1).ok()
}

/// A year of two or three digits is of old.
fn full_year(word: &str) -> Option<i64> {
    let year: i64 = number(word)?;
    match word.len() {
        0..=2 if year < 50 => Some(2000 + year),
        0..=3 => Some(1900 + year),
        _ => Some(year),
    }
}

/// The seconds since midnight that `HH:MM` or `HH:MM:SS` says. A leap second belongs to the next minute.
fn seconds(word: &str) -> Option<i64> {
    let mut numbers = word.split(':');
    let (hour, minute): (i64, i64) = (number(numbers.next()?)?, number(numbers.next()?)?);
    let second: i64 = numbers.next().map_or(Some(0), number)?;
    let is_on_the_clock = hour < 24 && minute < 60 && second <= 60 && numbers.next().is_none();
    // Numbers that are not on the clock may be too large to reckon with.
    is_on_the_clock.then(|| hour * 3600 + minute * 60 + second)
}

/// The minutes east of UTC that `+HHMM` or the name of a zone says.
fn offset(word: &str) -> Option<i16> {
    let name = word.to_ascii_lowercase();
    if let Some((_, hours)) = ZONES.iter().find(|(zone, _)| *zone == name) {
        return Some(hours * 60);
    }
    // Some programs write `GMT+HHMM`, or `+HH:MM`.
    let Some(at) = word.find(['+', '-']) else { return Some(0) };
    let digits = word.get(at + 1..)?.replace(':', "");
    let (hours, minutes) = digits.split_at_checked(2).filter(|_| digits.len() == 4)?;
    let (hours, minutes): (i16, i16) = (number(hours)?, number(minutes)?);
    let offset = (minutes < 60).then_some(hours * 60 + minutes)?;
    Some(if word.get(at..)?.starts_with('-') { -offset } else { offset })
}

/// Drops comments, and the white space that may stand around colons.
fn without_comments(value: &[u8]) -> Vec<u8> {
    let mut plain: Vec<u8> = Vec::with_capacity(value.len());
    let mut depth = 0_usize;
    let mut bytes = value.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if depth > 0 => _ = bytes.next(),
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            b':' => {
                plain.truncate(plain.trim_ascii_end().len());
                plain.push(byte);
            }
            _ if byte.is_ascii_whitespace() && plain.ends_with(b":") => {}
            _ => plain.push(byte),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_come_in_many_forms() {
        for (text, date) in [
            ("Fri, 21 Nov 1997 09:55:06 -0600", "Fri, 21 Nov 1997 09:55:06 -0600"),
            ("21 Nov 97 09:55:06 EST", "Fri, 21 Nov 1997 09:55:06 -0500"),
            ("21 November 097 09:55 pdt", "Fri, 21 Nov 1997 09:55:00 -0700"),
            (" Thu,\r\n 13\r\n  Feb 1969 23:32 -0330 (Newfoundland)", "Thu, 13 Feb 1969 23:32:00 -0330"),
            (
                " Fri, 21 Nov 1997 09(comment (a \\) b)):   55  :  06 (EST) -0600",
                "Fri, 21 Nov 1997 09:55:06 -0600",
            ),
            ("31 Dec 2016 23:59:60 +0000", "Sun, 1 Jan 2017 00:00:00 +0000"),
            ("30 Jun 3609 15:33:50 +0600", "Tue, 30 Jun 3609 15:33:50 +0600"),
            ("29 Feb 00 00:00 Z", "Tue, 29 Feb 2000 00:00:00 +0000"),
            // The wrong day of the week, none at all, no zone, zones of other kinds.
            ("Mon,1 Jan 2024 1:02:03", "Mon, 1 Jan 2024 01:02:03 +0000"),
            ("Sun, 1 Jan 2024 01:02:03 GMT+0130", "Mon, 1 Jan 2024 01:02:03 +0130"),
            ("1 Jan 2024 01:02:03 +05:30", "Mon, 1 Jan 2024 01:02:03 +0530"),
            ("1 Jan 2024 01:02:03 MESZ", "Mon, 1 Jan 2024 01:02:03 +0000"),
            ("Mon May  2 16:07:05 2005", "Mon, 2 May 2005 16:07:05 +0000"),
        ] {
            assert_eq!(read(text.as_bytes()).map(|date| date.to_string()).as_deref(), Some(date), "{text}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_no_date() {
        for text in [
            "",
            "yesterday",
            "32 Foo 2020 99:00:00 +0000",
            "29 Feb 2023 00:00 +0000",
            "0 Jan 2020 00:00 +0000",
            "1 Jan 2020 24:00:00 +0000",
            "1 Jan 2020 00:60 +0000",
            "1 Jan 2020 00:00:61 +0000",
            "1 Jan 2020 184467440737095516:00 +0000",
            "1 Jan 9223372036854775807 00:00 +0000",
            "1 Jan 2020 +1:00 +0000",
            "1 Jan 2020 (12:00 +0000",
            "1 Jan 2020 12:00 +0060",
            "1 Jan 2020 12:00 +2400",
            "1 Jan 2020 12:00 +00000",
            "1 Jan 1899 12:00 +0000",
            "1 Jan 10000 12:00 +0000",
            "1 Jan 99999999999999999999 12:00 +0000",
            "1 Jan 2020",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        assert_eq!(read(b"1 Jan 2020 \xff:00 +0000"), None);
    }
}
