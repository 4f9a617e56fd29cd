//! The process the kernel chose: who it was, what it held, where it lived.

use super::page::{Page, Rich, Tone};
use super::words;
use crate::model::{Accuracy, Incident, Memory, SourceKind, Text, Victim};
use crate::words::escape;

/// Lines of a command line that are shown.
const COMMAND_LINES: usize = 3;
/// Lines of a path that are shown.
const PATH_LINES: usize = 5;

/// Writes the section.
pub(super) fn write(page: &mut Page, incident: &Incident) {
    page.section("Victim");
    let Some(victim) = words::chosen(incident) else {
        let of_log = incident.source.kind == SourceKind::KernelLog;
        let why = if of_log { "Not in the log." } else { "Not known: only a counter of the kernel moved." };
        page.para(why, 0);
        return;
    };
    page.para(who(incident, victim), 0);
    page.para_of(command(victim), 2, COMMAND_LINES);
    page.para(memory(&victim.memory), 0);
    page.para_of(home(incident, victim), 2, PATH_LINES);
    if let Some(container) = &victim.container {
        page.para(words::container(container), 2);
    }
}

fn who(incident: &Incident, victim: &Victim) -> Rich {
    let mut text = Rich::new().with(Tone::Red, words::name(&victim.comm));
    let mut facts = vec![words::with_pid(victim.pid)];
    facts.extend(victim.tid.filter(|tid| *tid != victim.pid).map(|tid| format!("thread {tid}")));
    facts.extend(victim.ns_pid.map(|pid| format!("pid {pid} inside its namespace")));
    facts.extend(victim.uid.map(|uid| format!("uid {uid}")));
    facts.extend(victim.ppid.map(|ppid| format!("parent {ppid}")));
    let age = victim.start_time.as_deref().and_then(|start| words::between(start, &incident.time));
    facts.extend(age.map(|age| format!("ran for {}", words::duration(age))));
    facts.push(match victim.kill_to_exit_ns {
        Some(ns) => format!("exited {} after SIGKILL", words::duration(ns)),
        None if incident.source.kind == SourceKind::Ebpf => "had not exited yet".into(),
        None => String::new(),
    });
    facts.retain(|fact| !fact.is_empty());
    text.push(Tone::Plain, facts.join(", "));
    text
}

/// The command line as one would type it; the executable where there is none.
fn command(victim: &Victim) -> Rich {
    if victim.cmdline.is_empty() {
        return victim.exe.as_ref().map_or(Rich::new(), |exe| words::shown(exe).into());
    }
    command_line(&victim.cmdline).into()
}

/// Arguments with quotes where they are needed to tell them apart.
pub(super) fn command_line(args: &[Text]) -> String {
    let words: Vec<_> = args.iter().map(argument).collect();
    words.join(" ")
}

fn argument(arg: &Text) -> String {
    let shown = escape::bytes(arg.as_bytes());
    let is_plain =
        !shown.is_empty() && !shown.contains([' ', '"', '\'', ';', '&', '|', '$', '<', '>', '(', ')', '`']);
    if is_plain { shown.into_owned() } else { format!("'{}'", shown.replace('\'', r"'\''")) }
}

/// `474 MiB resident (470 MiB anonymous, 4 MiB file), 1 MiB page tables; exact`
fn memory(memory: &Memory) -> Rich {
    let part = |what: &str, value: Option<u64>| {
        value.filter(|value| *value > 0).map(|value| format!("{} {what}", words::size(value)))
    };
    let mut text = Rich::new();
    if let Some(resident) = words::resident(memory) {
        text.push(Tone::Bold, format!("{} resident", words::size(resident)));
        let parts = [
            part("anonymous", memory.anon_bytes),
            part("file", memory.file_bytes),
            part("shared", memory.shmem_bytes),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if !parts.is_empty() {
            text.push(Tone::Plain, format!(" ({})", parts.join(", ")));
        }
    }
    let swap = memory.swap_bytes.map(|swap| format!("{} in swap", words::size(swap)));
    let rest =
        [swap, part("page tables", memory.page_table_bytes), part("address space", memory.total_vm_bytes)];
    for rest in rest.into_iter().flatten() {
        let comma = if text.is_empty() { "" } else { ", " };
        text.push(Tone::Plain, format!("{comma}{rest}"));
    }
    if text.is_empty() {
        return "How much memory it held is not known.".into();
    }
    match memory.accuracy {
        Some(Accuracy::Exact) => text.push(Tone::Dim, " (exact)"),
        Some(Accuracy::Approximate) => text.push(Tone::Yellow, " (approximate: per-CPU parts are missing)"),
        None => &mut text,
    };
    if let Some(view) = &memory.kernel_view {
        let seen = view.anon_bytes.saturating_add(view.file_bytes).saturating_add(view.shmem_bytes);
        let seen = words::size(seen);
        if words::resident(memory).map(words::size).as_ref() != Some(&seen) {
            text.push(Tone::Dim, format!("; the kernel's cheap counters said {seen} resident"));
        }
    }
    text
}

/// The victim's cgroup, from the limit's on where it lies below that, and its unit.
fn home(incident: &Incident, victim: &Victim) -> Rich {
    let mut text = Rich::new();
    // A path that was lost is empty.
    if let Some(cgroup) = victim.cgroup.as_ref().filter(|cgroup| !cgroup.path.as_bytes().is_empty()) {
        let path = cgroup.path.as_bytes();
        let limit = incident.scope.memcg.as_ref().map(|memcg| memcg.level.path.as_bytes());
        let below = limit.and_then(|limit| path.strip_prefix(limit));
        let place = match below {
            Some(b"") => "in the cgroup whose limit was hit".into(),
            Some(below) if below.starts_with(b"/") && limit != Some(b"/") => {
                format!("in …{}", escape::bytes(below))
            }
            _ => format!("in {}", escape::bytes(path)),
        };
        text.push(Tone::Plain, place);
    }
    // A scope named after its container says nothing new.
    let id = victim.container.as_ref().and_then(|container| container.id.as_deref());
    if let Some(unit) = victim.unit.as_deref().filter(|unit| id.is_none_or(|id| !unit.contains(id))) {
        let comma = if text.is_empty() { "" } else { ", " };
        text.push(Tone::Plain, format!("{comma}unit {}", words::safe(unit)));
    }
    text
}
