//! Who called: behind sudo, doas, pkexec or run0, and behind a setuid bit.

use anyhow::{Result, anyhow, bail, ensure};

use super::ids::id;
use super::{Directory, User};

/// Variables by which these programs tell who called, and those of root's own session: the command is to find none of them.
/// Those that begin with `SUDO_` come on top.
pub(super) const VARIABLES: [&str; 5] = ["DOAS_USER", "PKEXEC_UID", "MAIL", "XDG_RUNTIME_DIR", "SHELL"];

/// Who called this process, as far as its user ids and its environment tell.
pub struct Caller<'a> {
    /// Real user and group id.
    pub real: (u32, u32),
    /// Effective user id.
    pub effective: u32,
    /// The environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Where users are looked up.
    pub directory: Directory<'a>,
}

impl Caller<'_> {
    /// The user behind this process whose rights are fewer than its own; `None` when it has just those of who called.
    ///
    /// # Errors
    /// The environment names a caller that can't be made out: then nobody may act as root in that one's place.
    pub fn user(&self) -> Result<Option<User>> {
        let (uid, gid) = self.real;
        if self.effective != 0 {
            return Ok(None);
        }
        if uid != 0 {
            // A setuid bit: the environment is the caller's own.
            let listed = self.directory.by_uid(uid);
            return Ok(Some(User { gid, ..listed.unwrap_or_else(|| User::unlisted(uid, gid)) }));
        }
        let mut found: Option<User> = None;
        for user in [self.sudo()?, self.doas()?, self.pkexec()?].into_iter().flatten() {
            ensure!(
                found.as_ref().is_none_or(|known| known.uid == user.uid),
                "the environment names two callers, {} and {}: {REMEDY}",
                found.as_ref().map(User::label).unwrap_or_default(),
                user.label()
            );
            found = Some(user);
        }
        Ok(found.filter(|user| user.uid != 0))
    }

    /// `SUDO_UID` and `SUDO_GID` go together; `SUDO_USER` must not contradict them.
    fn sudo(&self) -> Result<Option<User>> {
        let [uid, gid, name] = ["SUDO_UID", "SUDO_GID", "SUDO_USER"].map(|name| (self.variable)(name));
        let (uid, gid) = match (uid, gid) {
            (None, None) if name.is_none() => return Ok(None),
            (Some(uid), Some(gid)) => (number("SUDO_UID", &uid)?, number("SUDO_GID", &gid)?),
            (None, _) => bail!("SUDO_UID is missing beside SUDO_GID or SUDO_USER: {REMEDY}"),
            (Some(_), None) => bail!("SUDO_GID is missing beside SUDO_UID: {REMEDY}"),
        };
        let named = name.as_deref().and_then(|name| self.directory.by_name(name));
        ensure!(
            named.as_ref().is_none_or(|user| user.uid == uid),
            "SUDO_USER is {}, and SUDO_UID {uid}: {REMEDY}",
            named.as_ref().map(User::label).unwrap_or_default()
        );
        let Some(user) = named.or_else(|| self.directory.by_uid(uid)) else {
            ensure!(
                uid == 0 || gid != 0,
                "SUDO_GID is that of root for uid {uid}, which has no entry: {REMEDY}"
            );
            return Ok(Some(User { name, ..User::unlisted(uid, gid) }));
        };
        ensure!(user.groups.contains(&gid), "SUDO_GID {gid} is no group of {}: {REMEDY}", user.label());
        Ok(Some(User { gid, ..user }))
    }

    fn doas(&self) -> Result<Option<User>> {
        let Some(name) = (self.variable)("DOAS_USER") else { return Ok(None) };
        let user = self.directory.by_name(&name);
        user.map(Some).ok_or_else(|| anyhow!("DOAS_USER is {name:?}, and there is no such user: {REMEDY}"))
    }

    /// pkexec names no group, so that an entry is needed.
    fn pkexec(&self) -> Result<Option<User>> {
        let Some(text) = (self.variable)("PKEXEC_UID") else { return Ok(None) };
        let uid = number("PKEXEC_UID", &text)?;
        let user = self.directory.by_uid(uid);
        user.map(Some).ok_or_else(|| anyhow!("PKEXEC_UID is {uid}, and there is no such user: {REMEDY}"))
    }
}

/// What to do about variables that can't be used.
const REMEDY: &str = "nothing is done as root for a caller who can't be made out; unset the SUDO_*, DOAS_USER and PKEXEC_UID \
                      variables to act as root for root, or for run name the user (--user NAME) or root (--keep-root)";

