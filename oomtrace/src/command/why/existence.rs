//! Whether this machine has, or has had, what was asked for: a process id that was given, a cgroup, a unit, a container.

use std::fs;
use std::path::Path;

use super::mentions;
use super::target::Target;
use crate::kernel::Roots;
use crate::kernel::cgroup::Hierarchy;
use crate::kernel::cgroup::container;

/// Where systemd finds units.
const UNITS: [&str; 5] = [
    "etc/systemd/system",
    "run/systemd/system",
    "run/systemd/transient",
    "usr/lib/systemd/system",
    "lib/systemd/system",
];

/// What is known about a process id on this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Given {
    /// It was given to a process or thread since boot.
    Yes,
    /// No process can have it: ids end below.
    Beyond(u32),
    /// Not since boot; the last one that was given.
    Not(u32),
    /// The counts can't be read.
    #[default]
    Unknown,
}

/// Whether the kernel has given that process id since boot. It gives them in ascending order, and begins anew after the
/// highest.
pub(super) fn given(proc: &Path, pid: u32) -> Given {
    let read = |file: &str| fs::read_to_string(proc.join(file)).ok();
    let number = |text: String| text.trim().parse::<u32>().ok();
    let Some(max) = read("sys/kernel/pid_max").and_then(number) else { return Given::Unknown };
    if proc.join(pid.to_string()).exists() {
        return Given::Yes;
    }
    if pid >= max {
        return Given::Beyond(max);
    }
    let last = read("loadavg").and_then(|text| text.split_ascii_whitespace().nth(4)?.parse::<u32>().ok());
    let stat = read("stat").unwrap_or_default();
    let forks = stat.lines().find_map(|line| line.strip_prefix("processes ")?.trim().parse::<u64>().ok());
    match (last, forks) {
        (Some(last), _) if pid <= last => Given::Yes,
        (_, Some(forks)) if forks >= u64::from(max) => Given::Yes,
        (Some(last), Some(_)) => Given::Not(last),
        _ => Given::Unknown,
    }
}

/// Whether a cgroup of that path, unit or container is there.
pub(super) fn exists(roots: &Roots, hierarchy: Option<&Hierarchy>, target: &Target) -> bool {
    match target.pid() {
        Some(pid) => given(&roots.proc, pid) == Given::Yes,
        None => unit_file(Path::new("/"), target) || hierarchy.is_some_and(|found| cgroups(found, target)),
    }
}

fn cgroups(hierarchy: &Hierarchy, target: &Target) -> bool {
    hierarchy.any(|path| mentions::cgroup(target, path))
}

/// Whether systemd has a unit of that name, also one that is stopped.
fn unit_file(root: &Path, target: &Target) -> bool {
    let name = target.text();
    if name.contains('/') || name.starts_with('.') {
        return false;
    }
    let names = [name.to_owned(), format!("{name}.service")];
    let is_unit = |name: &&String| container::identify(format!("/{name}").as_bytes()).unit.is_some();
    UNITS
        .iter()
        .any(|directory| names.iter().filter(is_unit).any(|name| root.join(directory).join(name).exists()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::cgroup::Version;

    fn proc(last: u32, forks: u64) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("sys/kernel")).unwrap();
        fs::create_dir(dir.path().join("900")).unwrap();
        for (file, text) in [
            ("sys/kernel/pid_max", "1000\n".to_owned()),
            ("loadavg", format!("0.1 0.2 0.3 1/50 {last}\n")),
            ("stat", format!("cpu 1 2 3\nprocesses {forks}\nprocs_running 1\n")),
        ] {
            fs::write(dir.path().join(file), text).unwrap();
        }
        dir
    }

    #[test]
    fn process_ids_that_were_given_and_those_that_were_not() {
        let young = proc(400, 410);
        for (pid, expected) in [
            (1, Given::Yes),
            (400, Given::Yes),
            (401, Given::Not(400)),
            (900, Given::Yes),
            (999, Given::Not(400)),
            (1000, Given::Beyond(1000)),
            (4_194_304, Given::Beyond(1000)),
        ] {
            assert_eq!(given(young.path(), pid), expected, "{pid}");
        }
        let wrapped = proc(400, 5000);
        assert_eq!(given(wrapped.path(), 700), Given::Yes, "all have been given once");
        assert_eq!(given(wrapped.path(), 1000), Given::Beyond(1000));
        assert_eq!(given(Path::new("/nonexistent"), 7), Given::Unknown);
    }

    #[test]
    fn cgroups_units_and_containers_that_are_there() {
        let dir = tempfile::tempdir().unwrap();
        let id = "0123456789abcdef".repeat(4);
        for path in ["m/system.slice/shop.service/part".to_owned(), format!("m/docker/{id}")] {
            fs::create_dir_all(dir.path().join(path)).unwrap();
        }
        let hierarchy = Hierarchy { version: Version::V2, mount: dir.path().join("m"), root: "/".into() };
        let found = |text: &str| cgroups(&hierarchy, &Target::parse(text).unwrap());
        for yes in
            ["shop", "shop.service", "/system.slice", "/system.slice/shop.service/part", "0123456789ab"]
        {
            assert!(found(yes), "{yes}");
        }
        for no in ["shopp", "part", "/system.slice/shop", "0123456789ac", "/gone"] {
            assert!(!found(no), "{no}");
        }
    }

    #[test]
    fn a_unit_that_is_stopped_is_known() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("etc/systemd/system")).unwrap();
        fs::write(dir.path().join("etc/systemd/system/shop.service"), "").unwrap();
        let found = |text: &str| unit_file(dir.path(), &Target::parse(text).unwrap());
        assert!(found("shop") && found("shop.service"));
        assert!(!found("shopp") && !found("shop.timer") && !found("."));
    }
}
