//! The environment of a program that is started for a user.

use std::ffi::OsString;
use std::process::Command;

use super::User;
use super::caller::VARIABLES;

/// Takes out what names the caller of sudo and the like, and gives the user's own home, name and shell instead of root's.
pub fn environment_of(user: &User, command: &mut Command) {
    let is_sudo = |name: &OsString| name.as_encoded_bytes().starts_with(b"SUDO_");
    let of_sudo = std::env::vars_os().map(|(name, _)| name).filter(is_sudo);
    for name in of_sudo.chain(VARIABLES.map(OsString::from)) {
        command.env_remove(name);
    }
    // Root's would be wrong, and a name that is not known is better absent.
    let name = user.name.as_ref().map(OsString::from);
    let home = Some(user.home.clone().unwrap_or_else(|| "/".into()));
    let values = [("USER", &name), ("LOGNAME", &name), ("HOME", &home), ("SHELL", &user.shell)];
    for (variable, value) in values {
        match value {
            Some(value) => command.env(variable, value),
            None => command.env_remove(variable),
        };
    }
}
