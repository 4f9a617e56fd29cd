//! Redis and its kin: a data set without bound.

use super::facts::Facts;
use super::round::{down, mib, percent, size};
use super::{Ranked, push};
use crate::model::{Advice, RuntimeKind, VerdictKind};

/// Of what it may hold: fragmentation, buffers of clients and pages copied during a snapshot are beside the data.
const PART: u64 = 75;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    use VerdictKind::{Burst, Leak, LimitTooLow, Neighbour, NoLimit};
    let Some((subject, runtime)) = facts.managed_by(RuntimeKind::Redis) else {
        return;
    };
    if !facts.is(&[Leak, Burst, LimitTooLow, Neighbour, NoLimit]) {
        return;
    }
    // Under no limit: what it held when memory ran out was too much.
    let Some(may_hold) = facts.room(&subject).or(subject.held) else {
        return;
    };
    let value = down(percent(may_hold, PART));
    let set = runtime.bytes("maxmemory");
    if value == 0 || set.is_some_and(|set| set <= value) {
        return;
    }
    let today = match set {
        Some(set) => format!("It was started with maxmemory {}.", size(set)),
        None => {
            "Its arguments set no maxmemory (a configuration file may: CONFIG GET maxmemory shows it).".into()
        }
    };
    let mib = mib(value);
    push(
        into,
        5,
        Advice {
            action: format!(
                "Bound the data of {}: maxmemory {}, and a maxmemory-policy that says what is evicted when it is full.",
                subject.name(),
                size(value)
            ),
            command: Some(format!("redis-cli CONFIG SET maxmemory {mib}mb")),
            value_bytes: Some(value),
            why: format!(
                "{today} 75 % of the {} that it {}; the rest is for fragmentation, clients and pages copied during a snapshot.",
                size(may_hold),
                if facts.room(&subject).is_some() { "may hold here" } else { "held when memory ran out" }
            ),
        },
    );
}
