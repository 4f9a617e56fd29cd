//! The machine as an incident names it.

use std::ffi::CStr;
use std::path::Path;

use super::Roots;
use crate::model::Host;

/// The running machine; what can't be read is absent.
#[must_use]
pub fn host(roots: &Roots) -> Host {
    let names = uname();
    Host {
        name: names.node,
        boot_id: trimmed(&roots.proc.join("sys/kernel/random/boot_id")),
        kernel: names.release,
        machine: names.machine,
        page_size: page_size(),
        cgroup_version: cgroup_version(roots),
    }
}

/// Bytes per page.
#[must_use]
pub fn page_size() -> u64 {
    // SAFETY: no arguments but a constant.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// Version of the hierarchy that holds the memory controller; `None` when there is no such controller.
#[must_use]
pub fn cgroup_version(roots: &Roots) -> Option<u8> {
    let cgroups = std::fs::read_to_string(roots.proc.join("cgroups")).unwrap_or_default();
    match memory_row(&cgroups) {
        Some(Row { enabled: false, .. }) => None,
        Some(Row { hierarchy: 1.., .. }) => Some(1),
        // Not mounted as v1: it belongs to the v2 hierarchy, if that is mounted. Kernels without the v1 controller
        // (`CONFIG_MEMCG_V1` off, 6.14 and later) leave the row out.
        row => {
            let mounts = std::fs::read_to_string(roots.proc.join("self/mounts")).ok()?;
            let v2 = v2_mounts(&mounts).map(|place| in_root(roots, place));
            let holds_memory =
                |place: &Path| row.is_some() || lists_memory(&place.join("cgroup.controllers"));
            v2.into_iter().any(|place| holds_memory(&place)).then_some(2)
        }
    }
}

struct Row {
    hierarchy: u32,
    enabled: bool,
}

/// The line `memory <hierarchy> <cgroups> <enabled>` of /proc/cgroups.
fn memory_row(cgroups: &str) -> Option<Row> {
    let line = cgroups.lines().find(|line| line.split_ascii_whitespace().next() == Some("memory"))?;
    let mut numbers = line.split_ascii_whitespace().skip(1).map(str::parse::<u32>);
    let hierarchy = numbers.next()?.ok()?;
    let enabled = numbers.nth(1)?.ok()? != 0;
    Some(Row { hierarchy, enabled })
}

/// Where the v2 hierarchy is mounted, of a text like /proc/mounts.
fn v2_mounts(mounts: &str) -> impl Iterator<Item = &str> {
    mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let place = words.next()?;
        (words.next()? == "cgroup2").then_some(place)
    })
}

/// The mount point seen through another sysfs root.
fn in_root(roots: &Roots, place: &str) -> std::path::PathBuf {
    Path::new(place).strip_prefix("/sys").map_or_else(|_| place.into(), |below| roots.sys.join(below))
}

fn lists_memory(controllers: &Path) -> bool {
    std::fs::read_to_string(controllers)
        .is_ok_and(|list| list.split_ascii_whitespace().any(|name| name == "memory"))
}

fn trimmed(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim_end().to_owned()).filter(|text| !text.is_empty())
}

struct Names {
    node: String,
    release: String,
    machine: String,
}

fn uname() -> Names {
    let mut names = std::mem::MaybeUninit::<libc::utsname>::zeroed();
    // SAFETY: `names` has room for the answer; a failure leaves zeros, which are empty strings.
    unsafe { libc::uname(names.as_mut_ptr()) };
    // SAFETY: `utsname` is arrays of characters, for which zeros and the kernel's answer are valid.
    let names = unsafe { names.assume_init() };
    Names { node: text(&names.nodename), release: text(&names.release), machine: text(&names.machine) }
}

fn text(chars: &[libc::c_char]) -> String {
    // The characters of C are signed on some architectures and not on others.
    let bytes: Vec<u8> = chars.iter().flat_map(|c| c.to_ne_bytes()).chain([0]).collect();
    CStr::from_bytes_until_nul(&bytes).unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(cgroups: Option<&str>, mounts: &str, controllers: Option<&str>) -> Option<u8> {
        let dir = tempfile::tempdir().unwrap();
        let roots = Roots { proc: dir.path().join("proc"), sys: dir.path().join("sys") };
        std::fs::create_dir_all(roots.proc.join("self")).unwrap();
        std::fs::create_dir_all(roots.sys.join("fs/cgroup")).unwrap();
        std::fs::write(roots.proc.join("self/mounts"), mounts).unwrap();
        for (file, text) in [
            (roots.proc.join("cgroups"), cgroups),
            (roots.sys.join("fs/cgroup/cgroup.controllers"), controllers),
        ] {
            if let Some(text) = text {
                std::fs::write(file, text).unwrap();
            }
        }
        cgroup_version(&roots)
    }

    const V2: &str = "proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n";

    #[test]
    fn the_memory_row_decides() {
        let row = |rest| format!("#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t{rest}\n");
        assert_eq!(version(Some(&row("4\t24\t1")), V2, None), Some(1), "hybrid");
        assert_eq!(version(Some(&row("0\t24\t1")), V2, None), Some(2));
        assert_eq!(version(Some(&row("0\t1\t1")), "proc /proc proc rw 0 0\n", None), None, "nothing mounted");
        assert_eq!(version(Some(&row("0\t1\t0")), V2, None), None, "cgroup_disable=memory");
    }

    #[test]
    fn without_the_row_the_controllers_file_decides() {
        let other = "#subsys_name\thierarchy\tnum_cgroups\tenabled\nnet_cls\t0\t1\t1\n";
        assert_eq!(version(Some(other), V2, Some("cpu memory pids\n")), Some(2));
        assert_eq!(version(Some(other), V2, Some("cpu pids\n")), None);
        assert_eq!(version(None, V2, None), None);
    }

    #[test]
    fn this_machine_is_named() {
        let host = host(&Roots::default());
        assert_eq!(host.kernel, trimmed(Path::new("/proc/sys/kernel/osrelease")).unwrap());
        assert_eq!(host.name, trimmed(Path::new("/proc/sys/kernel/hostname")).unwrap());
        assert_eq!(host.boot_id.unwrap().len(), 36);
        assert!(host.page_size.is_power_of_two());
        assert!(!host.machine.is_empty());
    }
}
