//! What was asked for, and what of it a process is.

use std::path::Path;

use crate::filter::{Filter, Verdict};
use crate::kernel::cgroup::Hierarchy;
use crate::model::{UserspaceKill, Victim};

/// The largest process id that a kernel gives (`PID_MAX_LIMIT`).
const PID_MAX: u32 = 4 << 20;
/// Digits of a container's short id, and of a whole one.
const ID_DIGITS: std::ops::RangeInclusive<usize> = 12..=64;
/// What the kernel adds to the path of an executable that was removed.
const DELETED: &[u8] = b" (deleted)";

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Target {
    text: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Pid(u32),
    Name,
    Cgroup(String),
    Container,
}

impl Target {
    /// Understands a process id, a path, the beginning of a container's id, or a name.
    ///
    /// # Errors
    /// Says what is accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_id = ID_DIGITS.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        let kind = match text.parse::<u32>() {
            Ok(pid @ 1..=PID_MAX) => Kind::Pid(pid),
            _ if text.is_empty() => {
                return Err("name what died: a process id, a name, a cgroup's path".into());
            }
            _ if is_id => Kind::Container,
            Ok(_) => return Err(format!("{text} is no process id: they are at most {PID_MAX}")),
            Err(_) if text.contains('/') => Kind::Cgroup(text.to_owned()),
            Err(_) => Kind::Name,
        };
        Ok(Self { text: text.to_owned(), kind })
    }

    /// As it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The process id, when it is one.
    pub(super) fn pid(&self) -> Option<u32> {
        if let Kind::Pid(pid) = self.kind { Some(pid) } else { None }
    }

    /// The cgroup's path, when it is one.
    pub(super) fn cgroup(&self) -> Option<&str> {
        if let Kind::Cgroup(path) = &self.kind { Some(path) } else { None }
    }

    /// Understands a path below where the hierarchy is mounted, as it is copied from a shell.
    pub(super) fn below(mut self, hierarchy: Option<&Hierarchy>) -> Self {
        if let (Kind::Cgroup(path), Some(hierarchy)) = (&mut self.kind, hierarchy)
            && let Ok(rest) = Path::new(path).strip_prefix(&hierarchy.mount)
            && let Some(whole) = hierarchy.root.join(rest).to_str()
        {
            *path = whole.to_owned();
        }
        self
    }

    /// Whether that process is, or was, what was asked for.
    pub(super) fn verdict(&self, victim: &Victim) -> Verdict {
        let text = || vec![self.text.clone()];
        match &self.kind {
            Kind::Pid(pid) => Filter { pids: vec![*pid], ..Filter::default() }.victim(victim),
            Kind::Cgroup(path) => Filter { cgroups: vec![path.clone()], ..Filter::default() }.victim(victim),
            Kind::Container => {
                let id = self.text.to_ascii_lowercase();
                Filter { containers: vec![id], ..Filter::default() }.victim(victim)
            }
            Kind::Name => {
                let comm = match victim.comm.as_bytes().is_empty() {
                    true => Verdict::Unknown,
                    false => Filter { comms: text(), ..Filter::default() }.victim(victim),
                };
                // That these are not known is the rule in a log; it makes no one a namesake.
                let placed = [
                    Filter { units: text(), ..Filter::default() },
                    Filter { containers: text(), ..Filter::default() },
                ];
                let placed = placed.iter().any(|filter| filter.victim(victim) == Verdict::Yes);
                comm.max(self.executable(victim)).max(if placed { Verdict::Yes } else { Verdict::No })
            }
        }
    }

    /// The same of a program's kill, of which less is known.
    pub(super) fn userspace(&self, kill: &UserspaceKill) -> Verdict {
        let text = || vec![self.text.clone()];
        let pod = kill.target.container.as_ref().and_then(|container| container.pod_name.as_deref());
        match &self.kind {
            Kind::Pid(pid) => Filter { pids: vec![*pid], ..Filter::default() }.userspace(kill),
            Kind::Cgroup(path) => Filter { cgroups: vec![path.clone()], ..Filter::default() }.userspace(kill),
            Kind::Container => {
                let id = self.text.to_ascii_lowercase();
                Filter { containers: vec![id], ..Filter::default() }.userspace(kill)
            }
            Kind::Name if pod == Some(self.text.as_str()) => Verdict::Yes,
            Kind::Name => {
                let named = [
                    Filter { comms: text(), ..Filter::default() },
                    Filter { units: text(), ..Filter::default() },
                    Filter { containers: text(), ..Filter::default() },
                ];
                let yes = named.iter().any(|filter| filter.userspace(kill) == Verdict::Yes);
                if yes { Verdict::Yes } else { Verdict::No }
            }
        }
    }

    fn executable(&self, victim: &Victim) -> Verdict {
        let Some(exe) = &victim.exe else { return Verdict::Unknown };
        let path = exe.as_bytes().strip_suffix(DELETED).unwrap_or(exe.as_bytes());
        match path.rsplit(|b| *b == b'/').next() == Some(self.text.as_bytes()) {
            true => Verdict::Yes,
            false => Verdict::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CgroupRef, Container};

    fn target(text: &str) -> Target {
        Target::parse(text).unwrap()
    }

    #[test]
    fn what_words_mean() {
        let kind = |text: &str| target(text).kind;
        assert_eq!(kind("4711"), Kind::Pid(4711));
        assert_eq!(kind("java"), Kind::Name);
        assert_eq!(kind("/system.slice/x"), Kind::Cgroup("/system.slice/x".into()));
        assert_eq!(kind("0123456789ab"), Kind::Container, "no kernel has such a process id");
        assert_eq!(kind("abc"), Kind::Name, "too short for a container's id");
        for wrong in ["", "0", "99999999"] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_process_is_matched_by_id_name_executable_cgroup_and_container() {
        let victim = Victim {
            pid: 7,
            tid: Some(9),
            comm: "GC Thread#0".into(),
            exe: Some("/usr/bin/java (deleted)".into()),
            cgroup: Some(CgroupRef { path: "/a/b".into(), id: None }),
            container: Some(Container { id: Some("0123456789abcdef".into()), ..Container::default() }),
            unit: Some("shop.service".into()),
            ..Victim::default()
        };
        for yes in ["7", "9", "java", "GC Thread#0", "/a", "/a/b", "0123456789ab", "0123456789AB", "shop"] {
            assert_eq!(target(yes).verdict(&victim), Verdict::Yes, "{yes}");
        }
        for no in ["8", "jav", "bin", "/a/bc", "/b", "0123456789ac", "shops"] {
            assert_eq!(target(no).verdict(&victim), Verdict::No, "{no}");
        }
        let logged = Victim { pid: 7, comm: "a".into(), ..Victim::default() };
        for unknown in ["java", "/a", "0123456789ab"] {
            assert_eq!(target(unknown).verdict(&logged), Verdict::Unknown, "{unknown}");
        }
    }

    #[test]
    fn a_path_in_the_file_system_is_one_in_the_hierarchy() {
        let hierarchy = Hierarchy {
            version: crate::kernel::cgroup::Version::V2,
            mount: "/sys/fs/cgroup".into(),
            root: "/".into(),
        };
        let below = |text: &str| target(text).below(Some(&hierarchy)).cgroup().unwrap().to_owned();
        assert_eq!(below("/sys/fs/cgroup/a/b"), "/a/b");
        assert_eq!(below("/a/b"), "/a/b");
    }
}
