//! As whom the command runs, and for whom the reports are.

use anyhow::{Result, anyhow, ensure};

use super::args::RunArgs;
use crate::rights::{self, Directory, Owner, User};

/// Both.
#[derive(Debug)]
pub(super) struct Users {
    /// The user to become; `None` to stay who we are.
    pub(super) command: Option<User>,
    /// The one behind the reports.
    pub(super) owner: Owner,
}

impl Users {
    /// The users asked for, else who called.
    ///
    /// # Errors
    /// There is no such user, or the caller can't be made out and nobody was named instead.
    pub(super) fn of(args: &RunArgs) -> Result<Self> {
        // SAFETY: plain calls.
        let is_root = unsafe { libc::getuid() == 0 && libc::geteuid() == 0 };
        let asked = args.user.as_deref().map(|name| asked(name, is_root)).transpose()?;
        let caller = match rights::caller() {
            Ok(caller) => caller,
            // Who is named takes the place of a caller who can't be made out.
            Err(_) if asked.is_some() => asked.clone().filter(|user| user.uid != 0),
            Err(_) if args.keep_root && is_root => None,
            Err(error) => return Err(error),
        };
        let stays = args.keep_root && is_root;
        let command = asked.or_else(|| caller.clone().filter(|_| !stays));
        Ok(Self { command, owner: Owner::for_user(caller) })
    }
}

fn asked(name: &str, is_root: bool) -> Result<User> {
    ensure!(is_root, "only root can run CMD as another user: sudo oomtrace run --user {name} -- CMD");
    let found = Directory::default().named(name);
    found.ok_or_else(|| anyhow!("there is no user {name:?}: give a name of /etc/passwd or a number"))
}
