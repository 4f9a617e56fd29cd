//! Memory that is not private to a process.

use super::{MIB, SELF, case, grow, names, noise, rate_and_growth, with_culprit};
use crate::oombench::case::{Case, Ground, Place, Who};
use crate::oombench::random::Random;

/// tmpfs and shared memory.
pub(super) fn shmem(random: &mut Random, ground: &Ground) -> Case {
    let kind = *random.of(&["memfd", "tmpfs", "shared", "sysv"]);
    let case = grower(random, ground, kind, (0.5e6, 300e6, ground.most * 7 / 10));
    Case { culprit: Who::Kind("shmem", case.culprit.actor().unwrap_or(0)), ..case }
}

/// Pipes, sockets, inodes and dentries.
pub(super) fn kernel_memory(random: &mut Random, ground: &Ground) -> Case {
    let kind = *random.of(&["pipe", "socket", "inode"]);
    let case = grower(random, ground, kind, (1e6, 60e6, ground.most / 3));
    // What an object costs is the kernel's to say: the generator counts what it asked for.
    Case {
        culprit: Who::Kind("kernel_memory", case.culprit.actor().unwrap_or(0)),
        has_rate: kind == "pipe",
        ..case
    }
}

/// One that grows in memory of a kind, among others that don't.
pub(super) fn grower(random: &mut Random, ground: &Ground, kind: &str, bounds: (f64, f64, u64)) -> Case {
    let (low, high, most) = bounds;
    let (rate, growth) = rate_and_growth(random, low, high, most);
    let base = random.log_between(1.0, 16.0) as u64 * MIB;
    let arguments = vec![
        format!("rate={rate}"),
        format!("base={base}"),
        format!("kind={kind}"),
        format!("jitter={}", random.between(0.0, 0.5)),
        format!("wait_ms={}", random.whole(0, 2000)),
    ];
    let names = names(random, 3);
    let neighbours = random.whole(0, 2) as usize;
    let places = [Place::Top, Place::Outside];
    let (noise, sum) = noise(random, &names[1..=neighbours], &places, (growth / 4).min(ground.most / 20));
    let mut case = case(kind, growth as f64 / rate + 3.0);
    case.limit = Some(base + growth + sum + SELF);
    with_culprit(case, noise, grow(names[0], Place::Top, arguments), Who::Process)
}
