//! Where a limit is set: the commands of whatever manages a cgroup.

use super::command::word;
use super::round;
use crate::kernel::cgroup::container;
use crate::model::{Container, Incident, MemcgLevel, Text};
use crate::words::escape;

/// Cgroups that `oomtrace run` and `oomtrace demo` make and remove.
const OWN: [&[u8]; 2] = [b"oomtrace-run-", b"oomtrace-demo-"];

/// A cgroup as its manager knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A container: its engine's command, and the beginning of its id.
    Engine(&'static str, String),
    /// A container of a pod, or the pod itself, in words; and the pod's UID.
    Pod(String, String),
    /// A systemd unit by its own name, of the manager of this user or of the system.
    Unit { name: Vec<u8>, user: Option<String> },
    /// A scope: it is gone with its processes, so its limit belongs to what starts it.
    Scope(String),
    /// A cgroup of `oomtrace run` or `oomtrace demo`, which is gone with the command.
    Run,
    /// A directory; with the version of the hierarchy.
    Directory(Vec<u8>, u8),
}

/// How a limit is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) command: Option<String>,
    /// What to know about the command, or what to do where there is none; a sentence or nothing.
    pub(super) note: String,
}

impl Change {
    fn command(command: String) -> Self {
        Self { command: Some(command), note: String::new() }
    }

    fn noted(command: Option<String>, note: impl Into<String>) -> Self {
        Self { command, note: note.into() }
    }
}

impl Target {
    /// The manager of the cgroup `path`; `None` for the root, for a path that is not whole, and where it is not known what
    /// hierarchy it is in.
    pub(super) fn of(path: &Text, incident: &Incident) -> Option<Self> {
        let path = path.as_bytes();
        let last =
            path.rsplit(|b| *b == b'/').next().filter(|last| !last.is_empty() && path.starts_with(b"/"))?;
        if path.ends_with(b"\n") {
            // No word of one line ends with a newline in bash and in dash.
            return None;
        }
        if OWN.iter().any(|own| last.starts_with(own)) {
            return Some(Self::Run);
        }
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
            return named.then(|| Self::Pod(what, uid.to_owned()));
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
            Self::Pod(what, _) => what.clone(),
            Self::Unit { name, .. } => escape::bytes(name).into_owned(),
            Self::Scope(name) => name.clone(),
            Self::Run => "the cgroup of oomtrace run".into(),
            Self::Directory(path, _) => format!("cgroup {}", escape::bytes(path)),
        }
    }

    /// Sets a limit on its memory that is above what it holds now; `level` has its limits of today, `line` the command line
    /// of its process.
    pub(super) fn memory(&self, bytes: u64, level: Option<&MemcgLevel>, line: Option<&[String]>) -> Change {
        match self {
            Self::Engine(engine, id) => Change::command(update(engine, id, bytes, level)),
            Self::Pod(what, uid) => in_manifest(what, uid, bytes),
            Self::Unit { name, user } => {
                Change::command(set_property(name, user.as_deref(), &memory_max(bytes)))
            }
            Self::Scope(name) => Change::noted(
                Some(in_scope(bytes, line)),
                format!("{name} ends with its processes: start the next run in a scope that has the limit."),
            ),
            Self::Run => again(bytes, line),
            Self::Directory(path, version) => Change::command(write_limit(path, *version, bytes, level)),
        }
    }

    /// Sets a limit below what it holds now. Where a process of it is alive, a limit that takes effect at once is refused
    /// (cgroup v1) or kills it (v2), so its unit or container is started again with it.
    pub(super) fn lower(&self, bytes: u64, alive: bool, line: Option<&[String]>) -> Change {
        match self {
            Self::Engine(engine, id) if alive => Change::noted(
                Some(format!(
                    "{engine} stop {id} && {} && {engine} start {id}",
                    update(engine, id, bytes, None)
                )),
                "The container restarts: it holds more than the limit now.",
            ),
            Self::Unit { name, user } if alive && name.ends_with(b".service") => {
                let user = user.as_deref();
                let (stop, start) = (systemctl("stop", name, user), systemctl("start", name, user));
                Change::noted(
                    Some(format!("{stop} && {} && {start}", set_property(name, user, &memory_max(bytes)))),
                    "The service restarts: it holds more than the limit now.",
                )
            }
            Self::Directory(path, 2) if alive => Change::noted(
                Some(write(&[b"/sys/fs/cgroup", path, b"/memory.high"], bytes)),
                "memory.high slows it down and does not kill it. Set memory.max once it has been restarted: now it would be \
                 killed at once.",
            ),
            Self::Unit { .. } | Self::Directory(..) if alive => Change::noted(
                None,
                format!(
                    "Set the limit when {} has been restarted: it holds more now, so the kernel would refuse the limit \
                     (cgroup v1) or kill at once (v2).",
                    self.words()
                ),
            ),
            _ => self.memory(bytes, None, line),
        }
    }

    /// Sets the limit on the number of its tasks, threads included; `None` where no command does.
    pub(super) fn tasks(&self, tasks: u64) -> Option<String> {
        match self {
            Self::Engine(engine, id) => Some(format!("{engine} update --pids-limit {tasks} {id}")),
            Self::Unit { name, user } => {
                Some(set_property(name, user.as_deref(), &format!("TasksMax={tasks}")))
            }
            Self::Directory(path, 2) => Some(write(&[b"/sys/fs/cgroup", path, b"/pids.max"], tasks)),
            // v1: the hierarchy of the pids controller has paths of its own.
            Self::Directory(..) | Self::Pod(..) | Self::Scope(_) | Self::Run => None,
        }
    }
}

