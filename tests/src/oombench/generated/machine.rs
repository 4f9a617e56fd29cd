//! The whole machine runs out. Guests only.

use std::time::Duration;

use super::{MIB, case, grow, names, noise, with_culprit};
use crate::oombench::case::{Case, Ground, Place, Who};
use crate::oombench::random::Random;

/// One grows and nothing limits it.
pub(super) fn no_limit(random: &mut Random, ground: &Ground) -> Case {
    let free = ground.free as f64;
    let rate = random.log_between(free / 25.0, free / 2.0);
    let names = names(random, 5);
    let neighbours = random.whole(1, 3) as usize;
    let places = [Place::Group(1), Place::Group(2)];
    let (noise, _) = noise(random, &names[1..=neighbours], &places, ground.free / 12);
    let mut case = case("", free / rate + 20.0);
    case.groups = vec!["app", "db", "web"];
    let mut arguments = vec![
        format!("rate={rate}"),
        format!("base={}", random.log_between(1.0, 40.0) as u64 * MIB),
        format!("wait_ms={}", random.whole(500, 2500)),
    ];
    if random.chance(0.4) {
        arguments.push(format!("jitter={}", random.between(0.1, 0.7)));
    }
    with_culprit(case, noise, grow(names[0], Place::Group(0), arguments), Who::Process)
}

/// Many services that each need their share, and together more than there is.
pub(super) fn host_too_small(random: &mut Random, ground: &Ground) -> Case {
    const GROUPS: [&str; 12] =
        ["s01", "s02", "s03", "s04", "s05", "s06", "s07", "s08", "s09", "s10", "s11", "s12"];
    let count = random.whole(8, 12) as usize;
    let names = names(random, count);
    let lasts = random.between(5.0, 18.0);
    let mut case = case("", lasts * 2.0 + 25.0);
    case.groups = GROUPS[..count].to_vec();
    case.has_rate = false;
    for (at, name) in names.into_iter().enumerate() {
        let need = ground.free as f64 / count as f64 * random.between(1.0, 1.5);
        let arguments = if random.chance(0.5) {
            vec![
                format!("rate={}", need / lasts),
                format!("base={MIB}"),
                format!("jitter={}", random.between(0.0, 0.5)),
            ]
        } else {
            let tau = (lasts * 1000.0 / random.between(1.5, 3.0)) as u64;
            vec!["shape=saturating".into(), format!("top={}", need * 1.3), format!("tau_ms={tau}")]
        };
        let mut service = grow(name, Place::Group(at), arguments);
        service.pause = Duration::from_millis(random.whole(10, 150));
        case.actors.push(service);
    }
    case.culprit = Who::Nobody;
    case
}
