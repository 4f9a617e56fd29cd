//! What died, and in whose context memory ran out.

use super::parts::{card, fact, number, size, table};
use crate::model::{Incident, Memory, Role, Trigger, Victim};
use crate::render::markup::Markup;
use crate::render::text::words;

/// Members of a group that are listed.
const SHOWN: usize = 100;

pub(super) fn write(page: &mut Markup, incident: &Incident) {
    if let Some(victim) = words::chosen(incident) {
        card(page, "Victim", |page| {
            page.tag("dl", &[("class", "facts")], |page| facts(page, incident, victim));
        });
    }
    let others: Vec<_> = incident.victims.iter().skip(1).collect();
    if !others.is_empty() {
        card(page, &format!("{} died with it", others.len()), |page| company(page, &others));
    }
    if let Some(trigger) = &incident.trigger {
        card(page, "Trigger: the allocation that failed", |page| write_trigger(page, incident, trigger));
    }
}

fn facts(page: &mut Markup, incident: &Incident, victim: &Victim) {
    let line = |page: &mut Markup, term: &str, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            fact(page, term, |page| {
                page.text(&text);
            });
        }
    };
    line(page, "Process", Some(who(victim)));
    if !victim.cmdline.is_empty() {
        let command: Vec<_> = victim.cmdline.iter().map(words::shown).collect();
        fact(page, "Command", |page| {
            page.text_tag("code", &[], &command.join(" "));
        });
    }
    line(page, "Executable", victim.exe.as_ref().map(words::shown));
    line(page, "Memory", Some(memory(&victim.memory)));
    line(page, "Cgroup", victim.cgroup.as_ref().map(|cgroup| words::shown(&cgroup.path)));
    line(page, "Container", victim.container.as_ref().map(words::container));
    line(page, "Unit", victim.unit.clone());
    let ran = victim.start_time.as_deref().and_then(|start| words::between(start, &incident.time));
    line(page, "Ran for", ran.map(words::duration));
    line(page, "Gone", victim.kill_to_exit_ns.map(|ns| format!("{} after SIGKILL", words::duration(ns))));
}

fn who(victim: &Victim) -> String {
    let mut facts = vec![words::task(&victim.comm, victim.pid)];
    facts.extend(victim.tid.map(|tid| format!("thread {tid}")));
    facts.extend(victim.ns_pid.map(|pid| format!("pid {pid} inside its namespace")));
    facts.extend(victim.uid.map(|uid| format!("uid {uid}")));
    facts.extend(victim.ppid.map(|ppid| format!("parent {ppid}")));
    facts.extend(victim.oom_score_adj.map(|adj| format!("oom_score_adj {adj}")));
    facts.join(", ")
}

fn memory(memory: &Memory) -> String {
    let part = |what: &str, value: Option<u64>| value.map(|value| format!("{} {what}", words::size(value)));
    let parts = [
        part("anonymous", memory.anon_bytes),
        part("file", memory.file_bytes),
        part("shared", memory.shmem_bytes),
        part("in swap", memory.swap_bytes),
        part("page tables", memory.page_table_bytes),
        part("address space", memory.total_vm_bytes),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let accuracy = match memory.accuracy {
        Some(crate::model::Accuracy::Exact) => " (exact)",
        Some(crate::model::Accuracy::Approximate) => " (approximate: per-CPU parts are missing)",
        None => "",
    };
    if parts.is_empty() { "not known".into() } else { format!("{}{accuracy}", parts.join(", ")) }
}

fn company(page: &mut Markup, others: &[&Victim]) {
    let titles = [("Process", false), ("Why", false), ("Resident", true), ("Gone after", true)];
    table(page, "Processes that died in the same kill", &titles, |page| {
        for victim in others.iter().take(SHOWN) {
            page.tag("tr", &[], |page| {
                page.text_tag("td", &[("class", "name")], &words::task(&victim.comm, victim.pid));
                let why = match victim.role {
                    Role::Chosen => "chosen",
                    Role::GroupMember => "memory.oom.group",
                    Role::SharedMm => "shared its memory",
                    Role::Signalled => "sent SIGKILL",
                };
                page.text_tag("td", &[], why);
                size(page, words::resident(&victim.memory));
                number(page, &victim.kill_to_exit_ns.map(words::duration).unwrap_or_default());
            });
        }
    });
    if others.len() > SHOWN {
        page.text_tag("p", &[("class", "dim")], &format!("and {} more", others.len() - SHOWN));
    }
}

fn write_trigger(page: &mut Markup, incident: &Incident, trigger: &Trigger) {
    let pid = trigger.tgid.unwrap_or(trigger.pid);
    let task = words::task(&trigger.comm, pid);
    let killed = incident.victims.iter().any(|victim| victim.pid == pid);
    let end = if killed { "; it was killed" } else { "; it was not killed" };
    page.text_tag("p", &[], &format!("The failing allocation came from {task}{end}."));
    if let Some(path) = &trigger.cgroup {
        page.text_tag("p", &[("class", "dim small")], &format!("Cgroup: {}", words::shown(path)));
    }
    let scope = &incident.scope;
    let mut request: Vec<_> =
        scope.order.filter(|order| *order >= 0).map(|order| format!("order {order}")).into_iter().collect();
    request.extend(scope.gfp_flags.as_ref().map(|flags| flags.names.clone()));
    if !request.is_empty() {
        page.text_tag("p", &[("class", "dim small")], &format!("Request: {}", request.join(", ")));
    }
    for (name, stack) in [("Kernel stack", &trigger.kernel_stack), ("User stack", &trigger.user_stack)] {
        if !stack.is_empty() {
            page.tag("details", &[], |page| {
                page.text_tag("summary", &[], &format!("{name}, {} frames", stack.len()));
                page.tag("pre", &[("tabindex", "0")], |page| {
                    page.lines(&stack.join("\n"));
                });
            });
        }
    }
}
