//! Commands over many incidents: each runs in bash and in dash as it is printed.

use std::collections::BTreeSet;
use std::process::Command;

use super::tests::{MIB, SHOP, diagnosis, incident, runtime};
use super::*;
use crate::model::*;

const VERDICTS: [VerdictKind; 11] = [
    VerdictKind::Leak,
    VerdictKind::Burst,
    VerdictKind::NoLimit,
    VerdictKind::LimitTooLow,
    VerdictKind::HostTooSmall,
    VerdictKind::Shmem,
    VerdictKind::KernelMemory,
    VerdictKind::PageCache,
    VerdictKind::ForkSwarm,
    VerdictKind::Neighbour,
    VerdictKind::Undetermined,
];

const RUNTIMES: [RuntimeKind; 17] = [
    RuntimeKind::Native,
    RuntimeKind::Node,
    RuntimeKind::Jvm,
    RuntimeKind::Go,
    RuntimeKind::Python,
    RuntimeKind::Ruby,
    RuntimeKind::Php,
    RuntimeKind::Dotnet,
    RuntimeKind::Erlang,
    RuntimeKind::Redis,
    RuntimeKind::Postgresql,
    RuntimeKind::Mysql,
    RuntimeKind::Mongodb,
    RuntimeKind::Nginx,
    RuntimeKind::Apache,
    RuntimeKind::Browser,
    RuntimeKind::Build,
];

fn paths() -> Vec<String> {
    let id = "3f2a9c1b2d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8";
    let pod = "/kubepods.slice/kubepods-pod0a1b2c3d_1111_2222_3333_444455556666.slice";
    vec![
        SHOP.into(),
        "/shop.slice".into(),
        "/user.slice/user-1000.slice/user@1000.service/app.slice/a.service".into(),
        "/user.slice/user-0.slice/session-3.scope".into(),
        format!("/docker/{id}"),
        format!("/machine.slice/libpod-{id}.scope"),
        format!("{pod}/cri-containerd-{id}.scope"),
        "/oomtrace-run-7-1".into(),
        "/oomtrace-demo-7".into(),
        "/a b/-rf;$(x)`'\"\\!*".into(),
        "/s/\u{1b}[2J\u{202e}\r'%s.service".into(),
        "/-rf.service".into(),
    ]
}

/// A command line that may be typed again, a title, and one with a secret.
fn lines() -> [Vec<Text>; 4] {
    [
        vec!["/usr/bin/prog".into(), "-m".into(), "900".into(), "a b'$(x)\n1".into()],
        vec!["next-server (v14)".into()],
        vec!["prog".into(), "--password=[redacted]".into()],
        vec![],
    ]
}

