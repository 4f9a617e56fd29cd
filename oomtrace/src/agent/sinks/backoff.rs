//! How long to wait before the next try.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(300);

/// Twice as long each time, up to five minutes, and by up to a quarter more or less by `chance` (any number), so that many agents do
/// not come back at once.
pub(super) fn wait(failures: u32, chance: u64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(MOST);
    let ms = u64::try_from(doubled.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(ms - ms / 4 + chance % (ms / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_and_longer_and_never_for_ever() {
        for chance in [0, 7, u64::MAX] {
            assert!((750..=1250).contains(&wait(1, chance).as_millis()));
            assert!((3000..=5000).contains(&wait(3, chance).as_millis()));
            assert!((225_000..=375_000).contains(&wait(40, chance).as_millis()));
        }
    }
}
