//! The kernel's counters of kills.

use std::path::Path;

/// `oom_kill` of /proc/vmstat: one a killed process, and one too many with `memory.oom.group`.
#[must_use]
pub fn vmstat_kills() -> Option<u64> {
    keyed(Path::new("/proc/vmstat"), "oom_kill")
}

/// The number behind `key` in a file of `KEY NUMBER` lines.
#[must_use]
pub fn keyed(file: &Path, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::keyed;

    #[test]
    fn takes_the_whole_key() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("events");
        std::fs::write(&file, "oom 3\noom_kill 2\noom_group_kill 1\n").unwrap();
        assert_eq!(keyed(&file, "oom_kill"), Some(2));
        assert_eq!(keyed(&file, "oom_k"), None);
    }
}
