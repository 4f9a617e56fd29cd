//! Where a limit is set: the commands of whatever manages a cgroup.

use super::round;
use crate::enrich::container;
use crate::model::{Container, Incident, MemcgLevel, Text};
use crate::words::{escape, shell};

/// A cgroup as its manager knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A container: its engine's command, and the beginning of its id.
    Engine(&'static str, String),
    /// A container of a pod, or the pod itself.
    Pod(String),
    /// A systemd unit by its own name, of the manager of this user or of the system.
    Unit { name: Vec<u8>, user: Option<String> },
    /// A scope: it is gone with its processes, so its limit belongs to what starts it.
    Scope(String),
    /// A directory; with the version of the hierarchy.
    Directory(Vec<u8>, u8),
}

impl Target {
    /// The manager of the cgroup `path`; `None` for the root, for a path that is not whole, and where it is not known what
    /// hierarchy it is in.
    pub(super) fn of(path: &Text, incident: &Incident) -> Option<Self> {
        let path = path.as_bytes();
        let last =
            path.rsplit(|b| *b == b'/').next().filter(|last| !last.is_empty() && path.starts_with(b"/"))?;
        if let Some(container) = container::identify(path).container {
            return Self::contained(&container, last).or_else(|| Self::directory(path, incident));
        }
        let is = |kind: &[u8]| last.len() > kind.len() && last.ends_with(kind);
        // systemd puts `_` before names that the kernel could take for one of its own files.
        let name = last.strip_prefix(b"_").unwrap_or(last).to_vec();
        if is(b".scope") {
            return Some(Self::Scope(escape::bytes(&name).into_owned()));
        }
        match [&b".service"[..], b".slice", b".mount", b".swap", b".socket"].into_iter().any(is) {
            true => Some(Self::Unit { name, user: user_manager(path) }),
            false => Self::directory(path, incident),
        }
    }

    fn contained(container: &Container, last: &[u8]) -> Option<Self> {
        let last = String::from_utf8_lossy(last).replace('_', "-");
        if let Some(uid) = container.pod_uid.as_deref() {
            let named =
                [Some(uid), container.id.as_deref()].into_iter().flatten().any(|id| last.contains(id));
            let what = match container.id.as_deref().and_then(|id| id.get(..12)) {
                Some(id) => format!("container {id} of pod {uid}"),
                None => format!("pod {uid}"),
            };
            return named.then_some(Self::Pod(what));
        }
        let id = container.id.as_deref().filter(|id| last.contains(*id))?;
        let engine = match container.runtime.as_deref()? {
            "docker" => "docker",
            "podman" => "podman",
            "containerd" => "nerdctl",
            _ => return None,
        };
        Some(Self::Engine(engine, id.get(..12).unwrap_or(id).to_owned()))
    }

    fn directory(path: &[u8], incident: &Incident) -> Option<Self> {
        Some(Self::Directory(path.to_vec(), incident.host.cgroup_version?))
    }

