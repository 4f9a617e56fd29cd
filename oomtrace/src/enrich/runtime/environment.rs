//! The few variables of an environment that say how memory is managed.
//!
//! Environments hold secrets. Of what is read only the named variables are kept, and of those that hold several options
//! only the options that are known here.

use super::settings;
use super::variables::{OPTIONS, variables};

/// Bytes that are kept at the most.
pub const KEPT: usize = 256;

/// Variables that hold one value.
const VALUES: [&str; 7] = [
    "GOMEMLIMIT",
    "GOGC",
    "MALLOC_ARENA_MAX",
    "PYTHONMALLOC",
    "DOTNET_GCHeapHardLimit",
    "DOTNET_GCHeapHardLimitPercent",
    "RUBY_GC_HEAP_GROWTH_FACTOR",
];
/// Picks what says how memory is managed out of `/proc/<pid>/environ`; the result has the same form.
#[must_use]
pub fn keep(environ: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    for (name, value) in variables(environ) {
        let part = if VALUES.contains(&name) && settings::is_harmless(value) {
            format!("{name}={value}\0")
        } else if OPTIONS.contains(&name) {
            let known: Vec<_> =
                value.split_ascii_whitespace().filter(|option| settings::is_known(option)).collect();
            format!("{name}={}\0", known.join(" "))
        } else {
            continue;
        };
        if kept.len() + part.len() <= KEPT {
            kept.extend_from_slice(part.as_bytes());
        }
    }
    kept
}

/// Whether a variable of Go's is set.
pub(super) fn has_go(environment: &[u8]) -> bool {
    variables(environment).any(|(name, _)| name == "GOMEMLIMIT")
}
