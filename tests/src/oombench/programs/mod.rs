//! Suites B, C and D: other people's programs. The label is what the command line declares.

mod misleading;
mod real;
mod stress;

use std::path::Path;
use std::time::Duration;

use super::case::{Actor, Case, Onset, Place, Who, Work};
use super::options::Options;
use super::random::Random;

/// Bytes of a MiB.
const MIB: u64 = 1 << 20;
/// The interpreter of Debian, whatever else is on PATH.
const PYTHON: &str = "/usr/bin/python3";

/// Scripts and sources, by name.
const FILES: [(&str, &str); 16] = [
    ("leak.py", include_str!("scripts/leak.py")),
    ("burst.py", include_str!("scripts/burst.py")),
    ("pool.py", include_str!("scripts/pool.py")),
    ("cache.py", include_str!("scripts/cache.py")),
    ("churn.py", include_str!("scripts/churn.py")),
    ("logs.py", include_str!("scripts/logs.py")),
    ("redis.py", include_str!("scripts/redis.py")),
    ("leak.js", include_str!("scripts/leak.js")),
    ("leak.go", include_str!("scripts/leak.go")),
    ("heavy.cc", include_str!("scripts/heavy.cc")),
    ("restarts.sh", include_str!("scripts/restarts.sh")),
    ("postgres.sh", include_str!("scripts/postgres.sh")),
    ("backends.sh", include_str!("scripts/backends.sh")),
    ("sleepers.sh", include_str!("scripts/sleepers.sh")),
    ("Churn.java", include_str!("scripts/Churn.java")),
    ("Leak.java", include_str!("scripts/Leak.java")),
];

/// A case: its name and who draws it.
type Draw = (&'static str, fn(&mut Random) -> Case);

/// The cases of suites B to D that are asked for.
#[must_use]
pub fn cases(options: &Options) -> Vec<Case> {
    let suites: [(&'static str, &[Draw]); 3] =
        [("B", &stress::CASES), ("C", &real::CASES), ("D", &misleading::CASES)];
    let mut all = Vec::new();
    for (suite, draws) in suites.into_iter().filter(|(suite, _)| options.wants(suite)) {
        for &seed in &options.seeds {
            for (name, draw) in draws {
                let id = format!("{suite}-{name}-{seed:02}");
                all.push(Case { id, suite, seed, ..draw(&mut Random::new(seed, name)) });
            }
        }
    }
    all.retain(|case| options.classes.is_empty() || options.classes.iter().any(|class| class == case.class));
    all
}

/// Whether all programs of a case are installed.
pub(super) fn are_there(case: &Case, options: &Options) -> bool {
    let root = options.root.as_deref().unwrap_or(Path::new("/"));
    let is_there = |name: &str| {
        let places = ["usr/bin", "usr/sbin", "bin", "sbin"].map(|place| root.join(place).join(name));
        // Made by what is prepared.
        name.starts_with("@DIR@")
            || root.join(name.trim_start_matches('/')).is_file()
            || places.iter().any(|p| p.exists())
    };
    case.actors.iter().all(|actor| match &actor.work {
        Work::Program { argv, prepare, .. } => {
            let programs = prepare.iter().chain([argv]).filter_map(|argv| argv.first());
            let servers = argv.iter().filter(|word| word.ends_with("postgres.sh")).count() == 0
                || root.join("usr/lib/postgresql").is_dir();
            let redis =
                !argv[0].ends_with("redis-server") || is_there("redis-check-rdb") || is_there("redis-server");
            servers && redis && programs.into_iter().all(|name| is_there(name))
        }
        _ => true,
    })
}

/// A case with what most have in common.
fn case(class: &'static str, limit: u64, seconds: f64) -> Case {
    Case {
        class,
        limit: Some(limit),
        onset: Onset::Said,
        patience: Duration::from_secs_f64(seconds * 2.0 + 60.0),
        ..Case::default()
    }
}

/// A program in the topmost cgroup, with all scripts beside it.
fn program(argv: &[&str]) -> Actor {
    let argv = argv.iter().map(|&argument| argument.to_owned()).collect();
    let work = Work::Program { argv, files: FILES.to_vec(), prepare: Vec::new(), says_ready: false };
    Actor { place: Place::Top, work, ..Actor::default() }
}

/// The same for one that says `ready`, and then `grow`.
fn speaking(argv: &[&str]) -> Actor {
    let mut actor = program(argv);
    if let Work::Program { says_ready, .. } = &mut actor.work {
        *says_ready = true;
    }
    actor
}

/// After commands that run before, outside of all cgroups.
fn prepared(mut actor: Actor, commands: &[&[&str]]) -> Actor {
    if let Work::Program { prepare, .. } = &mut actor.work {
        let owned = |command: &&[&str]| command.iter().map(|&word| word.to_owned()).collect();
        *prepare = commands.iter().map(owned).collect();
    }
    actor
}

fn at(place: Place, actor: Actor) -> Actor {
    Actor { place, ..actor }
}

fn then(pause: f64, actor: Actor) -> Actor {
    Actor { pause: Duration::from_secs_f64(pause), ..actor }
}

/// Python's leak as the culprit: last of the actors.
fn python_leak(mut case: Case, mut before: Vec<Actor>, rate: f64, place: Place) -> Case {
    let (rate_text, wait) = (rate.to_string(), "1.5");
    let leak = speaking(&[PYTHON, "leak.py", &rate_text, "20000", wait]);
    case.culprit = Who::Process(before.len());
    case.declared_rate = Some(rate);
    case.has_rate = true;
    before.push(at(place, leak));
    case.actors = before;
    case
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_a_class_a_limit_and_a_culprit() {
        let options = Options { seeds: (0..5).collect(), ..Options::default() };
        let all = cases(&options);
        assert_eq!(all.len(), 5 * (stress::CASES.len() + real::CASES.len() + misleading::CASES.len()));
        for case in all {
            assert!(case.limit.is_some_and(|limit| limit <= 512 * MIB), "{}", case.id);
            assert!(
                !case.class.is_empty() && case.culprit.actor().is_some_and(|at| at < case.actors.len()),
                "{}",
                case.id
            );
            assert_eq!(case.has_rate, case.declared_rate.is_some(), "{}", case.id);
        }
    }
}