    /// What it is, in words that are safe for any output.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Engine(engine, id) => format!("{engine} container {id}"),
            Self::Pod(what) => what.clone(),
            Self::Unit { name, .. } => escape::bytes(name).into_owned(),
            Self::Scope(name) => name.clone(),
            Self::Directory(path, _) => format!("cgroup {}", escape::bytes(path)),
        }
    }

    /// Sets the limit on its memory; `level` has its limits of today.
    pub(super) fn memory(&self, bytes: u64, level: Option<&MemcgLevel>) -> String {
        match self {
            Self::Engine(engine, id) => {
                let memory = round::option(bytes, ["m", "g"]);
                format!("{engine} update --memory {memory} --memory-swap {} {id}", swap(bytes, level))
            }
            Self::Pod(_) => format!("resources.limits.memory: {}", round::option(bytes, ["Mi", "Gi"])),
            Self::Unit { name, user } => set_property(name, user.as_deref(), &memory_max(bytes)),
            Self::Scope(_) => memory_max(bytes),
            Self::Directory(path, version) => write_limit(path, *version, bytes, level),
        }
    }

    /// Sets the limit on the number of its tasks, threads included; `None` where there is no such setting.
    pub(super) fn tasks(&self, tasks: u64) -> Option<String> {
        match self {
            Self::Engine(engine, id) => Some(format!("{engine} update --pids-limit {tasks} {id}")),
            Self::Pod(_) => Some(format!("podPidsLimit: {tasks}")),
            Self::Unit { name, user } => {
                Some(set_property(name, user.as_deref(), &format!("TasksMax={tasks}")))
            }
            Self::Scope(_) => Some(format!("TasksMax={tasks}")),
            Self::Directory(path, 2) => {
                Some(write(&["/sys/fs/cgroup".as_bytes(), path, b"/pids.max"], tasks))
            }
            // v1: the hierarchy of the pids controller has paths of its own.
            Self::Directory(..) => None,
        }
    }

    /// Whether what is given is a line of a manifest or unit and no command.
    pub(super) fn is_setting(&self) -> bool {
        matches!(self, Self::Pod(_) | Self::Scope(_))
    }
}

fn memory_max(bytes: u64) -> String {
    format!("MemoryMax={}", round::option(bytes, ["M", "G"]))
}

/// Docker wants memory and swap together; what swap there is today stays.
fn swap(bytes: u64, level: Option<&MemcgLevel>) -> String {
    match level.map(|level| (level.swap_limit_bytes, level.limit_bytes)) {
        Some((Some(swap), _)) if swap < u64::MAX / 2 => round::option(bytes.saturating_add(swap), ["m", "g"]),
        _ => "-1".into(),
    }
}

fn set_property(unit: &[u8], user: Option<&str>, property: &str) -> String {
    let unit = shell::quote(unit);
    let dashes = if unit.trim_start_matches(['$', '\'']).starts_with('-') { "-- " } else { "" };
    match user {
        Some(uid) => format!("systemctl --user -M {uid}@ set-property {dashes}{unit} {property}"),
        None => format!("sudo systemctl set-property {dashes}{unit} {property}"),
    }
}

/// The user id in `.../user@1000.service/...`: units below it belong to that user's own manager.
fn user_manager(path: &[u8]) -> Option<String> {
    let mut parts = path.split(|b| *b == b'/').rev().skip(1);
    let uid = parts.find_map(|part| part.strip_prefix(b"user@")?.strip_suffix(b".service"))?;
    let is_number = !uid.is_empty() && uid.iter().all(u8::is_ascii_digit);
    is_number.then(|| String::from_utf8_lossy(uid).into_owned())
}

fn write_limit(path: &[u8], version: u8, bytes: u64, level: Option<&MemcgLevel>) -> String {
    if version != 1 {
        return write(&[b"/sys/fs/cgroup", path, b"/memory.max"], bytes);
    }
    let memory = write(&[b"/sys/fs/cgroup/memory", path, b"/memory.limit_in_bytes"], bytes);
    // Memory and swap together can't be lower than memory alone.
    match level.and_then(|level| level.swap_limit_bytes).filter(|both| *both < bytes) {
        Some(_) => {
            let both = write(&[b"/sys/fs/cgroup/memory", path, b"/memory.memsw.limit_in_bytes"], bytes);
            format!("{both} && {memory}")
        }
        None => memory,
    }
}

