//! Who asked for the memory, when that was not the victim.

use super::page::{Page, Tone};
use super::words;
use crate::model::Incident;

/// Writes the section, nothing when the victim itself asked.
pub(super) fn write(page: &mut Page, incident: &Incident) {
    let Some(trigger) = &incident.trigger else {
        return;
    };
    let tgid = trigger.tgid.unwrap_or(trigger.pid);
    let is_victim =
        words::chosen(incident).is_some_and(|victim| victim.pid == tgid || victim.tid == Some(trigger.pid));
    if is_victim {
        return;
    }
    let died = incident.victims.iter().any(|victim| victim.pid == tgid);
    page.section("Trigger");
    let mut text = super::page::Rich::new().with(Tone::Bold, words::name(&trigger.comm));
    text.push(Tone::Plain, words::with_pid(tgid));
    text.push(
        Tone::Plain,
        match incident.scope.sysrq {
            Some(true) => " carried out the SysRq request; it is not to blame.",
            _ if died => " made the failing allocation and died with the victim.",
            _ => " made the failing allocation; it was not killed.",
        },
    );
    page.para(text, 0);
    let home = words::chosen(incident).and_then(|victim| victim.cgroup.as_ref()).map(|cgroup| &cgroup.path);
    if let Some(cgroup) = trigger.cgroup.as_ref().filter(|cgroup| Some(*cgroup) != home) {
        page.para_of(format!("in {}", words::shown(cgroup)), 2, 3);
    }
}
