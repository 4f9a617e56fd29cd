//! One process that grows: steadily, at once, or towards what it needs.

use std::time::Duration;

use super::{MIB, SELF, case, grow, names, noise, rate_and_growth, with_culprit};
use crate::oombench::case::{Actor, Case, Earlier, Ground, Place, Who, Work};
use crate::oombench::random::Random;

/// Grows at an even rate and gives nothing back.
pub(super) fn leak(random: &mut Random, ground: &Ground) -> Case {
    let (rate, growth) = rate_and_growth(random, 0.1e6, 300e6, ground.most * 7 / 10);
    let base = (growth as f64 * random.log_between(0.02, 1.0)).min(ground.most as f64 / 10.0) as u64;
    let patience = growth as f64 / rate;
    let mut arguments =
        vec![format!("rate={rate}"), format!("base={base}"), format!("wait_ms={}", random.whole(0, 2500))];
    let variant = *random.of(&["plain", "jitter", "portions", "breathing", "siblings", "pool", "huge"]);
    match variant {
        "jitter" => arguments.push(format!("jitter={}", random.between(0.2, 0.9))),
        "portions" => {
            arguments.extend(["shape=portions".into(), format!("period_ms={}", random.whole(60, 700))]);
        }
        "huge" if rate > 20e6 => arguments.push("kind=huge".into()),
        _ => {}
    }
    arguments.push(format!("seed={}", random.number() % 1000));
    let mut case = case(variant, patience + 3.0);
    let names = names(random, 4);
    if variant == "pool" {
        return pool(random, case, names[0], (base + growth, arguments));
    }
    let places: &[Place] = match variant {
        "siblings" => &[Place::Group(1), Place::Group(2), Place::Outside],
        "breathing" => &[Place::Top],
        _ => &[Place::Outside, Place::Top],
    };
    let neighbours = random.whole(u64::from(variant != "plain"), 3) as usize;
    let largest = ((base + growth) / 2).min(ground.most / 20);
    let (noise, sum) = noise(random, &names[1..=neighbours], places, largest);
    let place = if variant == "siblings" { Place::Group(0) } else { Place::Top };
    if variant == "siblings" {
        case.groups = vec!["app", "db", "web"];
    }
    case.limit = Some(base + growth + sum + SELF);
    with_culprit(case, noise, grow(names[0], place, arguments), Who::Process)
}

/// Workers of one program of which one grows.
fn pool(random: &mut Random, mut case: Case, name: &'static str, grower: (u64, Vec<String>)) -> Case {
    let (size, mut arguments) = grower;
    let children = random.whole(4, 8);
    let base = (size / 3).min(8 * MIB) / 4096 * 4096;
    arguments.retain(|argument| !argument.starts_with("base="));
    arguments.extend([
        format!("base={base}"),
        format!("children={children}"),
        format!("leaker={}", random.whole(0, children - 1)),
    ]);
    case.limit = Some(size + children * (base + base / 4 + SELF));
    with_culprit(case, Vec::new(), grow(name, Place::Top, arguments), Who::Slot)
}

/// Lives for a while, then takes most of its memory at once.
pub(super) fn burst(random: &mut Random, ground: &Ground) -> Case {
    let size = random.log_between(12.0 * MIB as f64, ground.most as f64 * 0.75);
    let wait = random.between(2.0, 12.0);
    let rate = random.log_between(size / (0.08 * wait), 5e9);
    let base = (size * random.between(0.02, 0.25)) as u64;
    let kind = if rate > 1e9 || random.chance(0.2) { "huge" } else { "anon" };
    let arguments = vec![
        format!("rate={rate}"),
        format!("base={base}"),
        format!("wait_ms={}", (wait * 1000.0) as u64),
        format!("kind={kind}"),
        // More than the limit: a burst that just fits would be no kill.
    ];
    let names = names(random, 3);
    let neighbours = random.whole(0, 2) as usize;
    let places = [Place::Top, Place::Outside];
    let (noise, sum) =
        noise(random, &names[1..=neighbours], &places, (size as u64 / 4).min(ground.most / 20));
    let mut case = case(kind, wait + 3.0);
    case.limit = Some(base + size as u64 + sum + SELF);
    with_culprit(case, noise, grow(names[0], Place::Top, arguments), Who::Process)
}

/// Needs a little more than the limit allows.
pub(super) fn limit_too_low(random: &mut Random, ground: &Ground) -> Case {
    let variant = *random.of(&["one life", "crash loop", "lowered limit", "working set"]);
    let limit = random.log_between(24.0 * MIB as f64, ground.most as f64 * 0.6);
    let excess = random.between(1.04, 1.2);
    let tau = match variant {
        "crash loop" | "lowered limit" => random.log_between(0.4, 2.0),
        _ => random.log_between(0.6, 6.0),
    };
    let top = limit * excess;
    let arguments =
        vec!["shape=saturating".into(), format!("top={top}"), format!("tau_ms={}", (tau * 1000.0) as u64)];
    let mut case = case(variant, tau * 16.0);
    case.has_rate = false;
    case.limit = Some(limit as u64);
    let names = names(random, 3);
    let mut noise = noise(random, &names[1..2], &[Place::Outside], 8 * MIB).0;
    match variant {
        "crash loop" => case.earlier = vec![Earlier::Killed; random.whole(1, 3) as usize],
        "lowered limit" => {
            let after = Duration::from_secs_f64(tau * 4.0);
            let life = Earlier::Ended { limit: (top * 1.15) as u64, after };
            case.earlier = vec![life; random.whole(1, 2) as usize];
        }
        "working set" => {
            let size = (limit * random.between(0.15, 0.4)) as u64;
            noise.push(Actor { work: Work::Reread { size }, ..Actor::default() });
        }
        _ => {}
    }
    with_culprit(case, noise, grow(names[0], Place::Top, arguments), Who::Process)
}
