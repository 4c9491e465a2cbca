use std::fmt;
use std::time::{Duration, SystemTime};

use mail_parser::{DateTime, HeaderValue as Parsed, parsers::MessageStream};

use super::FieldError;

/// The years that can be written: RFC 5322, section 3.3, asks for four digits and 1900 or later.
const YEARS: std::ops::RangeInclusive<u16> = 1900..=9999;
/// A UTC offset is less than a day.
const MAX_OFFSET_MINUTES: u16 = 24 * 60 - 1;

/// The date of a message: a point in time, in whole seconds, and the UTC offset of the place where it was written
/// (RFC 5322, section 3.3).
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use postseal_message::mime::Date;
/// let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
/// assert_eq!(Date::new(time, 330)?.to_string(), "Wed, 15 Nov 2023 03:43:20 +0530");
/// assert_eq!(Date::utc(time)?.to_string(), "Tue, 14 Nov 2023 22:13:20 +0000");
/// # Ok::<(), postseal_message::mime::FieldError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    seconds: i64,
    offset_minutes: i16,
}

impl Date {
    /// The point in time `time`, shown `offset_minutes` east of UTC.
    ///
    /// # Errors
    ///
    /// [`FieldError::Date`]: outside the years 1900 to 9999, or an offset of a day or more.
    pub fn new(time: SystemTime, offset_minutes: i16) -> Result<Self, FieldError> {
        let seconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).map_err(|_| FieldError::Date)?,
            Err(before) => -i64::try_from(before.duration().as_secs()).map_err(|_| FieldError::Date)?,
        };
        Self::from_seconds(seconds, offset_minutes).ok_or(FieldError::Date)
    }

    /// The point in time `time`, shown in UTC.
    ///
    /// # Errors
    ///
    /// As [`Date::new`].
    pub fn utc(time: SystemTime) -> Result<Self, FieldError> {
        Self::new(time, 0)
    }

    /// The point in time.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        let distance = Duration::from_secs(self.seconds.unsigned_abs());
        let time = if self.seconds < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        };
        // The years are checked where a date is made, and every platform's clock holds them.
        time.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Minutes east of UTC.
    #[must_use]
    pub fn offset_minutes(&self) -> i16 {
        self.offset_minutes
    }

    /// Reads the value of a `Date` field, obsolete forms included; `None` where it makes no sense.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let line = terminated(&without_comments(value));
        let Parsed::DateTime(date) = MessageStream::new(&line).parse_date() else { return None };
        if !is_on_the_clock(&date) {
            return None;
        }
        let offset = i16::from(date.tz_hour) * 60 + i16::from(date.tz_minute);
        Self::from_seconds(date.to_timestamp(), if date.tz_before_gmt { -offset } else { offset })
    }

    fn from_seconds(seconds: i64, offset_minutes: i16) -> Option<Self> {
        let date = Self { seconds, offset_minutes };
        let in_range = offset_minutes.unsigned_abs() <= MAX_OFFSET_MINUTES
            // Beyond these the calendar below would wrap around.
            && (-2_208_988_800..=253_402_300_799).contains(&seconds)
            && YEARS.contains(&date.local().year);
        in_range.then_some(date)
    }

    /// The wall clock at the place where the message was written.
    fn local(&self) -> DateTime {
        DateTime::from_timestamp(self.seconds + i64::from(self.offset_minutes) * 60)
    }
}

/// Whether every number is in its range. mail-parser asks for a year before 3001, and knows no leap second.
fn is_on_the_clock(date: &DateTime) -> bool {
    (1..=12).contains(&date.month)
        && (1..=31).contains(&date.day)
        && (date.hour <= 23 && date.minute <= 59 && date.second <= 60)
        && (date.tz_hour <= 23 && date.tz_minute <= 59)
}

/// Drops comments, and the white space that may stand around colons (RFC 5322, section 4.3): mail-parser 0.11 would lose numbers
/// behind either.
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

/// The parsers of header values want the line break that ends a field.
pub(super) fn terminated(value: &[u8]) -> Vec<u8> {
    let mut line = value.to_vec();
    line.push(b'\n');
    line
}

/// The form of a `Date` field.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = DateTime {
            tz_before_gmt: self.offset_minutes < 0,
            tz_hour: u8::try_from(self.offset_minutes.unsigned_abs() / 60).unwrap_or_default(),
            tz_minute: u8::try_from(self.offset_minutes.unsigned_abs() % 60).unwrap_or_default(),
            ..self.local()
        };
        f.write_str(&local.to_rfc822())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn is_written_and_read_back() {
        for (seconds, offset, text) in [
            (0, 0, "Thu, 1 Jan 1970 00:00:00 +0000"),
            (951_782_400, -210, "Mon, 28 Feb 2000 20:30:00 -0330"),
            (4_102_444_799, 845, "Fri, 1 Jan 2100 14:04:59 +1405"),
            (253_402_300_799, 0, "Fri, 31 Dec 9999 23:59:59 +0000"),
        ] {
            let date = Date::new(at(seconds), offset).unwrap();
            assert_eq!(date.to_string(), text);
            assert_eq!((date.time(), date.offset_minutes()), (at(seconds), offset));
        }
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(86_400);
        assert_eq!(Date::utc(before).unwrap().to_string(), "Wed, 31 Dec 1969 00:00:00 +0000");
        assert_eq!(Date::utc(before).unwrap().time(), before);
    }

    #[test]
    fn reads_old_forms_and_nothing_senseless() {
        let read = |text: &str| Date::read(text.as_bytes()).map(|date| date.to_string());
        assert_eq!(read("21 Nov 97 09:55:06 EST").as_deref(), Some("Fri, 21 Nov 1997 09:55:06 -0500"));
        assert_eq!(
            read(" Thu,\r\n 13\r\n  Feb 1969 23:32 -0330 (Newfoundland)").as_deref(),
            Some("Thu, 13 Feb 1969 23:32:00 -0330")
        );
        assert_eq!(
            read(" Fri, 21 Nov 1997 09(comment (a \\) b)):   55  :  06 (EST) -0600").as_deref(),
            Some("Fri, 21 Nov 1997 09:55:06 -0600")
        );
        assert_eq!(read("31 Dec 2016 23:59:60 +0000").as_deref(), Some("Sun, 1 Jan 2017 00:00:00 +0000"));
        assert_eq!(read("30 Jun 3609 15:33:50 +0600").as_deref(), Some("Tue, 30 Jun 3609 15:33:50 +0600"));
        for text in [
            "",
            "yesterday",
            "32 Foo 2020 99:00:00 +0000",
            "1 Jan 2020 24:00:00 +0000",
            "1 Jan 2020 (12:00 +0000",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn refuses_what_four_digits_cannot_say() {
        assert_eq!(Date::utc(at(253_402_300_800)), Err(FieldError::Date));
        assert_eq!(Date::new(at(253_402_300_799), 1), Err(FieldError::Date));
        assert_eq!(Date::new(at(0), 24 * 60), Err(FieldError::Date));
        assert_eq!(Date::new(at(0), i16::MIN), Err(FieldError::Date));
        assert!(Date::new(at(0), 24 * 60 - 1).is_ok());
    }
}