fn advised(path: &str, verdict: VerdictKind, kind: RuntimeKind, dead: bool, version: u8) -> Vec<Advice> {
    let mut all = Vec::new();
    for line in lines() {
        for (anon, max) in [(500, 400), (500, 2000), (500, 100)] {
            let mut incident = incident();
            incident.host.cgroup_version = Some(version);
            let machine = matches!(verdict, VerdictKind::NoLimit | VerdictKind::HostTooSmall);
            incident.system = Some(System {
                mem_total_bytes: Some(1200 * MIB),
                swap_total_bytes: Some(0),
                ..System::default()
            });
            incident.scope.stats = Some(MemcgStats {
                shmem_bytes: Some(400 * MIB),
                dirty_bytes: Some(300 * MIB),
                unevictable_bytes: Some(300 * MIB),
                ..MemcgStats::default()
            });
            let level = &mut incident.scope.memcg.as_mut().unwrap().level;
            (level.path, level.oom_group) = (path.into(), Some(true));
            if machine {
                (incident.scope.constraint, incident.scope.memcg) = (Some(Constraint::None), None);
            }
            let settings = [("-Xmx", max * MIB), ("-Xms", max * MIB), ("--max-old-space-size", max * MIB)];
            let found = runtime(kind, &settings);
            let victim = &mut incident.victims[0];
            (victim.cmdline, victim.exe) = (line.clone(), Some("/usr/bin/prog".into()));
            (victim.memory.anon_bytes, victim.memory.total_vm_bytes) = (Some(anon * MIB), Some(4096 * MIB));
            (victim.cgroup, victim.runtime) =
                (Some(CgroupRef { path: path.into(), id: None }), found.clone());
            let other = Victim { pid: 9, role: Role::GroupMember, ..incident.victims[0].clone() };
            incident.victims.push(other);
            let mut diagnosis = diagnosis(verdict, 3e5);
            diagnosis.growth = vec![Growth { kind: PartKind::Kernel, bytes: 200 << 20 }];
            let culprit = diagnosis.culprit.as_mut().unwrap();
            culprit.cgroup = Some(path.into());
            if verdict == VerdictKind::ForkSwarm {
                (culprit.kind, culprit.pid, culprit.members) = (CulpritKind::Family, None, Some(20));
            }
            let process = Entity {
                pid: Some(if dead { 7 } else { 8 }),
                comm: Some("shop".into()),
                path: Some(path.into()),
                runtime: found,
                ..Entity::default()
            };
            let family = Entity { kind: EntityKind::Family, pid: None, ..process.clone() };
            incident.history.as_mut().unwrap().entities = vec![process, family];
            if !dead {
                (culprit.pid, culprit.is_victim) = (culprit.pid.map(|_| 8), false);
            }
            all.extend(advise(&incident, &diagnosis));
        }
    }
    all
}

/// Each path with two runtimes, and each runtime with one path.
fn all() -> Vec<(bool, Advice)> {
    let paths = paths();
    let two = paths.iter().flat_map(|path| [(path, RuntimeKind::Native), (path, RuntimeKind::Node)]);
    let places: Vec<_> = two.chain(RUNTIMES.map(|kind| (&paths[0], kind))).collect();
    let mut all = Vec::new();
    for (path, kind) in places {
        for verdict in VERDICTS {
            for dead in [true, false] {
                for version in [1, 2] {
                    let advised = advised(path, verdict, kind, dead, version);
                    all.extend(advised.into_iter().map(|advice| (dead, advice)));
                }
            }
        }
    }
    all
}

fn commands() -> BTreeSet<String> {
    all().into_iter().filter_map(|(_, advice)| advice.command).collect()
}

/// What each part of a command may begin with: programs and builtins.
const PROGRAMS: [&str; 48] = [
    "gradle",
    "npx",
    "pytest",
    "ps",
    "sudo",
    "echo",
    "export",
    "printf",
    "docker",
    "podman",
    "nerdctl",
    "kubectl",
    "systemctl",
    "redis-cli",
    "psql",
    "mysql",
    "mariadb",
    "jcmd",
    "go",
    "/usr/bin/prog",
    "memray",
    "heaptrack",
    "dotnet-gcdump",
    "grep",
    "df",
    "du",
    "ipcs",
    "ss",
    "sort",
    "head",
    "tail",
    "uniq",
    "wc",
    "sysctl",
    "make",
    "ninja",
    "cargo",
    "bazel",
    "tee",
    "chmod",
    "mkswap",
    "swapon",
    "systemd-run",
    "mkdir",
    "slabtop",
    "choom",
    "find",
    "dd",
];

#[test]
fn every_command_is_one_for_bash_and_for_dash() {
    let commands = commands();
    assert!(commands.len() > 60, "{}", commands.len());
    for command in &commands {
        assert!(command.bytes().all(|b| b == b' ' || b.is_ascii_graphic()), "{command:?}");
        for shell in ["bash", "dash"] {
            let out = Command::new(shell).args(["-n", "-c", command]).output().unwrap();
            assert!(out.status.success() && out.stderr.is_empty(), "{shell}: {command}: {out:?}");
        }
    }
}

