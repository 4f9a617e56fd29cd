//! Whose limit was hit, from the words of the kill: before 5.0 no line names it, and excerpts lack that line.

use std::borrow::Cow;

use super::Report;
use super::settle::is_old;
use crate::model::Constraint;

/// The words are those of the machine's memory, or of some of its nodes'.
const MACHINE_OR_NODES: &str = "the words of the kill say that it was not a memory cgroup's limit; whether it was the machine's memory or that of the nodes of a cpuset or memory policy, these lines do not say";
const MEMCG: &str = "Memory cgroup out of memory";

/// The report with its constraint, and the note where that is not certain.
pub(super) fn settled(report: &Report) -> (Cow<'_, Report>, Option<&'static str>) {
    let (constraint, note) = match (report.domain.constraint, of_words(report)) {
        (None, Some(constraint)) => {
            let sure = constraint == Constraint::Memcg || is_whole_machine(report);
            (constraint, (!sure).then_some(MACHINE_OR_NODES))
        }
        _ => return (Cow::Borrowed(report), None),
    };
    let mut report = report.clone();
    report.domain.constraint = Some(constraint);
    report.domain.oom_memcg = report.domain.oom_memcg.take().or_else(|| report.memcg.path.clone());
    (Cow::Owned(report), note)
}

fn of_words(report: &Report) -> Option<Constraint> {
    let killed = report.killed.iter().find_map(|killed| killed.message.as_deref());
    let message = killed.or_else(|| report.chosen.as_ref().map(|chosen| chosen.message.as_str()));
    match message {
        Some(MEMCG) => Some(Constraint::Memcg),
        Some(_) => Some(Constraint::None),
        // A report of a cgroup has its counters.
        None if report.memcg.memory.is_some() => Some(Constraint::Memcg),
        None => None,
    }
}

/// A whole report of 4.19 or older in which neither a cpuset nor a memory policy is named.
fn is_whole_machine(report: &Report) -> bool {
    let all_nodes = report.domain.cpuset.as_ref().is_none_or(|cpuset| cpuset.as_bytes() == b"/");
    let sized = report.machine.ram_pages.is_some() && report.trigger.is_some();
    is_old(report) && sized && all_nodes && report.domain.nodemask.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::klog::{Chosen, Killed, Machine, Trigger};

    fn killed(message: Option<&str>) -> Report {
        let killed = Killed { message: message.map(str::to_owned), pid: 7, ..Killed::default() };
        Report { killed: vec![killed], ..Report::default() }
    }

    #[test]
    fn the_words_decide() {
        let (report, note) = (killed(Some("Memory cgroup out of memory")), None);
        assert_eq!(
            (settled(&report).0.domain.constraint, settled(&report).1),
            (Some(Constraint::Memcg), note)
        );
        for message in ["Out of memory", "Out of memory (oom_kill_allocating_task)"] {
            let report = killed(Some(message));
            assert_eq!(
                (settled(&report).0.domain.constraint, settled(&report).1),
                (Some(Constraint::None), Some(MACHINE_OR_NODES))
            );
        }
        assert_eq!(settled(&killed(None)).0.domain.constraint, None);
        let mut report = killed(Some("Memory cgroup out of memory"));
        report.domain.constraint = Some(Constraint::Cpuset);
        assert_eq!(settled(&report).0.domain.constraint, Some(Constraint::Cpuset));
    }

    #[test]
    fn a_whole_report_of_an_old_kernel_is_certain() {
        let mut report = killed(None);
        report.chosen = Some(Chosen { message: "Out of memory".to_owned(), ..Chosen::default() });
        report.machine = Machine { ram_pages: Some(9), ..Machine::default() };
        report.trigger = Some(Trigger::default());
        assert_eq!(settled(&report).1, None);
        report.domain.cpuset = Some("left".into());
        assert_eq!(settled(&report).1, Some(MACHINE_OR_NODES));
    }
}
