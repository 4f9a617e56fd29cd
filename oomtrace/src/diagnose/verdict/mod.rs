//! What kind of failure it was: one file for each family of rules, asked in this order.
//!
//! Who asked for the kill, then what kind of memory grew, then how many grew, then whether it was the victim, then what
//! limited it, then the course of the growth.

mod asked;
mod cache;
mod finite;
mod kernel_memory;
mod kind;
mod lives;
mod machine;
mod moment;
mod neighbour;
mod not_full;
mod shape;
mod shared;
mod shmem;
pub(super) mod snapshot;
mod swarm;
mod undetermined;

use super::case::{Case, Finding};

type Rule = fn(&Case<'_, '_, '_>) -> Option<Finding>;

/// The first that fits counts.
const RULES: [Rule; 12] = [
    asked::sysrq,
    asked::limit_lowered,
    asked::in_one_piece,
    undetermined::no_growth,
    swarm::rule,
    shmem::rule,
    kernel_memory::rule,
    cache::rule,
    neighbour::rule,
    machine::rule,
    shape::rule,
    shared::rule,
];

/// The verdict.
pub(super) fn of(case: &Case<'_, '_, '_>) -> Finding {
    RULES.iter().find_map(|rule| rule(case)).unwrap_or_else(|| undetermined::nobody(case))
}
