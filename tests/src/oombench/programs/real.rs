//! Suite C: programs that leak, burst or are squeezed.

use std::time::Duration;

use super::super::case::{Case, Earlier, Onset, Place, Who};
use super::super::random::Random;
use super::{Draw, MIB, PYTHON, at, case, prepared, program, python_leak, speaking, then};

pub(super) const CASES: [Draw; 13] = [
    ("python-leak", |random| {
        let (limit, rate) = pace(random, 40.0);
        python_leak(case("leak", limit, 30.0), Vec::new(), rate, Place::Top)
    }),
    ("python-burst", burst),
    ("python-pool", pool),
    ("node-buffers", |random| node(random, "buffer")),
    ("node-objects", |random| node(random, "objects")),
    ("java", java),
    ("go", go),
    ("redis", redis),
    ("sort", sort),
    ("compiler", compiler),
    ("logs", logs),
    ("postgres", postgres),
    ("python-crash-loop", crash_loop),
];

/// A limit, and a rate that takes 4 to 20 s to fill it beyond `base` MiB.
fn pace(random: &mut Random, base: f64) -> (u64, f64) {
    let growth = random.log_between(20.0, 250.0);
    let rate = growth * MIB as f64 / random.between(4.0, 20.0);
    (((growth + base) as u64) * MIB, rate.round())
}

/// A leak at a declared rate, in the topmost cgroup, that says when it begins.
fn declared(mut case: Case, argv: &[&str], rate: f64, before: &[&[&str]]) -> Case {
    case.actors = vec![prepared(speaking(argv), before)];
    case.culprit = Who::Process(0);
    case.declared_rate = Some(rate);
    case.has_rate = true;
    case
}

fn burst(random: &mut Random) -> Case {
    let limit = random.whole(96, 320) * MIB;
    let wait = random.between(4.0, 10.0).to_string();
    let size = (limit * 2).to_string();
    let mut case = case("burst", limit, 20.0);
    case.actors = vec![speaking(&[PYTHON, "burst.py", &size, &wait])];
    case.culprit = Who::Process(0);
    case
}

fn pool(random: &mut Random) -> Case {
    let workers = random.whole(4, 8);
    let (limit, rate) = pace(random, 14.0 + 12.0 * workers as f64);
    let argv = [PYTHON, "pool.py", &workers.to_string(), &rate.to_string(), "2", &(4 * MIB).to_string()];
    let mut case = declared(case("leak", limit, 30.0), &argv, rate, &[]);
    case.culprit = Who::Said(0);
    case
}

fn node(random: &mut Random, kind: &str) -> Case {
    let (limit, rate) = pace(random, 70.0);
    let argv = ["node", "--max-old-space-size=4096", "leak.js", &rate.to_string(), "2", kind];
    declared(Case { variant: kind.to_owned(), ..case("leak", limit, 30.0) }, &argv, rate, &[])
}

fn java(random: &mut Random) -> Case {
    let (limit, rate) = pace(random, 70.0);
    let argv = [
        "java",
        "-Xmx2g",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        "@DIR@",
        "Leak",
        &rate.to_string(),
        "2",
    ];
    declared(case("leak", limit, 40.0), &argv, rate, &[&["javac", "-d", "@DIR@", "Leak.java"]])
}

fn go(random: &mut Random) -> Case {
    let (limit, rate) = pace(random, 8.0);
    let argv = ["@DIR@/go-leak", "leak", &rate.to_string(), "2"];
    declared(case("leak", limit, 30.0), &argv, rate, &[&["go", "build", "-o", "@DIR@/go-leak", "leak.go"]])
}

