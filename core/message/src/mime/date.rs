use std::fmt;
use std::time::{Duration, SystemTime};

use super::FieldError;

/// The years that can be written: RFC 5322, section 3.3, asks for four digits and 1900 or later.
const YEARS: std::ops::RangeInclusive<i64> = 1900..=9999;
const SECONDS_A_DAY: i64 = 24 * 60 * 60;
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

    /// The point in time, in seconds since 1970; before that, less than none.
    #[must_use]
    pub const fn seconds(&self) -> i64 {
        self.seconds
    }

    /// The point in time; 1970 on a platform whose clock has nothing before that, which is WebAssembly's.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        let distance = Duration::from_secs(self.seconds.unsigned_abs());
        let time = if self.seconds < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        };
        // The years are checked where a date is made, and every other platform's clock holds them.
        time.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Minutes east of UTC.
    #[must_use]
    pub fn offset_minutes(&self) -> i16 {
        self.offset_minutes
    }

    /// What a clock shows `offset_minutes` east of UTC: the day, and the seconds since its midnight.
    pub(super) fn at(day: Day, second: i64, offset_minutes: i16) -> Option<Self> {
        let seconds = day.since_epoch()? * SECONDS_A_DAY + second - i64::from(offset_minutes) * 60;
        Self::from_seconds(seconds, offset_minutes)
    }

    fn from_seconds(seconds: i64, offset_minutes: i16) -> Option<Self> {
        let date = Self { seconds, offset_minutes };
        let in_range = offset_minutes.unsigned_abs() <= MAX_OFFSET_MINUTES
            // Far beyond these the calendar below would overflow.
            && (-2_208_988_800..=253_402_300_799).contains(&seconds)
            && YEARS.contains(&date.day().year);
        in_range.then_some(date)
    }

    /// Seconds since 1970 on the wall clock at the place where the message was written.
    fn local(&self) -> i64 {
        self.seconds + i64::from(self.offset_minutes) * 60
    }

    fn day(&self) -> Day {
        Day::from_epoch(self.local().div_euclid(SECONDS_A_DAY))
    }
}

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) year: i64,
    /// From 1 on.
    pub(super) month: u8,
    pub(super) day: u8,
}

/// Days from 1 March of the year 0 to 1 January 1970.
const EPOCH: i64 = 719_468;
/// Days in 400 years, after which the calendar repeats itself.
const ERA: i64 = 146_097;

impl Day {
    /// The day that many days after 1 January 1970.
    ///
    /// A year begins with March here, so that the leap day is its last, and months have 30.6 days (153 in five).
    fn from_epoch(days: i64) -> Self {
        let days = days + EPOCH;
        let day_of_era = days.rem_euclid(ERA);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = days.div_euclid(ERA) * 400 + year_of_era + i64::from(month <= 2);
        Self { year, month: month as u8, day: day as u8 }
    }

    /// How many days it is after 1 January 1970; `None` where there is no such day, or its year is far from those that can be
    /// written.
    fn since_epoch(self) -> Option<i64> {
        if !(0..100_000).contains(&self.year) {
            return None;
        }
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = self.year - i64::from(month <= 2);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = year.div_euclid(400) * ERA + day_of_era - EPOCH;
        (Self::from_epoch(days) == self).then_some(days)
    }
}

/// The form of a `Date` field.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.local();
        let (days, second) = (local.div_euclid(SECONDS_A_DAY), local.rem_euclid(SECONDS_A_DAY));
        let Day { year, month, day } = self.day();
        let weekday = name(&WEEKDAYS, days.rem_euclid(7));
        let month = name(&MONTHS, i64::from(month) - 1);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let offset = self.offset_minutes.unsigned_abs();
        let (offset, minutes) = (offset / 60, offset % 60);
        write!(
            f,
            "{weekday}, {day} {month} {year:04} {hour:02}:{minute:02}:{second:02} {sign}{offset:02}{minutes:02}"
        )
    }
}

/// 1 January 1970 was a Thursday.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn name(names: &[&'static str], index: i64) -> &'static str {
    usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
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
            (1_700_000_000, -1, "Tue, 14 Nov 2023 22:12:20 -0001"),
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
    fn the_calendar_is_that_of_gregory() {
        let mut day = Day { year: 1900, month: 1, day: 1 };
        let first = day.since_epoch().unwrap();
        assert_eq!(first, -25_567);
        for days in first..first + 300 * 366 {
            assert_eq!((Day::from_epoch(days), day.since_epoch()), (day, Some(days)));
            let tomorrow = Day { day: day.day + 1, ..day };
            let next_month = Day { day: 1, month: day.month + 1, ..day };
            let next_year = Day { day: 1, month: 1, year: day.year + 1 };
            day = [tomorrow, next_month, next_year]
                .into_iter()
                .find(|day| day.since_epoch().is_some())
                .unwrap();
        }
        assert_eq!(day.year, 2200);
        for (year, days) in [(1900, 28), (2000, 29), (2023, 28), (2024, 29), (2100, 28)] {
            let exists = |day| Day { year, month: 2, day }.since_epoch().is_some();
            assert!(exists(days) && !exists(days + 1), "{year}");
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
