//! A user as the password file has it.

use std::ffi::OsString;

/// A user whose rights can be taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// All groups, the primary one among them.
    pub groups: Vec<u32>,
    /// Name, where it is known.
    pub name: Option<String>,
    /// Home directory, where it is known.
    pub home: Option<OsString>,
    /// Shell, where it is known.
    pub shell: Option<OsString>,
}

impl User {
    /// A user whom no password file knows.
    #[must_use]
    pub fn unlisted(uid: u32, gid: u32) -> Self {
        Self { uid, gid, groups: vec![gid], ..Self::default() }
    }

    /// `ann (uid 1000)`, for messages.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} (uid {})", self.uid),
            None => format!("uid {}", self.uid),
        }
    }
}
