//! What to change: advice with values worked out from this incident, each with its reason in figures.
//!
//! One file for each family. None of them guesses: a family is silent when a figure that its rule needs is missing. A
//! `command` runs as it is printed; lines of a configuration file are part of the `action`. The rules are documented in
//! docs/diagnosis.md, section "Advice".

mod adj;
mod alert;
mod allowed;
mod command;
#[cfg(test)]
mod command_tests;
mod data;
mod dotnet;
mod erlang;
mod facts;
mod find;
mod go;
mod group;
mod heap;
mod jobs;
mod jvm;
mod kernel_memory;
mod limit;
#[cfg(test)]
mod limit_tests;
mod malloc;
mod memcached;
mod mysql;
mod node;
mod one_look;
mod own_limit;
mod page_cache;
mod php;
mod postgresql;
mod redis;
mod round;
#[cfg(test)]
mod servers_tests;
mod shmem;
mod swap;
mod swarm;
mod target;
#[cfg(test)]
mod tests;
mod v8;
mod what_if;
mod zones;

pub(super) use self::allowed::allowed;
use self::facts::Facts;
pub(super) use self::what_if::what_if;
use crate::model::{Advice, Diagnosis, Incident};

/// Most pieces of advice: a longer list is not followed.
pub const MOST: usize = 5;

/// A piece of advice and its place: the lowest first.
struct Ranked {
    rank: u8,
    advice: Advice,
}

/// What a family has to say about an incident.
type Family = fn(&Facts<'_>, &mut Vec<Ranked>);

/// All families; of equal ranks the first in this list comes first.
const FAMILIES: [Family; 25] = [
    data::advise,
    redis::advise,
    memcached::advise,
    mysql::advise,
    postgresql::advise,
    php::advise,
    erlang::advise,
    swarm::advise,
    shmem::advise,
    kernel_memory::advise,
    page_cache::advise,
    own_limit::advise,
    jvm::advise,
    node::advise,
    dotnet::advise,
    go::advise,
    find::advise,
    limit::advise,
    adj::advise,
    group::advise,
    swap::advise,
    one_look::advise,
    zones::advise,
    malloc::advise,
    alert::advise,
];

/// What to change, the most useful first; empty where the figures support nothing.
///
/// Pure: it depends on the record and its diagnosis alone.
#[must_use]
pub fn advise(incident: &Incident, diagnosis: &Diagnosis) -> Vec<Advice> {
    let facts = Facts { incident, diagnosis };
    let mut all = Vec::new();
    for family in FAMILIES {
        family(&facts, &mut all);
    }
    all.sort_by_key(|ranked| ranked.rank);
    let mut advice: Vec<Advice> = Vec::with_capacity(MOST);
    for Ranked { advice: next, .. } in all {
        let is_new = advice.iter().all(|before| before.command.is_none() || before.command != next.command);
        // A value of nothing comes from figures that were nothing.
        if is_new && next.value_bytes != Some(0) && advice.len() < MOST {
            advice.push(next);
        }
    }
    advice
}

/// Puts a piece of advice at its place.
fn push(into: &mut Vec<Ranked>, rank: u8, advice: Advice) {
    into.push(Ranked { rank, advice });
}
