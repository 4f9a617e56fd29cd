//! Which zones a request may use: by its flags, its cpuset and its memory policy.

use super::class::Class;
use super::request::Request;
use crate::klog::{Report, ZoneReport};
use crate::model::Constraint;

/// Why a zone is of no use to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::klog) enum Barred {
    /// It is above what the flags allow.
    Class,
    /// Its node is not among those allowed.
    Node,
}

/// Whether the request may not use a zone, and why.
pub(in crate::klog) fn barred(report: &Report, request: &Request<'_>, zone: &ZoneReport) -> Option<Barred> {
    let class = Class::of(zone).filter(|class| *class != Class::Device);
    if class.is_none_or(|class| class > request.class) {
        return Some(Barred::Class);
    }
    let lists = nodes(report, request);
    let allowed = lists.into_iter().flatten().all(|list| in_list(zone.node, list));
    (!allowed).then_some(Barred::Node)
}

/// The lists of nodes that all have to hold the zone's. A kill for the whole machine says that none was a bar.
fn nodes<'a>(report: &'a Report, request: &Request<'_>) -> [Option<&'a str>; 2] {
    let domain = &report.domain;
    let (policy, cpuset) = (domain.nodemask.as_deref(), domain.mems_allowed.as_deref());
    let whole = |list: Option<&'a str>| list.filter(|list| !list.is_empty());
    match domain.constraint {
        Some(Constraint::None) => [None, None],
        Some(Constraint::Cpuset | Constraint::MemoryPolicy) => [whole(policy), whole(cpuset)],
        // Without the flag a request may leave its cpuset.
        _ if request.hardwall => [whole(policy), whole(cpuset)],
        _ => [whole(policy), None],
    }
}

/// Whether a list like `0-1,3` holds a number.
fn in_list(number: u32, list: &str) -> bool {
    list.split(',').any(|part| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        matches!((from.parse::<u32>(), to.parse::<u32>()), (Ok(from), Ok(to)) if (from..=to).contains(&number))
    })
}
