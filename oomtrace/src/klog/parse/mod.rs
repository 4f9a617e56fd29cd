//! One file for each kind of line; each function reads one line and knows nothing of the others.
//!
//! Names in these lines are chosen by processes: a `comm` may hold any byte but NUL, a cgroup's name any byte but NUL,
//! `/` and newline. So every line is read from both ends towards the names, and what stays ambiguous is not read.

pub(super) mod constraint;
pub(super) mod cpu;
pub(super) mod invoked;
pub(super) mod killed;
pub(super) mod lost;
pub(super) mod machine;
pub(super) mod memcg;
pub(super) mod outcome;
pub(crate) mod scan;
pub(super) mod slub;
pub(super) mod tasks;
pub(super) mod zones;

/// Longest `comm` without its NUL.
pub(super) const COMM_MAX: usize = oomtrace_common::COMM_LEN - 1;

/// From this length on a text may have been cut: a record holds 1023 bytes since 5.10, about 975 before.
pub(super) const CUT_FROM: usize = 970;
