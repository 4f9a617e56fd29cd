//! What to change: advice with values worked out from this incident, each with its reason in figures.
//!
//! One file for each family. None of them guesses: where a figure is missing that a rule needs, the family is silent. The
//! rules are documented in docs/diagnosis.md, section "Advice".

mod adj;
mod data;
mod dotnet;
mod facts;
mod find;
mod go;
mod group;
mod heap;
mod jvm;
mod kernel_memory;
mod limit;
mod malloc;
mod node;
mod one_look;
mod own_limit;
mod page_cache;
mod postgresql;
mod redis;
mod round;
mod shmem;
mod swap;
mod swarm;
mod target;
#[cfg(test)]
mod tests;
mod zones;

use self::facts::Facts;
use crate::model::{Advice, Diagnosis, Incident};

/// Advice given at the most: who gets more follows none.
pub const MOST: usize = 4;

/// A piece of advice and its place: the lowest first.
struct Ranked {
    rank: u8,
    advice: Advice,
}

/// What a family has to say about an incident.
type Family = fn(&Facts<'_>, &mut Vec<Ranked>);

/// All families; of equal ranks the one that stands first here comes first.
const FAMILIES: [Family; 20] = [
    data::advise,
    redis::advise,
    postgresql::advise,
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
