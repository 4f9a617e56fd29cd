//! What ran out where no memory cgroup's limit was hit: the machine, nodes, one zone, or nothing but room in one piece.

use crate::model::{Constraint, Incident, Shortage, SourceKind};
use crate::render::text::words;

const MACHINE_OR_NODES: &str = "the machine, or the NUMA nodes that it may use, ran out of memory";

/// Whether the kind of limit is inferred from the words of a log's kill line alone. They tell a memory cgroup's limit from all
/// others, and not the machine from some of its nodes.
pub(in crate::render) fn is_from_words(incident: &Incident) -> bool {
    incident.scope.inferred && incident.source.kind == SourceKind::KernelLog
}

/// How the kind of limit was inferred; `None` where the kernel's decision was read.
pub(in crate::render) fn inferred(incident: &Incident) -> Option<&'static str> {
    let is_inferred = incident.scope.inferred && incident.scope.constraint.is_some();
    is_inferred.then(|| match is_from_words(incident) {
        true => "Inferred from the words of the kill: the log does not contain the kernel's decision.",
        false => "Inferred from usage and limits: the kernel's own decision could not be read.",
    })
}

/// In a few words, without a full stop; `None` where it was a memory cgroup's limit, or is not known.
pub(in crate::render) fn phrase(incident: &Incident) -> Option<String> {
    let scope = &incident.scope;
    let asked = scope.allocation.as_ref();
    let shortage = asked.and_then(|asked| asked.shortage);
    let of = match scope.constraint {
        Some(Constraint::Cpuset) => " on the NUMA nodes of a cpuset",
        Some(Constraint::MemoryPolicy) => " on the NUMA nodes of a memory policy",
        _ => "",
    };
    let size = asked.and_then(|asked| asked.bytes).map_or("a large block".to_owned(), words::size);
    match (shortage, scope.constraint) {
        (_, Some(Constraint::Memcg)) => None,
        (Some(Shortage::Charge), _) => {
            let free = incident.system.as_ref().and_then(|system| system.mem_free_bytes);
            let free = free.map_or("memory left".to_owned(), |free| format!("{} free", words::size(free)));
            Some(format!(
                "a memory cgroup could not be charged for kernel memory, though the machine had {free}"
            ))
        }
        (Some(Shortage::Fragmented), _) => {
            Some(format!("free memory{of} was in pieces too small for an allocation of {size}"))
        }
        (Some(Shortage::Zones), _) => Some(zones(incident, of)),
        (Some(Shortage::NotShort), _) => Some(format!(
            "an allocation of {size}{of} failed, though memory was free when the kernel reported it"
        )),
        (None, Some(Constraint::None)) if is_from_words(incident) => Some(MACHINE_OR_NODES.into()),
        (_, Some(Constraint::None)) => Some("the whole machine ran out of memory".into()),
        (_, Some(Constraint::Cpuset)) => Some("the NUMA nodes of a cpuset ran out of memory".into()),
        (_, Some(Constraint::MemoryPolicy)) => {
            Some("the NUMA nodes of a memory policy ran out of memory".into())
        }
        (Some(Shortage::Machine), None) => Some("the machine ran out of memory".into()),
        (Some(Shortage::Nodes), None) => Some("the NUMA nodes that it may use ran out of memory".into()),
        (None, None) if scope.message.as_deref().is_some_and(|words| words.starts_with("Out of memory")) => {
            Some(MACHINE_OR_NODES.into())
        }
        _ => None,
    }
}

/// The same as a sentence about whose limit it was.
pub(in crate::render) fn sentence(incident: &Incident) -> String {
    let asked = incident.scope.allocation.as_ref();
    let whose = match asked.and_then(|asked| asked.shortage) {
        Some(Shortage::Charge) => "Not the machine's",
        _ => "No memory cgroup's",
    };
    format!("{whose}: {}.", phrase(incident).unwrap_or_else(|| "memory ran out".into()))
}

/// Whether all of the machine ran out, by what is known.
pub(in crate::render) fn is_machine(incident: &Incident) -> bool {
    let shortage = incident.scope.allocation.as_ref().and_then(|asked| asked.shortage);
    incident.scope.constraint == Some(Constraint::None)
        && !(shortage.is_none() && is_from_words(incident))
        && matches!(shortage, None | Some(Shortage::Machine | Shortage::Limit | Shortage::Nodes))
}

/// `zones DMA32 and DMA ran out of memory, not the whole machine`
fn zones(incident: &Incident, of: &str) -> String {
    let all = incident.system.as_ref().map_or(&[][..], |system| &system.zones);
    let mut names: Vec<_> = Vec::new();
    for zone in all.iter().filter(|zone| zone.usable == Some(true)) {
        let name = words::safe(&zone.name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.as_slice() {
        [] => format!("the zones that the allocation may use{of} ran out of memory, not the whole machine"),
        [one] => format!("zone {one}{of} ran out of memory, not the whole machine"),
        [rest @ .., last] => {
            format!("zones {} and {last}{of} ran out of memory, not the whole machine", rest.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Allocation, Scope, System, Zone};

    fn incident(shortage: Option<Shortage>, constraint: Option<Constraint>) -> Incident {
        let allocation = Allocation { bytes: Some(32 << 10), shortage, ..Allocation::default() };
        let zone = |name: &str, usable| Zone { name: name.into(), usable: Some(usable), ..Zone::default() };
        let zones = vec![zone("DMA", true), zone("DMA32", true), zone("Normal", false)];
        Incident {
            scope: Scope { constraint, allocation: Some(allocation), ..Scope::default() },
            system: Some(System { zones, ..System::default() }),
            ..Incident::default()
        }
    }

    #[test]
    fn the_whole_machine_only_where_it_did() {
        let said = |shortage| phrase(&incident(Some(shortage), Some(Constraint::None))).unwrap();
        for shortage in [Shortage::Zones, Shortage::Fragmented, Shortage::Charge, Shortage::NotShort] {
            assert!(!said(shortage).contains("whole machine ran out"), "{}", said(shortage));
            assert!(!is_machine(&incident(Some(shortage), Some(Constraint::None))));
        }
        assert_eq!(said(Shortage::Zones), "zones DMA and DMA32 ran out of memory, not the whole machine");
        assert!(said(Shortage::Fragmented).contains("32\u{a0}KiB"));
        assert_eq!(said(Shortage::Machine), "the whole machine ran out of memory");
        assert!(phrase(&incident(None, Some(Constraint::None))).unwrap().contains("whole machine"));
        assert_eq!(phrase(&incident(Some(Shortage::Limit), Some(Constraint::Memcg))), None);
        assert_eq!(phrase(&incident(None, None)), None);
        let mut lone = incident(None, None);
        lone.scope.message = Some("Out of memory".into());
        assert!(phrase(&lone).unwrap().starts_with("the machine, or the NUMA nodes"));
        let mut inferred = incident(None, Some(Constraint::None));
        inferred.scope.inferred = true;
        assert!(phrase(&inferred).unwrap().starts_with("the whole machine"), "from usage and limits");
        inferred.source.kind = SourceKind::KernelLog;
        assert!(phrase(&inferred).unwrap().starts_with("the machine, or the NUMA nodes"));
        assert!(!is_machine(&inferred) && super::inferred(&inferred).unwrap().contains("words"));
        lone.scope.message = Some("Memory cgroup out of memory".into());
        assert_eq!(phrase(&lone), None);
    }
}
