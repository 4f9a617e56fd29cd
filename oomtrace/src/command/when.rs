//! Times as options name them: `--since` and `--until`.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::words::size;

/// The time that an option names: a time, the first moment of a date (UTC), or how long ago.
///
/// # Errors
/// Says what is accepted.
pub(super) fn parse(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Some(date) = text.parse::<Date>().ok().filter(|_| text.len() == 10) {
        return date.to_zoned(TimeZone::UTC).map(|day| day.timestamp()).map_err(|error| error.to_string());
    }
    let ago = size::duration(text).ok();
    ago.and_then(|ago| Timestamp::now().checked_sub(ago).ok()).ok_or_else(|| {
        format!("invalid time {text:?} (examples: 90s, 15m, 2h, 3d, 2026-11-23, 2026-11-23T14:03:00Z)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_times_ago() {
        assert_eq!(parse("2026-11-23T14:03:00Z").unwrap().to_string(), "2026-11-23T14:03:00Z");
        assert_eq!(parse("2026-11-23").unwrap().to_string(), "2026-11-23T00:00:00Z");
        let ago = |text: &str| {
            let time = parse(text).unwrap();
            Timestamp::now().duration_since(time).as_secs()
        };
        assert!((7200..7260).contains(&ago("2h")));
        assert!((259_200..259_260).contains(&ago("3d")));
        for wrong in ["", "yesterday", "d", "-1d", "99999999999d"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
