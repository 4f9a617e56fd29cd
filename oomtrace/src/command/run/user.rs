//! As whom the command runs: under sudo as the user who called it.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, anyhow, bail};

/// Variables by which sudo tells who called it; the command is to find none of them.
pub(super) const SUDO_VARIABLES: [&str; 5] =
    ["SUDO_UID", "SUDO_GID", "SUDO_USER", "SUDO_COMMAND", "SUDO_HOME"];
/// Entry of the password file: name, -, uid, gid, -, home, shell.
const FIELDS: usize = 7;

/// A user to become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct User {
    /// User id.
    pub(super) uid: u32,
    /// Primary group.
    pub(super) gid: u32,
    /// All groups.
    pub(super) groups: Vec<u32>,
    /// Name, where it is known.
    pub(super) name: Option<String>,
    /// Home directory, where it is known.
    pub(super) home: Option<OsString>,
}

/// Where users are looked up.
pub(super) struct Directory<'a> {
    /// `/etc`.
    pub(super) etc: &'a Path,
    /// Ask `getent` and `id` for users that the files do not have (LDAP, systemd-userdb).
    pub(super) ask: bool,
}

impl Default for Directory<'_> {
    fn default() -> Self {
        Self { etc: Path::new("/etc"), ask: true }
    }
}

impl Directory<'_> {
    /// The user to become: the one asked for, else who called sudo; `None` to stay who we are.
    ///
    /// # Errors
    /// There is no such user.
    pub(super) fn wanted(
        &self,
        asked: Option<&str>,
        keep_root: bool,
        root: bool,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<User>> {
        if let Some(asked) = asked {
            if !root {
                bail!("only root can run CMD as another user: sudo oomtrace run --user {asked} -- CMD");
            }
            let by_number = asked.parse().ok().map(|uid: u32| User { uid, gid: uid, ..User::default() });
            return match self.find(asked) {
                Some(user) => Ok(Some(user)),
                // A number needs no entry, as for docker run --user.
                None => {
                    by_number.map(|user| Some(User { groups: vec![user.gid], ..user })).ok_or_else(|| {
                        anyhow!("there is no user {asked:?}: give a name of /etc/passwd or a number")
                    })
                }
            };
        }
        let number = |name: &str| variable(name).and_then(|text| text.parse::<u32>().ok());
        match (number("SUDO_UID"), number("SUDO_GID")) {
            (Some(uid), Some(gid)) if root && !keep_root && uid != 0 => {
                Ok(Some(self.find(&uid.to_string()).unwrap_or_else(|| User {
                    uid,
                    gid,
                    groups: vec![gid],
                    name: variable("SUDO_USER"),
                    home: None,
                })))
            }
            _ => Ok(None),
        }
    }

    /// A user by name or number.
    fn find(&self, key: &str) -> Option<User> {
        let file = std::fs::read(self.etc.join("passwd")).unwrap_or_default();
        let file = String::from_utf8_lossy(&file).into_owned();
        let asked = |key: &str| self.ask.then(|| output("getent", &["passwd", key])).flatten();
        let mut user = entry(&file, key).or_else(|| entry(&asked(key)?, key))?;
        user.groups = self.groups(&user);
        Some(user)
    }

    fn groups(&self, user: &User) -> Vec<u32> {
        let name = user.name.as_deref().unwrap_or_default();
        let asked = self.ask.then(|| output("id", &["-G", "--", name])).flatten();
        let mut groups: Vec<u32> = match asked {
            Some(text) => text.split_ascii_whitespace().filter_map(|gid| gid.parse().ok()).collect(),
            None => {
                let file = std::fs::read(self.etc.join("group")).unwrap_or_default();
                memberships(&String::from_utf8_lossy(&file), name)
            }
        };
        if !groups.contains(&user.gid) {
            groups.push(user.gid);
        }
        groups
    }
}

