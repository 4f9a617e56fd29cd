//! Where the kernel's file systems are.

use std::path::PathBuf;

/// The roots that every reader starts from; tests point them at made-up trees.
#[derive(Clone, Debug)]
pub struct Roots {
    /// procfs, `/proc`.
    pub proc: PathBuf,
    /// sysfs, `/sys`.
    pub sys: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { proc: "/proc".into(), sys: "/sys".into() }
    }
}
