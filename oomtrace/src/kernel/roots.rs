//! Where /proc and /sys are.

use std::path::PathBuf;

/// The directories that stand for /proc and /sys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    /// A procfs of the initial pid namespace, where there is one.
    pub proc: PathBuf,
    /// A sysfs.
    pub sys: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { proc: "/proc".into(), sys: "/sys".into() }
    }
}

impl Roots {
    /// The running kernel's own type information; the file is absent without `CONFIG_DEBUG_INFO_BTF` (5.4 and later).
    #[must_use]
    pub fn vmlinux_btf(&self) -> PathBuf {
        self.sys.join("kernel/btf/vmlinux")
    }

    /// The tracefs that is mounted, `None` when neither of its usual places holds one.
    ///
    /// The second place is where kernels mount it by themselves once debugfs is mounted.
    #[must_use]
    pub fn tracefs(&self) -> Option<PathBuf> {
        ["kernel/tracing", "kernel/debug/tracing"]
            .into_iter()
            .map(|place| self.sys.join(place))
            .find(|place| place.join("events").is_dir())
    }

    /// Text of the `format` file of a tracepoint, `None` when tracefs or the event is absent or not readable.
    #[must_use]
    pub fn event_format(&self, category: &str, event: &str) -> Option<String> {
        let file = self.tracefs()?.join("events").join(category).join(event).join("format");
        std::fs::read_to_string(file).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracefs_is_found_in_either_place() {
        let dir = tempfile::tempdir().unwrap();
        let roots = Roots { sys: dir.path().into(), ..Roots::default() };
        assert_eq!(roots.tracefs(), None);
        let old = dir.path().join("kernel/debug/tracing");
        std::fs::create_dir_all(old.join("events/oom/mark_victim")).unwrap();
        assert_eq!(roots.tracefs(), Some(old.clone()));
        // An unmounted tracefs is an empty directory: it must not hide the mounted one.
        std::fs::create_dir_all(dir.path().join("kernel/tracing")).unwrap();
        assert_eq!(roots.tracefs(), Some(old.clone()));
        assert_eq!(roots.event_format("oom", "mark_victim"), None);
        std::fs::write(old.join("events/oom/mark_victim/format"), "name: mark_victim").unwrap();
        assert_eq!(roots.event_format("oom", "mark_victim").unwrap(), "name: mark_victim");
    }
}