/// The entry of a password file with this name or number.
fn entry(passwd: &str, key: &str) -> Option<User> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        if fields.len() < FIELDS || (fields[0] != key && fields[2] != key) {
            return None;
        }
        let home = Some(fields[5]).filter(|home| !home.is_empty()).map(Into::into);
        let (uid, gid) = (fields[2].parse().ok()?, fields[3].parse().ok()?);
        Some(User { uid, gid, groups: Vec::new(), name: Some(fields[0].to_owned()), home })
    })
}

/// The groups of a group file that have this member.
fn memberships(group: &str, name: &str) -> Vec<u32> {
    let member = |line: &str| {
        let mut fields = line.split(':').skip(2);
        let (gid, members) = (fields.next()?, fields.next()?);
        members.split(',').any(|member| member == name).then(|| gid.parse().ok())?
    };
    group.lines().filter_map(member).collect()
}

/// What a program prints; `None` when it is not there or fails.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    let output = command.args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1001:Ann,,,:/home/ann:/bin/sh\nbad:x:7\n";
    const GROUP: &str = "root:x:0:\nann:x:1001:\nadm:x:4:syslog,ann\ndocker:x:99:bob,anna\n";

    fn wanted(asked: Option<&str>, keep: bool, root: bool, sudo: &[(&str, &str)]) -> Result<Option<User>> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("passwd"), PASSWD).unwrap();
        std::fs::write(dir.path().join("group"), GROUP).unwrap();
        let variable = |name: &str| sudo.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_owned());
        Directory { etc: dir.path(), ask: false }.wanted(asked, keep, root, variable)
    }

    const SUDO: [(&str, &str); 3] = [("SUDO_UID", "1000"), ("SUDO_GID", "1001"), ("SUDO_USER", "ann")];

    #[test]
    fn under_sudo_the_caller_with_all_groups() {
        let user = wanted(None, false, true, &SUDO).unwrap().unwrap();
        assert_eq!((user.uid, user.gid, user.name.as_deref()), (1000, 1001, Some("ann")));
        assert_eq!(user.groups, [4, 1001]);
        assert_eq!(user.home, Some("/home/ann".into()));
    }

    #[test]
    fn nobody_else_without_sudo_or_when_asked() {
        assert_eq!(wanted(None, false, true, &[]).unwrap(), None);
        assert_eq!(wanted(None, true, true, &SUDO).unwrap(), None);
        assert_eq!(wanted(None, false, false, &SUDO).unwrap(), None, "not root: nothing to give up");
        let by_root = [("SUDO_UID", "0"), ("SUDO_GID", "0")];
        assert_eq!(wanted(None, false, true, &by_root).unwrap(), None);
        assert_eq!(wanted(None, false, true, &[("SUDO_UID", "x"), ("SUDO_GID", "1")]).unwrap(), None);
    }

    #[test]
    fn by_name_and_number() {
        assert_eq!(wanted(Some("ann"), false, true, &[]).unwrap().unwrap().uid, 1000);
        assert_eq!(wanted(Some("1000"), false, true, &[]).unwrap().unwrap().gid, 1001);
        let unknown = wanted(Some("4242"), false, true, &[]).unwrap().unwrap();
        assert_eq!((unknown.uid, unknown.gid, unknown.groups), (4242, 4242, vec![4242]));
        assert!(wanted(Some("bob"), false, true, &[]).unwrap_err().to_string().contains("\"bob\""));
        assert!(wanted(Some("ann"), false, false, &[]).unwrap_err().to_string().contains("sudo"));
    }

    #[test]
    fn a_caller_without_an_entry_keeps_the_ids() {
        let sudo = [("SUDO_UID", "5000"), ("SUDO_GID", "5001"), ("SUDO_USER", "ldap")];
        let user = wanted(None, false, true, &sudo).unwrap().unwrap();
        assert_eq!((user.uid, user.gid, user.groups.as_slice()), (5000, 5001, &[5001][..]));
        assert_eq!(user.name.as_deref(), Some("ldap"));
    }
}
