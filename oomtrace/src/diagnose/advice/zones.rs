//! Kills that no process's size explains: low memory, free memory in pieces, a limit of kernel memory.

use super::facts::{Facts, name};
use super::round::{percent, size};
use super::{Ranked, push};
use crate::model::{Advice, Shortage, System, Zone};

/// Most of the memory that a higher minimum may keep free, percent.
const KEEP_MOST: u64 = 5;
/// Slab of this part of low memory is worth a look, percent.
const SLAB: u64 = 30;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let asked = facts.incident.scope.allocation.as_ref();
    match asked.and_then(|asked| asked.shortage) {
        Some(Shortage::Charge) => kernel_memory(facts, into),
        Some(Shortage::Zones) => low_memory(facts, into),
        Some(Shortage::Fragmented) => in_pieces(facts, into),
        _ => {}
    }
}

/// The machine had memory; a limit of kernel memory is what failed.
fn kernel_memory(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let cpuset = facts.incident.scope.cpuset.as_ref().filter(|name| name.as_bytes() != b"/");
    let of =
        cpuset.map_or(String::new(), |cpuset| format!(" (container or cgroup {})", name(Some(cpuset), None)));
    push(
        into,
        9,
        Advice {
            action: format!(
                "Remove the limit of kernel memory of that cgroup{of}, or raise it: memory.kmem.limit_in_bytes, --kernel-memory \
                 of Docker. Limit its memory as a whole instead (--memory)."
            ),
            why: "The machine had memory, and the page fault failed without asking for any. At a limit of kernel memory system \
                  calls and page faults of the cgroup fail; kernels since 5.16 ignore such a limit."
                .into(),
            ..Advice::default()
        },
    );
}

fn size_of(zones: &[&Zone]) -> u64 {
    zones.iter().filter_map(|zone| zone.managed_bytes).fold(0, u64::saturating_add)
}

/// A kernel of 32 bits can use little of the memory for itself.
fn low_memory(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let Some(system) = facts.incident.system.as_ref() else { return };
    let is_high = |zone: &&Zone| zone.name == "HighMem";
    let (high, low): (Vec<_>, Vec<_>) = system.zones.iter().partition(is_high);
    let (high, low) = (size_of(&high), size_of(&low));
    if high == 0 || low == 0 {
        return;
    }
    slab(system, low, into);
    push(
        into,
        11,
        Advice {
            action: "Run a 64-bit kernel on this machine, if it can: it uses all memory for itself.".into(),
            why: format!(
                "A 32-bit kernel keeps its own data in low memory, here {}; the other {} (HighMem) are for processes and page \
                 cache alone.",
                size(low),
                size(high)
            ),
            ..Advice::default()
        },
    );
}

fn slab(system: &System, low: u64, into: &mut Vec<Ranked>) {
    let Some(slab) = system.slab_unreclaimable_bytes.filter(|slab| *slab >= percent(low, SLAB)) else {
        return;
    };
    push(
        into,
        9,
        Advice {
            action: "Find the kernel objects that fill low memory; while it is filling:".into(),
            command: Some("sudo slabtop -o -s c | head -n 20".into()),
            value_bytes: None,
            why: format!("Unreclaimable slab held {} of {} at the kill.", size(slab), size(low)),
        },
    );
}

/// More free memory leaves larger blocks of it.
fn in_pieces(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let Some(system) = facts.incident.system.as_ref() else { return };
    let minima = system.zones.iter().map(|zone| zone.min_bytes).fold(0, u64::saturating_add);
    let all = system.zones.iter().filter_map(|zone| zone.managed_bytes).fold(0, u64::saturating_add);
    let value = minima.saturating_mul(2);
    if minima == 0 || value > percent(all, KEEP_MOST) {
        return;
    }
    push(
        into,
        15,
        Advice {
            action: format!(
                "Keep more memory free, {}, so that larger blocks are left and the kernel compacts earlier.",
                size(value)
            ),
            command: Some(format!("sudo sysctl -w vm.min_free_kbytes={}", value / 1024)),
            value_bytes: Some(value),
            why: format!(
                "The minima of all zones add up to {}; twice that is below 5 % of the {} there are. It makes a failure less likely \
                 and does not exclude it.",
                size(minima),
                size(all)
            ),
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Allocation, Diagnosis, Incident, Scope};

    const MIB: u64 = 1 << 20;

    fn advice(shortage: Shortage, zones: Vec<Zone>, slab: u64) -> Vec<Advice> {
        let allocation = Allocation { shortage: Some(shortage), ..Allocation::default() };
        let incident = Incident {
            scope: Scope { allocation: Some(allocation), ..Scope::default() },
            system: Some(System { zones, slab_unreclaimable_bytes: Some(slab), ..System::default() }),
            ..Incident::default()
        };
        super::super::advise(&incident, &Diagnosis::default())
    }

    fn zone(name: &str, managed: u64) -> Zone {
        Zone { name: name.into(), managed_bytes: Some(managed), min_bytes: MIB, ..Zone::default() }
    }

    fn says(advice: &[Advice], words: &str) -> bool {
        advice
            .iter()
            .any(|one| one.action.contains(words) || one.command.as_deref().unwrap_or("").contains(words))
    }

    #[test]
    fn by_kind_of_shortage() {
        let small = || vec![zone("DMA", 600 * MIB), zone("HighMem", 7000 * MIB)];
        let low = advice(Shortage::Zones, small(), 400 * MIB);
        assert!(says(&low, "64-bit kernel") && says(&low, "slabtop"), "{low:?}");
        assert!(!says(&advice(Shortage::Zones, small(), MIB), "slabtop"));
        assert!(!says(&advice(Shortage::Zones, vec![zone("DMA32", 600 * MIB)], 0), "64-bit"));
        assert!(says(&advice(Shortage::Charge, Vec::new(), 0), "memory.kmem.limit_in_bytes"));
        let pieces = advice(Shortage::Fragmented, small(), 0);
        assert!(says(&pieces, "vm.min_free_kbytes=4096"), "{pieces:?}");
        assert!(
            !says(&advice(Shortage::Fragmented, vec![zone("Normal", 10 * MIB)], 0), "min_free"),
            "a tenth of it"
        );
        assert!(!says(&advice(Shortage::Machine, small(), 400 * MIB), "slabtop"));
    }
}