/// A scope with a limit around a command, or around a shell to start it from.
pub(super) fn in_scope(bytes: u64, line: Option<&[String]>) -> String {
    let what = line.map_or("sh".to_owned(), |line| line.join(" "));
    format!("sudo systemd-run --scope --uid=\"$(id -u)\" -p {} -- {what}", memory_max(bytes))
}

fn again(bytes: u64, line: Option<&[String]>) -> Change {
    let size = round::option(bytes, ["M", "G"]);
    Change::noted(
        line.map(|line| format!("sudo oomtrace run --memory-max {size} -- {}", line.join(" "))),
        format!("Pass --memory-max {size} to oomtrace run; the cgroup of the last run is removed with it."),
    )
}

fn update(engine: &str, id: &str, bytes: u64, level: Option<&MemcgLevel>) -> String {
    let memory = round::option(bytes, ["m", "g"]);
    format!("{engine} update --memory {memory} --memory-swap {} {id}", swap(bytes, level))
}

/// The field, the command that sets it, and one that finds the names which neither the kernel nor the path has.
fn in_manifest(what: &str, uid: &str, bytes: u64) -> Change {
    let size = round::option(bytes, ["Mi", "Gi"]);
    let columns = "UID:.metadata.uid,NAMESPACE:.metadata.namespace,POD:.metadata.name,\
                   OWNER:.metadata.ownerReferences[0].name,CONTAINERS:.spec.containers[*].name";
    Change::noted(
        Some(format!(
            "kubectl get pods -A -o custom-columns='{columns}' | grep -e UID -e {}",
            word(uid.as_bytes())
        )),
        format!(
            "In the manifest of {what}, set resources.limits.memory: {size}, or run kubectl -n NAMESPACE set resources \
             deployment/NAME -c CONTAINER --limits=memory={size}. The command below shows the names."
        ),
    )
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

/// `sudo systemctl VERB UNIT`, or that of a user's own manager.
pub(super) fn systemctl(verb: &str, unit: &[u8], user: Option<&str>) -> String {
    let dashes = if unit.starts_with(b"-") { "-- " } else { "" };
    let unit = word(unit);
    match user {
        Some(uid) => format!("systemctl --user -M {uid}@ {verb} {dashes}{unit}"),
        None => format!("sudo systemctl {verb} {dashes}{unit}"),
    }
}

fn set_property(unit: &[u8], user: Option<&str>, property: &str) -> String {
    format!("{} {property}", systemctl("set-property", unit, user))
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
    format!("echo {value} | sudo tee {}", word(&file.concat()))
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
        target(path, 2).memory(640 * MIB, None, None).command.unwrap()
    }

    #[test]
    fn each_manager_has_its_own_command() {
        let id = "3f2a9c1b2d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8";
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
            (
                "/user.slice/user-0.slice/session-3.scope".into(),
                "sudo systemd-run --scope --uid=\"$(id -u)\" -p MemoryMax=640M -- sh",
            ),
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
            v1.memory(640 * MIB, Some(&level(None)), None).command.unwrap(),
            "echo 671088640 | sudo tee /sys/fs/cgroup/memory/x/memory.limit_in_bytes"
        );
        assert_eq!(
            v1.memory(640 * MIB, Some(&level(Some(512 * MIB))), None).command.unwrap(),
            "echo 671088640 | sudo tee /sys/fs/cgroup/memory/x/memory.memsw.limit_in_bytes && \
             echo 671088640 | sudo tee /sys/fs/cgroup/memory/x/memory.limit_in_bytes"
        );
        let docker = target(&format!("/docker/{}", "a".repeat(64)), 2);
        assert!(
            docker
                .memory(640 * MIB, Some(&level(Some(0))), None)
                .command
                .unwrap()
                .contains("--memory 640m --memory-swap 640m")
        );
        assert!(
            docker
                .memory(640 * MIB, Some(&level(Some(384 * MIB))), None)
                .command
                .unwrap()
                .contains("--memory 640m --memory-swap 1g")
        );
    }

    #[test]
    fn hostile_names_stay_one_word() {
        let service = "/system.slice/a; rm -rf $(x)'\u{1b}[2J.service";
        assert_eq!(
            memory(service),
            r#"sudo systemctl set-property "$(printf 'a; rm -rf $(x)\047\033[2J.service')" MemoryMax=640M"#
        );
        assert_eq!(memory("/-rf.service"), "sudo systemctl set-property -- -rf.service MemoryMax=640M");
        assert_eq!(
            memory("/s/dev-a\\x2db.swap"),
            r"sudo systemctl set-property 'dev-a\x2db.swap' MemoryMax=640M"
        );
        assert!(target("/x/\u{202e}a", 2).words().contains("\\u{202e}"));
    }

    #[test]
    fn a_pod_gets_the_field_and_the_line_that_sets_it() {
        let pod = "/kubepods.slice/kubepods-pod0a1b2c3d_1111_2222_3333_444455556666.slice";
        let change = target(pod, 2).memory(640 * MIB, None, None);
        assert!(change.note.contains("resources.limits.memory: 640Mi"), "{change:?}");
        assert!(change.note.contains("set resources deployment/NAME -c CONTAINER --limits=memory=640Mi"));
        let command = change.command.unwrap();
        assert!(
            command.starts_with("kubectl get pods -A")
                && command.ends_with("0a1b2c3d-1111-2222-3333-444455556666"),
            "{command}"
        );
    }

    #[test]
    fn a_limit_below_what_a_living_one_holds_does_not_take_effect_at_once() {
        let lower = |path: &str, version| target(path, version).lower(640 * MIB, true, None);
        assert_eq!(
            lower("/system.slice/shop.service", 2).command.unwrap(),
            "sudo systemctl stop shop.service && sudo systemctl set-property shop.service MemoryMax=640M && sudo systemctl \
             start shop.service"
        );
        assert!(
            lower(&format!("/docker/{}", "a".repeat(64)), 2)
                .command
                .unwrap()
                .starts_with("docker stop aaaaaaaaaaaa &&")
        );
        assert_eq!(lower("/x", 2).command.unwrap(), "echo 671088640 | sudo tee /sys/fs/cgroup/x/memory.high");
        for (path, version) in [("/x", 1), ("/shop.slice", 2), ("/shop.slice", 1)] {
            let change = lower(path, version);
            assert!(change.command.is_none() && change.note.contains("restarted"), "{path}: {change:?}");
        }
        let dead = target("/x", 1).lower(640 * MIB, false, None);
        assert!(dead.command.unwrap().contains("memory.limit_in_bytes"));
    }

    #[test]
    fn what_oomtrace_ran_itself_has_its_own_option() {
        for path in ["/a/oomtrace-run-7-1", "/oomtrace-demo-7"] {
            let target = target(path, 1);
            let change = target.memory(640 * MIB, None, Some(&["xz".into(), "-9".into()]));
            assert_eq!(change.command.unwrap(), "sudo oomtrace run --memory-max 640M -- xz -9");
            assert!(change.note.contains("--memory-max 640M") && target.tasks(4).is_none());
        }
    }
}
