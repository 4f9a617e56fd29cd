//! Suite B: programs made to use memory.
//!
//! Where a program grows without end and without pause from its start, the command line declares no pace: a leak and a
//! burst are both right.

use super::super::case::{Case, Onset, Who};
use super::super::random::Random;
use super::{Draw, MIB, PYTHON, case, program};

pub(super) const CASES: [Draw; 16] = [
    ("vm", |random| {
        declared(random, "stress-ng-vm", |bytes| {
            vec!["stress-ng", "--vm", "1", "--vm-keep", "--vm-bytes", bytes]
        })
    }),
    ("vm-4", four),
    ("mmap", |random| {
        declared(random, "stress-ng-mmap", |bytes| vec!["stress-ng", "--mmap", "1", "--mmap-bytes", bytes])
    }),
    ("bigheap", |random| endless(random, "stress-ng-bighe", &["stress-ng", "--bigheap", "1"])),
    ("shm-sysv", |random| {
        shared(
            random,
            "stress-ng-shm-s",
            &["stress-ng", "--shm-sysv", "1", "--shm-sysv-segs", "4", "--shm-sysv-bytes", "256m"],
        )
    }),
    ("shm", |random| {
        shared(
            random,
            "stress-ng-shm",
            &["stress-ng", "--shm", "1", "--shm-bytes", "64m", "--shm-objs", "16"],
        )
    }),
    ("memfd", |random| {
        shared(
            random,
            "stress-ng-memfd",
            &["stress-ng", "--memfd", "1", "--memfd-fds", "16", "--memfd-bytes", "1g"],
        )
    }),
    ("dev-shm", |random| shared(random, "stress-ng-dev-s", &["stress-ng", "--dev-shm", "1"])),
    ("stress", |random| {
        declared(random, "stress", |bytes| {
            vec!["stress", "--vm", "1", "--vm-hang", "60", "--vm-bytes", bytes]
        })
    }),
    ("memtester", |random| declared(random, "memtester", |bytes| vec!["memtester", bytes, "1"])),
    ("stressapptest", |random| {
        declared(random, "stressapptest", |bytes| vec!["stressapptest", "-s", "60", "-M", bytes])
    }),
    ("leak-memory", |random| endless(random, "leak-memory", &["leak-memory"])),
    ("tail", |random| endless(random, "tail", &["tail", "/dev/zero"])),
    ("dd", dd),
    ("sleepers", sleepers),
    ("list", |random| {
        endless(
            random,
            "python3",
            &[PYTHON, "-c", "kept = []\nwhile True: kept.append(list(range(1000, 2000)))"],
        )
    }),
];

fn limit(random: &mut Random) -> u64 {
    random.log_between(48.0, 320.0) as u64 * MIB
}

/// Takes a declared size at once, which is more than the limit.
fn declared<'a>(
    random: &mut Random,
    name: &'static str,
    argv: impl Fn(&'static str) -> Vec<&'a str>,
) -> Case {
    // Half as much again as the largest limit that is drawn.
    let limit = limit(random);
    let bytes = if name == "stressapptest" { "480" } else { "480m" };
    started(case("burst", limit, 20.0), name, &argv(bytes))
}

/// Grows as fast as it can until it is killed.
fn endless(random: &mut Random, name: &'static str, argv: &[&str]) -> Case {
    let case = Case { also: vec!["burst"], ..case("leak", limit(random), 20.0) };
    started(case, name, argv)
}

fn started(mut case: Case, name: &'static str, argv: &[&str]) -> Case {
    case.variant = name.to_owned();
    case.onset = Onset::Start;
    case.actors = vec![program(argv)];
    case.culprit = Who::Named(0, name);
    case
}

/// Fills shared memory.
fn shared(random: &mut Random, name: &'static str, argv: &[&str]) -> Case {
    let mut case = started(case("shmem", limit(random).min(200 * MIB), 30.0), name, argv);
    case.culprit = Who::KindNamed("shmem", 0, name);
    case
}

/// Four workers with a quarter of the declared size each.
fn four(random: &mut Random) -> Case {
    let mut case = started(
        case("burst", limit(random), 20.0),
        "stress-ng-vm",
        &["stress-ng", "--vm", "4", "--vm-keep", "--vm-bytes", "640m"],
    );
    case.also = vec!["fork_swarm", "limit_too_low"];
    case.culprit = Who::Family(0, "stress-ng-vm", "stress-ng");
    case
}

/// A file on a tmpfs of its own.
fn dd(random: &mut Random) -> Case {
    let script =
        "mkdir -p m && mount -t tmpfs -o size=4g t m && exec dd if=/dev/zero of=m/file bs=64k status=none";
    let mut case = started(case("shmem", limit(random), 20.0), "dd", &["unshare", "-m", "sh", "-c", script]);
    case.culprit = Who::KindNamed("shmem", 0, "dd");
    case
}

/// A shell that forgets its children: each costs the kernel about as much as itself.
fn sleepers(random: &mut Random) -> Case {
    let pause = random.log_between(0.005, 0.03).to_string();
    let mut case = started(
        case("fork_swarm", random.whole(12, 24) * MIB, 30.0),
        "sleep",
        &["sh", "sleepers.sh", &pause],
    );
    case.also = vec!["kernel_memory"];
    case.culprit = Who::Family(0, "sleep", "sleep");
    case
}
