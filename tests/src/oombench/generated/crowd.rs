//! Many small ones, and the big one who pays for somebody else.

use std::time::Duration;

use super::{MIB, SELF, case, grow, names, noise, rate_and_growth, with_culprit};
use crate::oombench::case::{Case, Ground, Place, Who};
use crate::oombench::random::Random;

/// A program forks children without end.
pub(super) fn fork_swarm(random: &mut Random, ground: &Ground) -> Case {
    let child = random.log_between(0.4 * MIB as f64, 4.0 * MIB as f64);
    let children = random.between(18.0, 110.0);
    // A child's own pages and page tables count as well.
    let growth = children * (child + 0.15 * MIB as f64);
    let lasts = random.log_between(1.5, 20.0);
    let names = names(random, 3);
    let arguments = vec![
        "children=4000".into(),
        format!("child_bytes={}", child as u64),
        format!("rate={}", children * child / lasts),
        format!("wait_ms={}", random.whole(0, 1500)),
    ];
    let neighbours = random.whole(0, 2) as usize;
    let places = [Place::Top, Place::Outside];
    let (noise, sum) =
        noise(random, &names[1..=neighbours], &places, ((growth / 5.0) as u64).min(ground.most / 20));
    let mut case = case("", lasts + 2.0);
    case.has_rate = false;
    case.limit = Some((growth as u64 + sum + SELF).min(ground.most));
    let mut case = with_culprit(case, noise, grow(names[0], Place::Top, arguments), Who::Process);
    case.culprit = Who::Family(case.actors.len() - 1, names[0], names[0]);
    case
}

/// The largest holds still, a smaller one grows.
pub(super) fn neighbour(random: &mut Random, ground: &Ground) -> Case {
    let (rate, growth) = rate_and_growth(random, 0.3e6, 150e6, ground.most * 35 / 100);
    let base = (growth as f64 * random.between(0.01, 0.2)) as u64;
    let big = ((base + growth) as f64 * random.between(1.25, 1.8)) as u64 + 2 * MIB;
    let names = names(random, 4);
    let variant = *random.of(&["one cgroup", "siblings"]);
    let (victim, own) = match variant {
        "siblings" => (Place::Group(0), Place::Group(1)),
        _ => (Place::Top, Place::Top),
    };
    let mut case = case(variant, growth as f64 / rate + 4.0);
    if variant == "siblings" {
        case.groups = vec!["db", "jobs"];
    }
    let neighbours = random.whole(0, 2) as usize;
    let (mut actors, sum) = noise(
        random,
        &names[2..2 + neighbours],
        &[victim, Place::Outside],
        (growth / 4).min(ground.most / 25),
    );
    let mut idle = vec![format!("base={big}")];
    if random.chance(0.5) {
        let top = big as f64 * random.between(0.01, 0.05);
        idle.extend([
            "shape=sawtooth".into(),
            format!("top={top}"),
            format!("period_ms={}", random.whole(200, 1500)),
        ]);
    }
    actors.push(grow(names[0], victim, idle));
    let arguments = vec![
        format!("rate={rate}"),
        format!("base={base}"),
        format!("jitter={}", random.between(0.0, 0.6)),
        format!("wait_ms={}", random.whole(500, 3000)),
    ];
    case.limit = Some((big + base + growth + sum + 2 * SELF).min(ground.most));
    case.patience += Duration::from_secs(5);
    with_culprit(case, actors, grow(names[1], own, arguments), Who::Process)
}
