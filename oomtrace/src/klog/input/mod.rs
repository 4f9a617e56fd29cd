//! Kernel logs as they are found: in files, pipes and exports, wrapped by whatever carried them.
//!
//! bytes → [`crate::decompress`] → lines or records → [`text`] or [`json`] → [`LogLine`] → one parser for each host →
//! [`Told`]. Lines that can't be of a report are passed over by a search for a few words, a large buffer at a time.

mod beginning;
mod blocks;
mod calendar;
mod clean;
mod document;
mod endless;
mod export;
mod how;
mod json;
mod line;
mod lines;
mod lookout;
mod marks;
mod needles;
mod open;
mod quick;
mod reader;
mod shape;
mod sniff;
mod stamp;
mod streams;
mod take;
mod text;
mod tokens;
mod unread;
mod utf16;
mod walk;
mod words;
mod wrapped;

#[cfg(test)]
pub(super) use how::How;
pub use line::{LogLine, Stamp, Writer};
pub use lookout::Lookout;
pub use open::open;
pub(super) use quick::may_be_kernels;
pub use reader::{LogReader, Summary};
pub use streams::{Context, Found, Told};
pub use unread::Unread;

/// Reads one line, whatever wrapped it.
pub(super) fn parse_line(line: &[u8]) -> LogLine<'_> {
    text::parse(line)
}
