//! Dates as IMAP writes them, and as messages do.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY: i64 = 86_400;

/// `17-Jul-1996 02:44:25 +0000`, in UTC.
pub(super) fn show(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().cast_signed());
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    let name = usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).unwrap_or(&"Jan");
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{day:2}-{name}-{year:04} {hour:02}:{minute:02}:{second:02} +0000")
}

/// Parses `17-Jul-1996 02:44:25 -0700`; the day may begin with a blank.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let mut words = text.split_ascii_whitespace();
    let (date, time, zone) = (words.next()?, words.next()?, words.next()?);
    let mut clock = time.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let (sign, digits) = zone.split_at_checked(1)?;
    let (hours, minutes) = digits.split_at_checked(2)?;
    let offset = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
    let offset = match sign {
        "+" => offset,
        "-" => -offset,
        _ => return None,
    };
    let valid = hour < 24 && minute < 60 && second < 61 && digits.len() == 4 && words.next().is_none();
    let seconds = parse_day(date)? * DAY + hour * 3600 + minute * 60 + second - offset;
    let since = u64::try_from(seconds).ok().filter(|_| valid)?;
    Some(UNIX_EPOCH + Duration::from_secs(since))
}

/// The day of `17-Jul-1996`, counted from 1 January 1970.
pub(super) fn parse_day(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    day_number(day, month, year).filter(|_| parts.next().is_none())
}

/// The day of a `Date` header field (RFC 5322, section 3.3), by the date that it shows.
pub(super) fn sent_day(field: &str) -> Option<i64> {
    let date = field.split_once(',').map_or(field, |(_, date)| date);
    let mut words = date.split_ascii_whitespace();
    day_number(words.next()?, words.next()?, words.next()?)
}

/// The day of a moment, in UTC.
pub(super) fn day(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().cast_signed() / DAY)
}

fn day_number(day: &str, month: &str, year: &str) -> Option<i64> {
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
    let (day, year): (i64, i64) = (day.parse().ok()?, year.parse().ok()?);
    let month = i64::try_from(month).ok()? + 1;
    let number = days(year, month, day);
    (civil(number) == (year, month, day)).then_some(number)
}

/// Days since 1 January 1970 in the proleptic Gregorian calendar, years beginning in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_there_and_back() {
        for (text, seconds) in [
            ("17-Jul-1996 02:44:25 -0700", 837_596_665),
            (" 1-Jan-1970 00:00:00 +0000", 0),
            ("29-Feb-2024 23:59:59 +0000", 1_709_251_199),
        ] {
            assert_eq!(parse(text), Some(UNIX_EPOCH + Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(show(UNIX_EPOCH + Duration::from_secs(837_596_665)), "17-Jul-1996 09:44:25 +0000");
        assert_eq!(show(UNIX_EPOCH), " 1-Jan-1970 00:00:00 +0000");
        for wrong in ["30-Feb-2024 00:00:00 +0000", "1-Jan-1970 24:00:00 +0000", "1-Jan-1970 00:00:00", ""] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(sent_day("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)"), parse_day("17-Jul-1996"));
    }
}