/// A server without maxmemory, and a client outside that writes.
fn redis(random: &mut Random) -> Case {
    let (limit, rate) = pace(random, 12.0);
    let server = prepared(
        program(&["@DIR@/redis-server", "--port", "0", "--unixsocket", "@DIR@/redis.sock", "--save", ""]),
        &[&["sh", "-c", "ln -sf \"$(command -v redis-server || command -v redis-check-rdb)\" redis-server"]],
    );
    let client = speaking(&[PYTHON, "redis.py", "@DIR@/redis.sock", &rate.to_string(), "0", "1.5"]);
    let mut case = case("leak", limit, 30.0);
    case.actors = vec![server, at(Place::Outside, client)];
    case.culprit = Who::Process(0);
    case.onset = Onset::SaidBy(1);
    case.declared_rate = Some(rate);
    case.has_rate = true;
    case
}

/// Has run to its end below a higher limit before.
fn squeezed(random: &mut Random, mut case: Case, above: u64) -> Case {
    let life = Earlier::Ended { limit: above, after: Duration::ZERO };
    case.earlier = vec![life; random.whole(1, 2) as usize];
    case.onset = Onset::Start;
    case
}

fn sort(random: &mut Random) -> Case {
    let buffer = random.whole(150, 300);
    let mut case = case("limit_too_low", buffer * MIB * 8 / 10, 60.0);
    let size = format!("-S{buffer}M");
    let make = "seq 1 1 6000000 | rev > rows.txt";
    case.actors = vec![prepared(
        program(&["sort", &size, "--parallel=1", "-T", "@DIR@", "-o", "@DIR@/sorted.txt", "rows.txt"]),
        &[&["sh", "-c", make]],
    )];
    case.culprit = Who::Process(0);
    squeezed(random, case, 512 * MIB)
}

fn compiler(random: &mut Random) -> Case {
    let mut case = case("limit_too_low", random.whole(90, 130) * MIB, 60.0);
    case.actors = vec![program(&["g++", "-O1", "-c", "-o", "@DIR@/heavy.o", "heavy.cc"])];
    case.culprit = Who::Named(0, "cc1plus");
    squeezed(random, case, 512 * MIB)
}

/// A log file on a tmpfs.
fn logs(random: &mut Random) -> Case {
    let (limit, rate) = pace(random, 20.0);
    let script = format!(
        "mkdir -p m && mount -t tmpfs -o size=4g t m && exec {PYTHON} logs.py m/service.log {rate} 1.5"
    );
    let mut case = declared(case("shmem", limit, 30.0), &["unshare", "-m", "sh", "-c", &script], rate, &[]);
    case.culprit = Who::Kind("shmem", 0);
    case
}

/// Many backends, each with a sort.
fn postgres(random: &mut Random) -> Case {
    let limit = random.whole(140, 300) * MIB;
    let pause = random.between(0.15, 0.5).to_string();
    let make = "BIN=$(ls -d /usr/lib/postgresql/*/bin | tail -1); chmod 755 . ..; chown -R postgres .; \
                exec setpriv --reuid=postgres --clear-groups \"$BIN/initdb\" -A trust -N -D \"$PWD/data\"";
    let server = prepared(
        program(&["setpriv", "--reuid=postgres", "--clear-groups", "sh", "postgres.sh", "@DIR@"]),
        &[&["sh", "-c", make]],
    );
    let clients = speaking(&["sh", "backends.sh", "@DIR@", "55", &pause]);
    let mut case = case("fork_swarm", limit, 60.0);
    case.also = vec!["limit_too_low"];
    case.actors = vec![then(1.0, server), at(Place::Outside, clients)];
    case.culprit = Who::Family(0, "postgres", "postgres");
    case.onset = Onset::SaidBy(1);
    case
}

/// Needs the same each time, which is a little more than the limit, and is started again.
fn crash_loop(random: &mut Random) -> Case {
    let need = random.whole(60, 160);
    let mut case = case("limit_too_low", need * MIB * 9 / 10, 40.0);
    let size = ((need - 8) * MIB).to_string();
    case.actors = vec![program(&[PYTHON, "cache.py", &size, "2.5"])];
    case.culprit = Who::Process(0);
    case.earlier = vec![Earlier::Killed; random.whole(2, 3) as usize];
    case.onset = Onset::Start;
    // Without a life that came to its end, a leak that is killed again and again looks the same.
    case.also = vec!["leak"];
    case
}
