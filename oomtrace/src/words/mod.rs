//! Words and figures as people write and read them: sizes, times, names made harmless, shell quoting, widths on a terminal.
//!
//! The ground floor: everything may use it, and it uses nothing else of oomtrace.

pub mod bytes;
pub mod escape;
pub mod shell;
pub mod size;
pub mod unescape;
pub mod width;
