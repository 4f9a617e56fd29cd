//! Suite D: others draw the eye, and are not to be named.

use super::super::case::{Case, Place};
use super::super::random::Random;
use super::{Actor, Draw, MIB, PYTHON, at, case, prepared, program, python_leak, speaking, then};

pub(super) const CASES: [Draw; 8] = [
    ("java-churn", java_churn),
    ("go-churn", go_churn),
    ("python-churn", python_churn),
    ("cache-stays", cache_stays),
    ("restarts", restarts),
    ("idle-redis", idle_redis),
    ("idle-cache", idle_cache),
    ("big-cache-stays", big_cache_stays),
];

/// Growth in MiB and a rate that takes 5 to 15 s.
fn pace(random: &mut Random, low: f64, high: f64) -> (u64, f64) {
    let growth = random.log_between(low, high);
    (growth as u64, (growth * MIB as f64 / random.between(5.0, 15.0)).round())
}

/// A leak beside somebody else in the same cgroup.
fn beside(random: &mut Random, other: Actor, size: u64, low: f64) -> Case {
    let (growth, rate) = pace(random, low, low + 150.0);
    python_leak(case("leak", (size + growth + 10) * MIB, 40.0), vec![other], rate, Place::Top)
}

fn java_churn(random: &mut Random) -> Case {
    let churn = prepared(
        speaking(&[
            "java",
            "-Xmx64m",
            "-Xms64m",
            "-XX:+AlwaysPreTouch",
            "-XX:+UseSerialGC",
            "-cp",
            "@DIR@",
            "Churn",
            "60000000",
        ]),
        &[&["javac", "-d", "@DIR@", "Churn.java"]],
    );
    beside(random, then(2.0, churn), 100, 130.0)
}

fn go_churn(random: &mut Random) -> Case {
    let size = random.whole(10, 25) * MIB;
    let churn = prepared(
        speaking(&["@DIR@/go-leak", "churn", "30000000", &size.to_string()]),
        &[&["go", "build", "-o", "@DIR@/go-leak", "leak.go"]],
    );
    beside(random, then(2.0, churn), 70, 90.0)
}

fn python_churn(random: &mut Random) -> Case {
    let size = random.whole(10, 50);
    let period = random.between(0.4, 2.0).to_string();
    let churn = speaking(&[PYTHON, "churn.py", &(size * MIB).to_string(), &period]);
    beside(random, then(1.0, churn), size + 10, size as f64 + 40.0)
}

/// Smaller than the leak in the end.
fn cache_stays(random: &mut Random) -> Case {
    let size = random.whole(30, 60);
    let seconds = random.between(0.5, 3.0);
    let cache = speaking(&[PYTHON, "cache.py", &(size * MIB).to_string(), &seconds.to_string()]);
    beside(random, then(seconds + 1.0, cache), size + 10, size as f64 + 50.0)
}

/// A service that is restarted all the time.
fn restarts(random: &mut Random) -> Case {
    let size = random.whole(15, 40);
    let seconds = random.between(0.8, 2.0).to_string();
    let service = speaking(&["sh", "restarts.sh", &(size * MIB).to_string(), &seconds]);
    beside(random, then(1.0, service), size + 15, size as f64 + 50.0)
}

/// The largest holds still in a sibling and is killed for the leak.
fn idle(random: &mut Random, idle: impl Fn(u64) -> Vec<Actor>) -> Case {
    let (growth, rate) = pace(random, 20.0, 110.0);
    let size = growth * 3 / 2 + 40;
    let mut case = case("neighbour", (size + growth + 22) * MIB, 40.0);
    case.groups = vec!["db", "jobs"];
    python_leak(case, idle(size), rate, Place::Group(1))
}

fn idle_redis(random: &mut Random) -> Case {
    idle(random, |size| {
        let server = prepared(
            program(&["@DIR@/redis-server", "--port", "0", "--unixsocket", "@DIR@/redis.sock", "--save", ""]),
            &[&[
                "sh",
                "-c",
                "ln -sf \"$(command -v redis-server || command -v redis-check-rdb)\" redis-server",
            ]],
        );
        let fill = (size * MIB).to_string();
        let client = speaking(&[PYTHON, "redis.py", "@DIR@/redis.sock", "400000000", &fill, "0"]);
        vec![at(Place::Group(0), server), then(2.0, at(Place::Outside, client))]
    })
}

fn idle_cache(random: &mut Random) -> Case {
    idle(random, |size| {
        let cache = speaking(&[PYTHON, "burst.py", &(size * MIB).to_string(), "0"]);
        vec![then(2.5, at(Place::Group(0), cache))]
    })
}

/// Fills within seconds, before the leak, and is the largest in the end.
fn big_cache_stays(random: &mut Random) -> Case {
    idle(random, |size| {
        let cache = speaking(&[PYTHON, "cache.py", &(size * MIB).to_string(), "2"]);
        vec![then(3.0, at(Place::Group(0), cache))]
    })
}
