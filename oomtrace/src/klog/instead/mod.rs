//! What a log has instead of, or beside, the kernel's reports: other words of the kernel and of programs about memory.
//!
//! The bytes pass by ([`Watched`]) on their way to the reader of reports. A search for a few words finds the lines; the tables,
//! one file for each group of writers, say what a line is.

mod android;
mod kernel;
mod languages;
mod managers;
mod others;
mod services;
mod sign;
mod table;
mod watch;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub use watch::Watched;
pub use watch::{Signs, merge};
