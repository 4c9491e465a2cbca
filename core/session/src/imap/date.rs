use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::cursor::Cursor;
use crate::Error;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY: i64 = 86_400;

/// A day of the calendar, as searches take it: without a time and without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day of the Gregorian calendar, from 1 to 9999 AD.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] where there is no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, Error> {
        let date = Self { year, month, day };
        let is_day = (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        // A day that the month does not have comes back as one of the next.
        if is_day && Self::of_days(date.days()) == date {
            Ok(date)
        } else {
            Err(Error::invalid("date", "there is no such day"))
        }
    }

    /// Days since 1970-01-01 (Howard Hinnant's `days_from_civil`).
    fn days(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }

    /// The way back (`civil_from_days`).
    fn of_days(days: i64) -> Self {
        let days = days + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let small = |number: i64| u8::try_from(number).unwrap_or(0);
        Self {
            year: u16::try_from(year).unwrap_or(0),
            month: small(month),
            day: small(day_of_year - (153 * shifted + 2) / 5 + 1),
        }
    }
}

/// The form of the protocol: `1-Feb-1994`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let month = MONTHS.get(usize::from(self.month).wrapping_sub(1)).unwrap_or(&"Jan");
        write!(f, "{}-{month}-{:04}", self.day, self.year)
    }
}

/// A time as `"17-Jul-1996 02:44:25 +0000"`; `None` outside of the years 1 to 9999.
pub(super) fn date_time(time: SystemTime) -> Option<String> {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).ok()?,
        Err(before) => i64::try_from(before.duration().as_secs()).ok()?.checked_neg()?,
    };
    let date = Date::of_days(seconds.div_euclid(DAY));
    let date = Date::new(date.year, date.month, date.day).ok().filter(|_| seconds.abs() < 400_000_000_000)?;
    let of_day = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    Some(format!("\"{:0>11} {hour:02}:{minute:02}:{second:02} +0000\"", date.to_string()))
}

/// Reads `17-Jul-1996 02:44:25 -0700`.
pub(super) fn parse_date_time(text: &[u8]) -> Option<SystemTime> {
    let mut cursor = Cursor::new(text);
    _ = cursor.space();
    let day = u8::try_from(cursor.number32()?).ok()?;
    cursor.literal(b"-")?;
    let name = cursor.take_while(|byte| byte.is_ascii_alphabetic());
    let month = MONTHS.iter().position(|month| month.as_bytes().eq_ignore_ascii_case(name))? + 1;
    cursor.literal(b"-")?;
    let year = u16::try_from(cursor.number32()?).ok()?;
    let date = Date::new(year, u8::try_from(month).ok()?, day).ok()?;
    cursor.space()?;
    let mut time = [0_i64; 3];
    for (index, part) in time.iter_mut().enumerate() {
        if index > 0 {
            cursor.literal(b":")?;
        }
        *part = cursor.number32().map(i64::from).filter(|&part| part <= 60)?;
    }
    cursor.space()?;
    let west = cursor.literal(b"-").is_some();
    _ = cursor.literal(b"+");
    // Four digits, or nobody knows whether the last two are hours or minutes.
    let is_whole = cursor.rest().iter().take_while(|byte| byte.is_ascii_digit()).count() == 4;
    let zone = cursor.number32().map(i64::from).filter(|&zone| is_whole && zone <= 2359)?;
    let zone = (zone / 100 * 60 + zone % 100) * 60;
    let [hour, minute, second] = time;
    let local = date.days() * DAY + hour * 3600 + minute * 60 + second;
    let seconds = if west { local + zone } else { local - zone };
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_exist_are_dates() {
        assert_eq!(Date::new(2024, 2, 29).unwrap().to_string(), "29-Feb-2024");
        assert_eq!(Date::new(1994, 2, 1).unwrap().to_string(), "1-Feb-1994");
        for (year, month, day) in [(2023, 2, 29), (0, 1, 1), (2000, 0, 1), (2000, 13, 1), (2000, 4, 31)] {
            assert!(Date::new(year, month, day).is_err(), "{year}-{month}-{day}");
        }
    }

    #[test]
    fn times_go_round() {
        let time = parse_date_time(b"17-Jul-1996 02:44:25 -0700").unwrap();
        assert_eq!(time.duration_since(UNIX_EPOCH).unwrap().as_secs(), 837_596_665);
        assert_eq!(date_time(time).unwrap(), "\"17-Jul-1996 09:44:25 +0000\"");
        assert_eq!(parse_date_time(b" 1-jan-1970 00:00:00 +0000"), Some(UNIX_EPOCH));
        assert_eq!(date_time(UNIX_EPOCH).unwrap(), "\"01-Jan-1970 00:00:00 +0000\"");
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(date_time(before).unwrap(), "\"31-Dec-1969 23:59:59 +0000\"");
        assert_eq!(parse_date_time(b"31-Dec-1969 23:59:59 +0000"), Some(before));
        for text in [
            "",
            "1-Jan",
            "1-Foo-1970 00:00:00 +0000",
            "1-Jan-1970 00:00 +0000",
            "31-Feb-1970 0:0:0 +0000",
            "1-Jan-1970 00:00:00 +12",
        ] {
            assert_eq!(parse_date_time(text.as_bytes()), None, "{text}");
        }
    }
}
