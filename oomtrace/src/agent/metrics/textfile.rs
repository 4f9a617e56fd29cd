//! The page as a file for node_exporter's textfile collector.

use std::path::Path;

use anyhow::Result;

use super::page::{Form, page};
use super::stats::Stats;

/// The file's name in the directory.
const NAME: &str = "oomtrace.prom";

/// Replaces the file in `dir`: a reader finds the old one or the new one, never half of one.
///
/// # Errors
/// Names the file and the cause.
pub fn write(dir: &Path, stats: &Stats) -> Result<()> {
    crate::output::put(dir, NAME, page(stats, Form::Prometheus).as_bytes(), 0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_replaced_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            write(dir.path(), &Stats::default()).unwrap();
        }
        let names: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(names, [NAME]);
        assert!(write(Path::new("/nonexistent"), &Stats::default()).unwrap_err().to_string().contains(NAME));
    }
}
