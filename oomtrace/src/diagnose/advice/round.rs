//! Values that a person would choose, and figures as they are written.

use crate::words::bytes;

const MIB: u64 = 1 << 20;

/// Rounds up to one of eight steps an octave, in whole MiB: 601 MiB becomes 640 MiB.
pub(super) fn up(value: u64) -> u64 {
    value.checked_next_multiple_of(step(value)).unwrap_or(value)
}

/// Rounds down likewise; 0 below 1 MiB.
pub(super) fn down(value: u64) -> u64 {
    value - value % step(value)
}

fn step(value: u64) -> u64 {
    let octave = value.max(1).ilog2();
    (1_u64 << octave.saturating_sub(3)).max(MIB)
}

/// `value` times `percent` / 100.
pub(super) fn percent(value: u64, percent: u64) -> u64 {
    u64::try_from(u128::from(value) * u128::from(percent) / 100).unwrap_or(u64::MAX)
}

/// Whole MiB as a number.
pub(super) fn mib(value: u64) -> u64 {
    value / MIB
}

/// A size for an option: `640M`, `2G`; `unit` is what comes after the letter.
pub(super) fn option(value: u64, letters: [&str; 2]) -> String {
    let mib = mib(value);
    if mib >= 1024 && mib.is_multiple_of(1024) {
        format!("{}{}", mib / 1024, letters[1])
    } else {
        format!("{mib}{}", letters[0])
    }
}

/// A size in words.
pub(super) fn size(value: u64) -> String {
    bytes::size(value)
}

/// A rate in words.
pub(super) fn rate(per_second: f64) -> String {
    bytes::rate(per_second)
}

/// A number of seconds in words.
pub(super) fn seconds(seconds: f64) -> String {
    let rounded = if seconds < 600.0 { seconds } else { (seconds / 60.0).round() * 60.0 };
    bytes::duration(whole(rounded * 1e9))
}

/// What of a float fits; 0 for what is negative or no number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, which is what is wanted"
)]
pub(super) fn whole(value: f64) -> u64 {
    value as u64
}

/// As a float, for rates: sizes lose nothing that matters.
#[expect(clippy::cast_precision_loss, reason = "sizes of memory are below 2^53")]
pub(super) fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_round() {
        assert_eq!([up(601 * MIB), up(640 * MIB), up(5 * MIB + 1)], [640 * MIB, 640 * MIB, 6 * MIB]);
        assert_eq!([down(639 * MIB), down(640 * MIB), down(MIB - 1)], [576 * MIB, 640 * MIB, 0]);
        assert_eq!(up(u64::MAX), u64::MAX);
        assert_eq!((up(0), down(0)), (0, 0));
    }

    #[test]
    fn options_and_times() {
        assert_eq!(option(640 * MIB, ["M", "G"]), "640M");
        assert_eq!(option(2048 * MIB, ["Mi", "Gi"]), "2Gi");
        assert_eq!(seconds(12.34), "12.3 s");
        assert_eq!(seconds(80.0), "1 min 20 s");
        assert_eq!(seconds(1199.0), "20 min");
        assert_eq!(whole(f64::NAN), 0);
    }
}
