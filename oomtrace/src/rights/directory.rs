//! Users looked up: in the files of `/etc`, and by `getent` for those that the files do not have.

use std::path::Path;

use super::ids::{id, is_name};
use super::{User, trusted};

/// Entry of the password file: name, -, uid, gid, -, home, shell.
const FIELDS: usize = 7;

/// Where users are looked up.
#[derive(Clone, Copy, Debug)]
pub struct Directory<'a> {
    /// `/etc`.
    pub etc: &'a Path,
    /// Ask the system's `getent` and `id` for users that the files do not have (LDAP, systemd-userdb).
    pub ask: bool,
}

impl Default for Directory<'_> {
    fn default() -> Self {
        Self { etc: Path::new("/etc"), ask: true }
    }
}

impl Directory<'_> {
    /// The user of this name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<User> {
        is_name(name).then(|| self.find(name, |user| user.name.as_deref() == Some(name)))?
    }

    /// The user with this id.
    #[must_use]
    pub fn by_uid(&self, uid: u32) -> Option<User> {
        self.find(&uid.to_string(), |user| user.uid == uid)
    }

    /// The user that `--user` names, by name or number. A number needs no entry, as for `docker run --user`.
    #[must_use]
    pub fn named(&self, text: &str) -> Option<User> {
        let by_number = |uid| self.by_uid(uid).unwrap_or_else(|| User::unlisted(uid, uid));
        self.by_name(text).or_else(|| id(text).map(by_number))
    }

    fn find(&self, key: &str, is_meant: impl Fn(&User) -> bool) -> Option<User> {
        let file = std::fs::read(self.etc.join("passwd")).unwrap_or_default();
        let entry = |passwd: &str| passwd.lines().filter_map(entry).find(|user| is_meant(user));
        let asked = || self.ask.then(|| trusted::output("getent", &["passwd", key])).flatten();
        let mut user = entry(&String::from_utf8_lossy(&file)).or_else(|| entry(&asked()?))?;
        user.groups = self.groups(&user);
        Some(user)
    }

    fn groups(&self, user: &User) -> Vec<u32> {
        let name = user.name.as_deref().unwrap_or_default();
        let asked = self.ask.then(|| trusted::output("id", &["-G", name])).flatten();
        let mut groups: Vec<u32> = match asked {
            Some(text) => text.split_ascii_whitespace().filter_map(id).collect(),
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

/// A line of a password file.
fn entry(line: &str) -> Option<User> {
    let fields: Vec<&str> = line.split(':').collect();
    if fields.len() < FIELDS || !is_name(fields[0]) {
        return None;
    }
    let text = |field: &str| Some(field).filter(|text| !text.is_empty()).map(Into::into);
    Some(User {
        uid: id(fields[2])?,
        gid: id(fields[3])?,
        groups: Vec::new(),
        name: Some(fields[0].to_owned()),
        home: text(fields[5]),
        shell: text(fields[6].trim_end()),
    })
}

/// The groups of a group file that have this member.
fn memberships(group: &str, name: &str) -> Vec<u32> {
    let member = |line: &str| {
        let mut fields = line.split(':').skip(2);
        let (gid, members) = (fields.next()?, fields.next()?);
        members.trim_end().split(',').any(|member| member == name).then(|| id(gid))?
    };
    group.lines().filter_map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1001:Ann,,,:/home/ann:/bin/zsh\nbad:x:7\n\
                          1000:x:5:5::/:\nminus:x:4294967295:1::/:\n+::::::\n";
    const GROUP: &str = "root:x:0:\nann:x:1001:\nadm:x:4:syslog,ann\ndocker:x:99:bob,anna\n";

    fn with<T>(look: impl FnOnce(Directory<'_>) -> T) -> T {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("passwd"), PASSWD).unwrap();
        std::fs::write(dir.path().join("group"), GROUP).unwrap();
        look(Directory { etc: dir.path(), ask: false })
    }

    #[test]
    fn by_name_and_number() {
        let ann = with(|dir| dir.by_name("ann")).unwrap();
        assert_eq!((ann.uid, ann.gid, ann.groups.as_slice()), (1000, 1001, &[4, 1001][..]));
        assert_eq!(
            (ann.home.clone(), ann.shell.clone()),
            (Some("/home/ann".into()), Some("/bin/zsh".into()))
        );
        assert_eq!(with(|dir| dir.by_uid(1000)), Some(ann.clone()));
        assert_eq!(with(|dir| dir.by_name("1000")).unwrap().uid, 5, "a name of digits is a name");
        for name in ["", "minus", "bad", "+", "no", "-x"] {
            assert_eq!(with(|dir| dir.by_name(name)), None, "{name:?}");
        }
    }

    #[test]
    fn a_number_that_is_named_needs_no_entry() {
        assert_eq!(with(|dir| dir.named("4242")), Some(User::unlisted(4242, 4242)));
        assert_eq!(with(|dir| dir.named("ann")).unwrap().uid, 1000);
        for text in ["", "bob", "-1", "4294967295", "+5"] {
            assert_eq!(with(|dir| dir.named(text)), None, "{text:?}");
        }
    }

    #[test]
    fn the_systems_own_files_are_read() {
        assert_eq!(Directory::default().by_name("root").map(|user| user.uid), Some(0));
    }
}
