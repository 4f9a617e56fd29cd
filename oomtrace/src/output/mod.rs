//! All files that are written, and for whom: the one room in which they are opened.
//!
//! A file is opened before the command or the trace starts, with the rights of the [`Owner`] it is for, in a directory that is
//! held from then on ([`Place`]). Its last name is never followed as a link, and what is there must be the owner's. Two kinds:
//! [`Output`] stays open and grows, [`Replacement`] is written beside and takes the name at the end.

mod error;
mod open;
mod pager;
mod place;
mod put;
mod random;
mod replace;
mod stderr;
mod stream;
mod walk;

pub use crate::rights::Owner;
pub use open::{Kind, Opened, Wanted};
pub use place::Place;
pub use put::put;
pub use random::word;
pub use replace::Replacement;
pub use stderr::{Stderr, tell};
pub use stream::{Output, Standing, Wrote, columns, reader_is_gone};
