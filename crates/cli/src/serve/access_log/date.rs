//! Dates of the log: UTC, in two notations.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY: u64 = 86_400;
/// Days of 400 years, after which the calendar repeats.
const ERA: u64 = 146_097;
/// Days from the first of March of the year 0 to the first of January 1970.
const EPOCH: u64 = 719_468;

/// A moment of the calendar.
pub struct Date {
    year: u64,
    /// From 1.
    month: u64,
    day: u64,
    second_of_day: u64,
    millisecond: u32,
}

impl Date {
    /// The date of `time`; what is before 1970 is taken for its beginning.
    pub fn of(time: SystemTime) -> Date {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let seconds = since.as_secs();
        // Years begin in March here, so that the day that some of them have more is their last.
        let days = seconds / DAY + EPOCH;
        let (era, day_of_era) = (days / ERA, days % ERA);
        let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        Date {
            year: era * 400 + year + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * march_month + 2) / 5 + 1,
            second_of_day: seconds % DAY,
            millisecond: since.subsec_millis(),
        }
    }

    fn clock(&self) -> String {
        let second = self.second_of_day;
        format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
    }

    /// As in the Common Log Format.
    pub fn common(&self) -> String {
        let month = usize::try_from(self.month - 1).ok().and_then(|at| MONTHS.get(at)).unwrap_or(&"");
        format!("{:02}/{month}/{:04}:{} +0000", self.day, self.year, self.clock())
    }

    /// As in RFC 3339.
    pub fn rfc3339(&self) -> String {
        format!("{:04}-{:02}-{:02}T{}.{:03}Z", self.year, self.month, self.day, self.clock(), self.millisecond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_800, "2000-03-01T00:00:00.000Z"),
            (1_735_689_599, "2024-12-31T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Date::of(UNIX_EPOCH + Duration::from_secs(seconds)).rfc3339(), date);
        }
        assert_eq!(Date::of(UNIX_EPOCH + Duration::from_secs(86_399)).common(), "01/Jan/1970:23:59:59 +0000");
    }
}
