//! A time in a log.

use jiff::civil::DateTime;

/// A time as a log has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Nanoseconds since 1970, where the log tells the zone.
    pub utc_ns: Option<i128>,
    /// Date and time of day without a zone; where the log has no year, of the year 2000.
    pub local: Option<DateTime>,
    /// The log has no year.
    pub lacks_year: bool,
    /// Digits behind the second.
    pub digits: u8,
    /// As it stands there.
    pub text: String,
}

impl Stamp {
    /// For comparing times of one log with each other: microseconds.
    #[must_use]
    pub fn order_usec(&self) -> Option<u64> {
        let ns = self.utc_ns.or_else(|| {
            let zoned = self.local?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
            Some(zoned.timestamp().as_nanosecond())
        })?;
        u64::try_from(ns / 1000).ok()
    }
}
