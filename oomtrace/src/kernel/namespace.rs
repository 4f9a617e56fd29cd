//! Whether this program sees the whole machine, or a container's part of it.

use super::Roots;

/// Kinds of namespaces that change what is seen, with the inode number of the initial one (`include/linux/proc_ns.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// Process ids. The kernel's records carry those of the initial one: elsewhere /proc has other numbers.
    Pid,
    /// Users and capabilities. BPF asks for capabilities in the initial one.
    User,
    /// Paths of cgroups. Elsewhere the paths in /proc are cut.
    Cgroup,
}

impl Namespace {
    /// Whether this process is in the initial one; `None` when /proc does not tell.
    #[must_use]
    pub fn is_initial(self, roots: &Roots) -> Option<bool> {
        let link = std::fs::read_link(roots.proc.join("self/ns").join(self.name())).ok()?;
        let inode = link.to_str()?.strip_prefix(self.name())?.strip_prefix(":[")?.strip_suffix(']')?;
        Some(inode.parse::<u32>().ok()? == self.initial())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pid => "pid",
            Self::User => "user",
            Self::Cgroup => "cgroup",
        }
    }

    fn initial(self) -> u32 {
        match self {
            Self::Pid => 0xefff_fffc,
            Self::User => 0xefff_fffd,
            Self::Cgroup => 0xefff_fffb,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(target: &str) -> Option<bool> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("self/ns")).unwrap();
        std::os::unix::fs::symlink(target, dir.path().join("self/ns/pid")).unwrap();
        Namespace::Pid.is_initial(&Roots { proc: dir.path().into(), ..Roots::default() })
    }

    #[test]
    fn the_inode_decides() {
        assert_eq!(asked("pid:[4026531836]"), Some(true));
        assert_eq!(asked("pid:[4026532201]"), Some(false));
        for odd in ["pid:[x]", "user:[4026531836]", "pid:4026531836", "pid:[99999999999]"] {
            assert_eq!(asked(odd), None, "{odd}");
        }
        assert_eq!(
            Namespace::Pid.is_initial(&Roots { proc: "/nonexistent".into(), ..Roots::default() }),
            None
        );
    }

    #[test]
    fn each_kind_is_read_from_its_own_file() {
        for kind in [Namespace::Pid, Namespace::User, Namespace::Cgroup] {
            let link = std::fs::read_link(format!("/proc/self/ns/{}", kind.name())).unwrap();
            let initial = link.to_str().unwrap() == format!("{}:[{}]", kind.name(), kind.initial());
            assert_eq!(kind.is_initial(&Roots::default()), Some(initial));
        }
    }
}
