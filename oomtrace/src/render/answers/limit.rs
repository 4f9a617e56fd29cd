//! Was it the OOM killer, and whose limit was hit?

use super::{Answer, ran_out};
use crate::model::{Constraint, Incident, LimitMemcg, SourceKind};
use crate::render::text::{headline, words};
use crate::render::timeline;

pub(super) fn answer(incident: &Incident) -> Answer {
    let scope = &incident.scope;
    let mut more = Vec::new();
    if let Some(memcg) = &scope.memcg {
        more.push(place(memcg));
        more.extend(usage(memcg));
    }
    let failure = scope.allocation.as_ref().and_then(|asked| asked.failure.as_deref());
    more.extend(failure.filter(|_| scope.memcg.is_none()).map(|why| format!("{}.", words::safe(why))));
    more.extend(ran_out::inferred(incident).map(str::to_owned));
    let witness = match incident.source.kind {
        SourceKind::Ebpf => "",
        SourceKind::KernelLog => ", by the kernel's log",
        SourceKind::Counters => ", by the kernel's counters alone",
    };
    let short = format!("Yes{witness}: {}", headline::cause(incident));
    Answer { question: "Was it the OOM killer, and whose limit?", short, more, command: None }
}

/// What is said where it is not known whose limit was hit.
pub(crate) fn not_known(incident: &Incident) -> &'static str {
    match incident.source.kind {
        SourceKind::Ebpf => "Not known: the probes that worked do not show it.",
        SourceKind::KernelLog => "Not known: the part of the kernel's report that tells it is missing.",
        SourceKind::Counters => "Not known: counters do not tell it.",
    }
}

/// Whose limit, without a full stop.
pub(super) fn whose(incident: &Incident) -> String {
    let scope = &incident.scope;
    if scope.sysrq == Some(true) {
        return "asked for with SysRq-f, nobody's limit".into();
    }
    let total = scope.total_pages.and_then(|pages| pages.checked_mul(incident.host.page_size));
    let of =
        total.filter(|total| *total > 0).map_or(String::new(), |total| format!(" ({})", words::size(total)));
    match (scope.constraint, &scope.memcg) {
        (Some(Constraint::Memcg), Some(memcg)) => {
            let limit = memcg.level.limit_bytes;
            let limit = limit.map_or(String::new(), |limit| format!(" of {}", words::size(limit)));
            format!("the memory limit{limit} of {}", words::shown(&memcg.level.path))
        }
        (Some(Constraint::Memcg), None) => "a memory cgroup's limit, which one could not be read".into(),
        (Some(Constraint::None), _) if !ran_out::is_machine(incident) => {
            ran_out::phrase(incident).unwrap_or_default()
        }
        (Some(Constraint::None), _) if ran_out::is_from_words(incident) => {
            format!("the memory of the machine or of some NUMA nodes{of}")
        }
        (Some(Constraint::None), _) => format!("the whole machine's memory{of}"),
        (Some(Constraint::Cpuset), _) => format!("the memory of a cpuset's NUMA nodes{of}"),
        (Some(Constraint::MemoryPolicy), _) => format!("the memory of a policy's NUMA nodes{of}"),
        (None, _) => ran_out::phrase(incident).unwrap_or_else(|| "whose limit is not known".into()),
    }
}

fn usage(memcg: &LimitMemcg) -> Option<String> {
    let (usage, limit) = (memcg.level.usage_bytes?, memcg.level.limit_bytes?);
    let share = words::percent(usage, limit).map_or(String::new(), |share| format!(" ({share})"));
    Some(format!("{} of {} used{share}.", words::size(usage), words::size(limit)))
}

/// Which cgroup it is, by the end of its path, and where the victim lived.
fn place(memcg: &LimitMemcg) -> String {
    let name = timeline::short_path(&memcg.level.path);
    match memcg.levels_above_victim {
        None => format!("The limit is that of {name}."),
        Some(0) => format!("The limit is that of {name}, the victim's own memory cgroup."),
        Some(1) => format!("The limit is that of {name}, one level above the victim's memory cgroup."),
        Some(levels) => {
            format!("The limit is that of {name}, {levels} levels above the victim's memory cgroup.")
        }
    }
}
