//! A run of the OOM killer that killed nothing, or of which the log lacks the end: what the kernel printed of it.

use super::page::Page;
use super::words;
use crate::model::NoKill;

/// Processes named.
const NAMED: usize = 5;

/// The log has the beginning of a report and not its outcome.
pub(super) fn open_end(page: &mut Page, no_kill: &NoKill) {
    let trigger = no_kill.report.as_ref().and_then(|report| report.trigger.as_ref());
    let by =
        trigger.map_or(String::new(), |trigger| format!(" by {}", words::task(&trigger.comm, trigger.pid)));
    let text = format!(
        "{} The OOM killer was invoked{by}; what came of it is not in the log.",
        words::clock(&no_kill.time)
    );
    page.para(text.trim_start().to_owned(), 2);
    report(page, no_kill);
}

/// Trigger, machine and the largest processes.
pub(super) fn report(page: &mut Page, no_kill: &NoKill) {
    let Some(report) = &no_kill.report else { return };
    if let Some(trigger) = &report.trigger {
        let asked = report
            .scope
            .allocation
            .as_ref()
            .map_or(String::new(), |asked| format!(": {}", words::safe(&asked.meaning)));
        page.para(format!("  trigger: {}{asked}", words::task(&trigger.comm, trigger.pid)), 4);
    }
    if let Some(failure) = report.scope.allocation.as_ref().and_then(|asked| asked.failure.as_deref()) {
        page.para(format!("  failed because: {}", words::safe(failure)), 4);
    }
    if let Some(system) = &report.system {
        let part =
            |name: &str, bytes: Option<u64>| bytes.map(|bytes| format!("{} {name}", words::size(bytes)));
        let parts = [
            part("of memory", system.mem_total_bytes),
            part("free", system.mem_free_bytes),
            part("of swap", system.swap_total_bytes),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if !parts.is_empty() {
            page.para(format!("  machine: {}", parts.join(", ")), 4);
        }
    }
    let mut tasks: Vec<_> =
        report.candidates.iter().filter_map(|task| Some((task.rss_bytes?, task))).collect();
    tasks.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    for (bytes, task) in tasks.into_iter().take(NAMED) {
        page.para(format!("  {} held {}", words::task(&task.comm, task.pid), words::size(bytes)), 4);
    }
}