fn number(name: &str, text: &str) -> Result<u32> {
    id(text).ok_or_else(|| anyhow!("{name} is {text:?}, which is no id: {REMEDY}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1001:Ann,,,:/home/ann:/bin/sh\n\
                          bob:x:1001:1001::/home/bob:/bin/sh\n";
    const GROUP: &str = "root:x:0:\nann:x:1001:\nadm:x:4:syslog,ann\n";

    fn caller(real: u32, effective: u32, variables: &[(&str, &str)]) -> Result<Option<User>> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("passwd"), PASSWD).unwrap();
        std::fs::write(dir.path().join("group"), GROUP).unwrap();
        let variable =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_owned());
        let directory = Directory { etc: dir.path(), ask: false };
        Caller { real: (real, real), effective, variable: &variable, directory }.user()
    }

    const SUDO: [(&str, &str); 3] = [("SUDO_UID", "1000"), ("SUDO_GID", "1001"), ("SUDO_USER", "ann")];

    #[test]
    fn the_caller_of_sudo_doas_and_pkexec_with_all_groups() {
        for variables in [&SUDO[..], &SUDO[..2], &[("DOAS_USER", "ann")], &[("PKEXEC_UID", "1000")]] {
            let user = caller(0, 0, variables).unwrap().unwrap();
            assert_eq!((user.uid, user.gid, user.name.as_deref()), (1000, 1001, Some("ann")));
            assert_eq!(user.groups, [4, 1001]);
            assert_eq!(user.home, Some("/home/ann".into()));
        }
        let by_group = [("SUDO_UID", "1000"), ("SUDO_GID", "4")];
        assert_eq!(caller(0, 0, &by_group).unwrap().unwrap().gid, 4, "the group of newgrp");
    }

    #[test]
    fn nobody_else_without_them_or_without_root() {
        assert_eq!(caller(0, 0, &[]).unwrap(), None);
        assert_eq!(caller(1000, 1000, &SUDO).unwrap(), None, "not root: nothing to give up");
        for by_root in
            [&[("SUDO_UID", "0"), ("SUDO_GID", "0")][..], &[("DOAS_USER", "root")], &[("PKEXEC_UID", "0")]]
        {
            assert_eq!(caller(0, 0, by_root).unwrap(), None);
        }
    }

    #[test]
    fn a_setuid_bit_makes_nobody_root() {
        let user = caller(1000, 0, &[("SUDO_UID", "0"), ("SUDO_GID", "0")]).unwrap().unwrap();
        assert_eq!((user.uid, user.gid, user.groups.as_slice()), (1000, 1000, &[4, 1001][..]));
        assert_eq!(caller(7, 0, &[]).unwrap().unwrap().uid, 7);
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        for variables in [
            &[("SUDO_UID", "4294967295"), ("SUDO_GID", "1001")][..],
            &[("SUDO_UID", "x"), ("SUDO_GID", "1001")],
            &[("SUDO_UID", ""), ("SUDO_GID", "1001")],
            &[("SUDO_UID", "-1"), ("SUDO_GID", "1001")],
            &[("SUDO_UID", "+1000"), ("SUDO_GID", "1001")],
            &[("SUDO_UID", "4294968296"), ("SUDO_GID", "1001")],
            &[("SUDO_UID", "1000")],
            &[("SUDO_GID", "1001")],
            &[("SUDO_USER", "ann")],
            &[("SUDO_UID", "1000"), ("SUDO_GID", "")],
            &[("SUDO_UID", "1000"), ("SUDO_GID", "0")],
            &[("SUDO_UID", "5000"), ("SUDO_GID", "0")],
            &[("SUDO_UID", "0"), ("SUDO_GID", "0"), ("SUDO_USER", "ann")],
            &[("SUDO_UID", "1000"), ("SUDO_GID", "1001"), ("SUDO_USER", "bob")],
            &[("DOAS_USER", "")],
            &[("DOAS_USER", "eve")],
            &[("DOAS_USER", "1000")],
            &[("PKEXEC_UID", "")],
            &[("PKEXEC_UID", "5000")],
            &[("PKEXEC_UID", "4294967295")],
            &[("PKEXEC_UID", "1001"), ("DOAS_USER", "ann")],
        ] {
            let error = caller(0, 0, variables).unwrap_err().to_string();
            assert!(error.contains("--user") && error.contains("--keep-root"), "{variables:?}: {error}");
        }
    }

    #[test]
    fn a_caller_without_an_entry_keeps_the_ids() {
        let sudo = [("SUDO_UID", "5000"), ("SUDO_GID", "5001"), ("SUDO_USER", "ldap")];
        let user = caller(0, 0, &sudo).unwrap().unwrap();
        assert_eq!((user.uid, user.gid, user.groups.as_slice()), (5000, 5001, &[5001][..]));
        assert_eq!(user.name.as_deref(), Some("ldap"));
    }
}