/// A line of a manifest, a unit or a configuration file is valid syntax for a shell, and no command.
#[test]
fn every_command_begins_with_a_program() {
    for command in commands() {
        // Each program is replaced by `true` where a shell would look it up: whatever is left was none.
        let functions = "command_not_found_handle() { printf 'MISSING %s\n' \"$1\"; }";
        let names = PROGRAMS.map(|name| format!("function {name} {{ :; }}")).join("; ");
        let script = format!("PATH=; {functions}; {names}; {command}");
        let dir = std::env::temp_dir();
        let out = Command::new("bash").args(["-r", "-c", &script]).current_dir(dir).output().unwrap();
        let said = String::from_utf8_lossy(&out.stdout);
        let redirects = command.contains("> /var/tmp");
        assert!(!said.contains("MISSING"), "{command}: {said}");
        assert!(
            redirects || !String::from_utf8_lossy(&out.stderr).contains("command not found"),
            "{command}: {out:?}"
        );
    }
}

#[test]
fn variables_reach_what_is_started_next() {
    let exports: Vec<_> = commands().into_iter().filter(|command| command.starts_with("export ")).collect();
    assert!(exports.len() >= 6, "{exports:?}");
    for command in exports {
        for shell in ["bash", "dash"] {
            for before in ["", "--trace-warnings"] {
                let name = command["export ".len()..].split('=').next().unwrap();
                let script = format!("set -eu; {command}; env");
                let mut run = Command::new(shell);
                run.args(["-c", &script]).env_remove("NODE_OPTIONS");
                if !before.is_empty() {
                    run.env("NODE_OPTIONS", before);
                }
                let out = run.output().unwrap();
                let env = String::from_utf8(out.stdout).unwrap();
                assert!(
                    out.status.success() && env.lines().any(|line| line.starts_with(&format!("{name}="))),
                    "{command}"
                );
                if name == "NODE_OPTIONS" && !before.is_empty() {
                    assert!(env.contains("NODE_OPTIONS=--trace-warnings --"), "{env}");
                }
            }
        }
    }
}

/// Nothing that needs a process which was killed, that resizes a file system, or that a program does not start with.
#[test]
fn nothing_harmful_is_advised() {
    for (dead, advice) in all() {
        let command = advice.command.as_deref().unwrap_or_default();
        assert!(!command.contains("remount"), "{advice:?}");
        assert!(!command.contains("near-heap-limit"), "{advice:?}");
        assert!(!(command.contains("memray attach") && command.contains("--aggregate")), "{advice:?}");
        assert!(
            !["PID", "APP", "NAME", "COMMAND"]
                .iter()
                .any(|word| command.split(' ').any(|part| part == *word)),
            "{advice:?}"
        );
        if dead {
            for pid in ["attach", "--pid ", " -p 7", " -p 9", "/proc/7/"] {
                assert!(!command.contains(pid), "{advice:?}");
            }
        }
        if let Some((_, initial)) = command.split_once("-Xms") {
            let (initial, rest) = initial.split_once("m -Xmx").unwrap();
            assert!(rest.starts_with(&format!("{initial}m")), "{advice:?}");
        }
        let says = |what: &str| advice.action.contains(what) || advice.why.contains(what);
        for pattern in
            ["somebody", "nobody", "to be had", "at the most", "at the least", "told by", "lives", "who grew"]
        {
            assert!(!says(pattern), "{pattern}: {advice:?}");
        }
    }
}

#[test]
fn a_heap_never_starts_above_its_end() {
    let found = advised(SHOP, VerdictKind::LimitTooLow, RuntimeKind::Jvm, true, 2);
    assert!(
        found.iter().any(|advice| advice.command.as_deref().unwrap_or_default().contains("-Xms")),
        "{found:?}"
    );
}

#[test]
fn a_lower_limit_for_a_living_process_waits_for_its_restart() {
    for path in paths() {
        for version in [1, 2] {
            for advice in
                advised(&format!("{path}/sub"), VerdictKind::Neighbour, RuntimeKind::Native, false, version)
            {
                let command = advice.command.as_deref().unwrap_or_default();
                let at_once = command.contains("memory.max") || command.contains("limit_in_bytes");
                assert!(!at_once, "{advice:?}");
            }
        }
    }
}
