//! Finds the hierarchy that holds the memory controller.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::kernel::Roots;
use crate::words::unescape::unescape;

/// Version of the cgroup interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// One hierarchy per controller.
    V1,
    /// One for all.
    V2,
}

/// A mounted hierarchy with the memory controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    /// Its interface.
    pub version: Version,
    /// Where it is mounted.
    pub mount: PathBuf,
    /// The cgroup that is seen there: `/`, or a container's own.
    pub root: PathBuf,
}

impl Hierarchy {
    /// Finds it through `/proc/self/mountinfo`.
    ///
    /// # Errors
    /// Nothing is mounted, or the kernel has no memory controller; with the remedy.
    pub fn find(roots: &Roots) -> Result<Self> {
        let file = roots.proc.join("self/mountinfo");
        let text =
            fs::read(&file).with_context(|| format!("can't read {}: is /proc mounted?", file.display()))?;
        let mounts: Vec<Mount> = text.split(|b| *b == b'\n').filter_map(Mount::parse).collect();
        if let Some(v1) =
            mounts.iter().find(|m| m.fs == "cgroup" && m.options.split(',').any(|o| o == "memory"))
        {
            return Ok(Self { version: Version::V1, mount: v1.point.clone(), root: v1.root.clone() });
        }
        let Some(v2) = mounts.into_iter().find(|m| m.fs == "cgroup2") else {
            bail!("no memory cgroup file system is mounted: mount -t cgroup2 none /sys/fs/cgroup");
        };
        let offered = fs::read_to_string(v2.point.join("cgroup.controllers")).unwrap_or_default();
        if !offered.split_ascii_whitespace().any(|c| c == "memory") {
            bail!("{}", no_memory(roots, &v2.point));
        }
        Ok(Self { version: Version::V2, mount: v2.point, root: v2.root })
    }
}

/// Why a v2 hierarchy has no memory controller, and what helps.
fn no_memory(roots: &Roots, mount: &std::path::Path) -> String {
    let mount = mount.display();
    let known = fs::read_to_string(roots.proc.join("cgroups")).unwrap_or_default();
    // Since 6.16 the file lists only what v1 can have; a kernel without the line may still have the controller.
    let enabled = known.lines().find_map(|l| l.strip_prefix("memory\t")).map(|l| l.trim_end().ends_with('1'));
    match enabled {
        Some(false) => format!(
            "the kernel's memory controller is switched off: boot without cgroup_disable=memory, or with \
             cgroup_enable=memory ({mount} does not offer it)"
        ),
        _ => format!(
            "{mount} does not offer the memory controller: run on the host, have it delegated (systemd-run \
             --property=Delegate=memory), or boot a kernel with CONFIG_MEMCG"
        ),
    }
}

/// A line of mountinfo.
struct Mount {
    root: PathBuf,
    point: PathBuf,
    fs: String,
    options: String,
}

impl Mount {
    /// "ID PARENT MAJ:MIN ROOT POINT OPTIONS [TAGS...] - FS SOURCE SUPER-OPTIONS"
    fn parse(line: &[u8]) -> Option<Self> {
        let mut words = line.split(|b| *b == b' ');
        let root = plain(words.nth(3)?);
        let point = plain(words.next()?);
        let mut after = words.skip_while(|w| *w != b"-").skip(1);
        let fs = String::from_utf8(after.next()?.to_vec()).ok()?;
        let options = String::from_utf8_lossy(after.nth(1)?).into_owned();
        let path = |bytes| PathBuf::from(OsString::from_vec(bytes));
        Some(Self { root: path(root), point: path(point), fs, options })
    }
}

/// Undoes the octal escapes of blanks and backslashes.
fn plain(text: &[u8]) -> Vec<u8> {
    unescape(text, |[backslash, digits @ ..]| {
        let octal = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()?;
        (*backslash == b'\\').then_some(octal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A /proc with that mountinfo and a hierarchy at `{}` of it.
    fn find(mountinfo: &str, controllers: &str, cgroups: &str) -> Result<Hierarchy, String> {
        let tmp = tempfile::tempdir().unwrap();
        let mount = tmp.path().join("a b");
        fs::create_dir_all(tmp.path().join("self")).unwrap();
        fs::create_dir(&mount).unwrap();
        fs::write(mount.join("cgroup.controllers"), controllers).unwrap();
        fs::write(tmp.path().join("cgroups"), cgroups).unwrap();
        let escaped = mount.to_str().unwrap().replace(' ', "\\040");
        fs::write(tmp.path().join("self/mountinfo"), mountinfo.replace("{}", &escaped)).unwrap();
        let found = Hierarchy::find(&Roots { proc: tmp.path().into(), ..Roots::default() });
        let found = found.map_err(|e| format!("{e:#}"))?;
        assert_eq!(found.mount, mount);
        Ok(found)
    }

    const V2: &str = "35 24 0:30 / {} rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
    const V1: &str = "36 24 0:31 / {} rw shared:10 master:2 - cgroup cgroup rw,memory\n";

    #[test]
    fn either_version() {
        let v2 = find(V2, "cpu memory pids\n", "").unwrap();
        assert_eq!((v2.version, v2.root), (Version::V2, "/".into()));
        let contained = find(&V1.replace(" / ", " /docker/3f2a "), "", "").unwrap();
        assert_eq!((contained.version, contained.root), (Version::V1, "/docker/3f2a".into()));
        assert_eq!(find(V1, "", "").unwrap().version, Version::V1);
        // Hybrid: v2 is there, but the controller is on v1.
        let hybrid = format!("35 24 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n{V1}");
        assert_eq!(find(&hybrid, "", "").unwrap().version, Version::V1);
    }

    #[test]
    fn what_is_missing_is_named() {
        for (mountinfo, controllers, cgroups, words) in [
            ("", "", "", "mount -t cgroup2"),
            ("1 2 0:3 / {} rw - cgroup cgroup rw,cpu\n", "", "", "mount -t cgroup2"),
            ("garbage\n - \n", "", "", "mount -t cgroup2"),
            (V2, "cpu pids\n", "memory\t0\t1\t0\n", "cgroup_disable=memory"),
            (V2, "cpu pids\n", "memory\t0\t1\t1\n", "run on the host"),
            (V2, "memoryless\n", "", "run on the host"),
        ] {
            let error = find(mountinfo, controllers, cgroups).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn escapes() {
        assert_eq!(plain(br"/a\040b\134c\0x\99"), br"/a b\c\0x\99");
    }
}
