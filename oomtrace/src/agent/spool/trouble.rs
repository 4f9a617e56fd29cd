//! Why the file could not be used.

use std::fmt;
use std::io;

/// Why the file could not be used.
#[derive(Debug)]
pub enum Trouble {
    /// Somebody has it open; it is tried again.
    Busy,
    /// The disk is full, or a quota is used up; it is tried again.
    Full(io::Error),
    /// What is in it is no spool, or damaged.
    Damaged(String),
    /// Anything else.
    Other(io::Error),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("another program has it open"),
            Self::Full(error) => write!(f, "{error}: make room on that file system"),
            Self::Damaged(why) => write!(f, "it is damaged ({why})"),
            Self::Other(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::ENOSPC | libc::EDQUOT) => Self::Full(error),
            _ => Self::Other(error),
        }
    }
}

/// For redb's several kinds of errors.
pub(super) fn of(error: impl Into<redb::Error>) -> Trouble {
    match error.into() {
        redb::Error::DatabaseAlreadyOpen => Trouble::Busy,
        redb::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            Trouble::Damaged(error.to_string())
        }
        redb::Error::Io(error) => error.into(),
        // An earlier failure of the same opening; the next one opens anew.
        redb::Error::PreviousIo => Trouble::Other(io::Error::other("an earlier write failed")),
        other => Trouble::Damaged(other.to_string()),
    }
}
