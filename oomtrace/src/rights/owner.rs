//! For whom a file is.

use std::io;

use anyhow::Result;
use caps::CapSet;

use super::{Caller, Directory, User, act};

/// For whom files are opened, and so with whose rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Who runs this process.
    Ourselves {
        /// The user id.
        uid: u32,
    },
    /// Somebody with fewer rights than this process.
    User(User),
}

impl Owner {
    /// The caller behind this process.
    ///
    /// # Errors
    /// The environment names one that can't be made out.
    pub fn of_process() -> Result<Self> {
        Ok(Self::for_user(caller()?))
    }

    /// This user, or who runs this process.
    #[must_use]
    pub fn for_user(user: Option<User>) -> Self {
        // SAFETY: a plain call.
        user.map_or_else(|| Self::Ourselves { uid: unsafe { libc::geteuid() } }, Self::User)
    }

    /// The user id.
    #[must_use]
    pub fn uid(&self) -> u32 {
        match self {
            Self::Ourselves { uid } => *uid,
            Self::User(user) => user.uid,
        }
    }

    /// Whether files are opened with all rights of root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        matches!(self, Self::Ourselves { uid: 0 })
    }

    /// Who it is, for messages.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Ourselves { uid: 0 } => "root".to_owned(),
            Self::Ourselves { uid } => format!("uid {uid}"),
            Self::User(user) => user.label(),
        }
    }

    /// Runs `what` with this one's rights to files and no others. Where these are not those of the calling thread, it runs
    /// in a thread of its own.
    ///
    /// # Errors
    /// The rights can't be taken; then `what` did not run.
    pub fn act<T: Send>(&self, what: impl FnOnce() -> T + Send) -> io::Result<T> {
        match self {
            Self::User(user) => act::act(Some(user), what),
            Self::Ourselves { uid: 0 } => Ok(what()),
            Self::Ourselves { .. } if has_no_capability() => Ok(what()),
            Self::Ourselves { .. } => act::act(None, what),
        }
    }
}

/// The caller of this process, for whom nothing may be done with all its rights.
///
/// # Errors
/// The environment names one that can't be made out.
pub fn caller() -> Result<Option<User>> {
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    // SAFETY: plain calls.
    let (real, effective) = unsafe { ((libc::getuid(), libc::getgid()), libc::geteuid()) };
    Caller { real, effective, variable: &variable, directory: Directory::default() }.user()
}

/// What can't be read counts as one that is held.
fn has_no_capability() -> bool {
    caps::read(None, CapSet::Effective).is_ok_and(|held| held.is_empty())
}
