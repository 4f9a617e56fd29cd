//! Suite A: the generator, in cases drawn at random.

mod caches;
mod crowd;
mod growth;
mod kinds;
mod machine;

use std::time::Duration;

use super::case::{Actor, Case, Ground, Onset, Place, Who, Work};
use super::random::Random;

/// Bytes of a MiB.
pub(super) const MIB: u64 = 1 << 20;
/// What a process of the generator has by itself, about.
const SELF: u64 = MIB / 2;
/// Longest a case grows.
const LONGEST: f64 = 40.0;

/// Names of programs; each case draws some.
pub(super) const NAMES: [&str; 16] = [
    "api-server",
    "worker",
    "cache",
    "indexer",
    "report-gen",
    "ingest",
    "billing",
    "search",
    "mailer",
    "sync",
    "gateway",
    "auth",
    "render",
    "queue",
    "batch",
    "metrics",
];

/// A class of the suite: its name, whether it takes a whole machine, and who draws its cases.
type Class = (&'static str, bool, fn(&mut Random, &Ground) -> Case);

const CLASSES: [Class; 10] = [
    ("leak", false, growth::leak),
    ("burst", false, growth::burst),
    ("limit_too_low", false, growth::limit_too_low),
    ("shmem", false, kinds::shmem),
    ("kernel_memory", false, kinds::kernel_memory),
    ("page_cache", false, caches::page_cache),
    ("fork_swarm", false, crowd::fork_swarm),
    ("neighbour", false, crowd::neighbour),
    ("no_limit", true, machine::no_limit),
    ("host_too_small", true, machine::host_too_small),
];

/// The cases of the named classes (all with none) and seeds that this machine may run.
#[must_use]
pub fn cases(classes: &[String], seeds: &[u64], ground: &Ground) -> Vec<Case> {
    let mut all = Vec::new();
    for &seed in seeds {
        for (class, whole, draw) in CLASSES {
            let wanted = classes.is_empty() || classes.iter().any(|name| name == class);
            if !wanted || (whole && !ground.expendable) {
                continue;
            }
            let case = draw(&mut Random::new(seed, class), ground);
            all.push(Case { id: format!("A-{class}-{seed:03}"), suite: "A", class, seed, ..case });
        }
    }
    all
}

/// A case with what most have in common.
fn case(variant: &str, patience: f64) -> Case {
    Case {
        variant: variant.to_owned(),
        has_rate: true,
        onset: Onset::Ledger,
        patience: Duration::from_secs_f64(patience * 1.5 + 30.0),
        ..Case::default()
    }
}

/// The generator as an actor.
fn grow(name: &'static str, place: Place, arguments: Vec<String>) -> Actor {
    Actor { place, work: Work::Grow { name, arguments }, ..Actor::default() }
}

/// Different names, `count` of them.
fn names(random: &mut Random, count: usize) -> Vec<&'static str> {
    let mut left = NAMES.to_vec();
    (0..count.min(left.len()))
        .map(|_| left.swap_remove(random.whole(0, left.len() as u64 - 1) as usize))
        .collect()
}

/// Rate and growth of something that lasts for 1.5 to 40 s and grows by 3 MiB to `most`.
fn rate_and_growth(random: &mut Random, low: f64, high: f64, most: u64) -> (f64, u64) {
    let rate = random.log_between(low, high.min(most as f64 / 1.5));
    let shortest = (3.0 * MIB as f64 / rate).max(1.5);
    let longest = (most as f64 / rate).min(LONGEST).max(shortest);
    (rate, (rate * random.log_between(shortest, longest)) as u64)
}

/// Neighbours that hold still or breathe, none larger than `largest`; with the sum of their highest sizes.
fn noise(random: &mut Random, names: &[&'static str], places: &[Place], largest: u64) -> (Vec<Actor>, u64) {
    let mut sum = 0;
    let mut actors = Vec::new();
    for name in names {
        let base = (largest as f64 * random.between(0.1, 0.7)) as u64;
        let place = *random.of(places);
        let mut arguments = vec![format!("base={base}")];
        let mut top = 0;
        if random.chance(0.5) {
            top = (base as f64 * random.between(0.1, 0.4)) as u64;
            let period = random.whole(300, 2500);
            arguments.extend(["shape=sawtooth".into(), format!("top={top}"), format!("period_ms={period}")]);
        }
        if place != Place::Outside {
            // Half of the tooth: teeth of several neighbours are seldom high at once.
            sum += base + top / 2 + SELF;
        }
        actors.push(grow(name, place, arguments));
    }
    (actors, sum)
}

/// Puts the culprit after its neighbours, and says who it is.
fn with_culprit(mut case: Case, mut noise: Vec<Actor>, culprit: Actor, who: fn(usize) -> Who) -> Case {
    for actor in &mut noise {
        actor.pause = Duration::from_millis(20);
    }
    case.culprit = who(noise.len());
    noise.push(culprit);
    case.actors = noise;
    case
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ground() -> Ground {
        Ground { most: 512 * MIB, expendable: true, free: 500 * MIB, disk: "/tmp".into() }
    }

    #[test]
    fn each_seed_draws_each_class_once_and_always_the_same() {
        let seeds: Vec<u64> = (0..40).collect();
        let all = cases(&[], &seeds, &ground());
        assert_eq!(all.len(), CLASSES.len() * 40);
        let again = cases(&[], &seeds, &ground());
        assert_eq!(format!("{all:?}"), format!("{again:?}"));
        for case in &all {
            assert!(case.limit.is_none_or(|limit| limit <= 512 * MIB), "{case:?}");
            assert!(case.culprit.actor().is_none_or(|at| at < case.actors.len()), "{case:?}");
            assert!(case.patience < Duration::from_secs(130), "{case:?}");
        }
    }

    #[test]
    fn a_machine_that_others_need_is_left_alone() {
        let ground = Ground { expendable: false, ..ground() };
        assert!(cases(&[], &[1], &ground).iter().all(|case| case.limit.is_some()));
    }
}