fn write(file: &[&[u8]], value: u64) -> String {
    format!("echo {value} | sudo tee {}", shell::quote(&file.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Host;

    const MIB: u64 = 1 << 20;

    fn incident(version: u8) -> Incident {
        Incident { host: Host { cgroup_version: Some(version), ..Host::default() }, ..Incident::default() }
    }

    fn target(path: &str, version: u8) -> Target {
        Target::of(&Text::from(path), &incident(version)).unwrap()
    }

    fn memory(path: &str) -> String {
        target(path, 2).memory(640 * MIB, None)
    }

    #[test]
    fn each_manager_has_its_own_command() {
        let id = "3f2a9c1b2d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8";
        let pod = "/kubepods.slice/kubepods-pod0a1b2c3d_1111_2222_3333_444455556666.slice";
        for (path, command) in [
            (
                format!("/system.slice/docker-{id}.scope"),
                "docker update --memory 640m --memory-swap -1 3f2a9c1b2d4e",
            ),
            (format!("/docker/{id}"), "docker update --memory 640m --memory-swap -1 3f2a9c1b2d4e"),
            (
                format!("/machine.slice/libpod-{id}.scope"),
                "podman update --memory 640m --memory-swap -1 3f2a9c1b2d4e",
            ),
            (format!("{pod}/cri-containerd-{id}.scope"), "resources.limits.memory: 640Mi"),
            (pod.to_owned(), "resources.limits.memory: 640Mi"),
            ("/system.slice/shop.service".into(), "sudo systemctl set-property shop.service MemoryMax=640M"),
            ("/shop.slice".into(), "sudo systemctl set-property shop.slice MemoryMax=640M"),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/a.service".into(),
                "systemctl --user -M 1000@ set-property a.service MemoryMax=640M",
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service".into(),
                "sudo systemctl set-property user@1000.service MemoryMax=640M",
            ),
            ("/user.slice/user-0.slice/session-3.scope".into(), "MemoryMax=640M"),
            ("/test/a b".into(), "echo 671088640 | sudo tee '/sys/fs/cgroup/test/a b/memory.max'"),
            // A cgroup that somebody made inside of a service or container.
            (
                "/system.slice/shop.service/worker".into(),
                "echo 671088640 | sudo tee /sys/fs/cgroup/system.slice/shop.service/worker/memory.max",
            ),
        ] {
            assert_eq!(memory(&path), command, "{path}");
        }
    }

    #[test]
    fn what_can_not_be_named_gets_no_command() {
        for path in ["", "/", ".../a.service/b", "a"] {
            assert_eq!(Target::of(&Text::from(path), &incident(2)), None, "{path}");
        }
        assert_eq!(Target::of(&Text::from("/a"), &Incident::default()), None);
        assert_eq!(target("/a", 1).tasks(7), None);
    }

    #[test]
    fn v1_and_swap() {
        let level = |swap| MemcgLevel {
            limit_bytes: Some(512 * MIB),
            swap_limit_bytes: swap,
            ..MemcgLevel::default()
        };
        let v1 = target("/x", 1);
        assert_eq!(
            v1.memory(640 * MIB, Some(&level(None))),
            "echo 671088640 | sudo tee /sys/fs/cgroup/memory/x/memory.limit_in_bytes"
        );
        assert_eq!(
            v1.memory(640 * MIB, Some(&level(Some(512 * MIB)))),
            "echo 671088640 | sudo tee /sys/fs/cgroup/memory/x/memory.memsw.limit_in_bytes && \
             echo 671088640 | sudo tee /sys/fs/cgroup/memory/x/memory.limit_in_bytes"
        );
        let docker = target(&format!("/docker/{}", "a".repeat(64)), 2);
        assert!(docker.memory(640 * MIB, Some(&level(Some(0)))).contains("--memory 640m --memory-swap 640m"));
        assert!(
            docker
                .memory(640 * MIB, Some(&level(Some(384 * MIB))))
                .contains("--memory 640m --memory-swap 1g")
        );
    }

    #[test]
    fn hostile_names_stay_one_word() {
        let service = "/system.slice/a; rm -rf $(x)'\u{1b}[2J.service";
        assert_eq!(
            memory(service),
            r"sudo systemctl set-property $'a; rm -rf $(x)\'\x1b[2J.service' MemoryMax=640M"
        );
        assert_eq!(memory("/-rf.service"), "sudo systemctl set-property -- -rf.service MemoryMax=640M");
        assert_eq!(
            memory("/s/dev-a\\x2db.swap"),
            r"sudo systemctl set-property 'dev-a\x2db.swap' MemoryMax=640M"
        );
        assert!(target("/x/\u{202e}a", 2).words().contains("\\u{202e}"));
    }
}
