//! What `why` found, one paragraph an answer.

use super::page::{Page, Rich, Tone};
use super::{TextStyle, change, headline, stream, verdict, who, words};
use crate::model::{
    Answer, Cause, Incident, KillSignal, SenderKind, Sigkill, UserspaceKill, Witness, WitnessKind,
};
use crate::render::answers::confidence;
use crate::render::answers::userspace;

/// Processes that are listed.
const LISTED: usize = 12;

/// The answer as text, with an empty line after it.
#[must_use]
pub fn answer(answer: &Answer, style: TextStyle) -> String {
    let style = style.sane();
    let mut page = Page::new(style);
    match answer.answer {
        Cause::OomKill => oom_kill(&mut page, answer),
        Cause::Sigkill => {
            answer.sigkill.iter().for_each(|sigkill| by_sigkill(&mut page, answer, sigkill));
        }
        Cause::UserspaceKill => {
            answer.userspace_kill.iter().for_each(|kill| by_program(&mut page, answer, kill));
        }
        Cause::NotOom => page.para(bold(answer, ": not the OOM killer", &span(answer)), 2),
        Cause::Running => running(&mut page, answer),
        Cause::Unknown => {
            page.para(bold(answer, ": unknown", "."), 2);
        }
    }
    for reason in &answer.reasons {
        page.para(format!("· {}", verdict::sentence(reason)), 2);
    }
    if answer.answer != Cause::Unknown {
        sources(&mut page, answer);
    }
    if let Some(incident) = &answer.incident {
        verdict::write(&mut page, incident);
        change::write(&mut page, incident);
    }
    page.gap();
    page.finish()
}

/// The process, or what was asked for where it is not known.
fn who(answer: &Answer) -> String {
    match (&answer.comm, answer.pid) {
        (Some(comm), Some(pid)) => words::task(comm, pid),
        _ if answer.target.bytes().all(|b| b.is_ascii_digit()) => format!("pid\u{a0}{}", answer.target),
        _ => words::safe(&answer.target),
    }
}

fn bold(answer: &Answer, said: &str, after: &str) -> Rich {
    let mut text = Rich::new().with(Tone::Red, who(answer));
    text.push(Tone::Bold, said).push(Tone::Plain, after);
    text
}

fn oom_kill(page: &mut Page, answer: &Answer) {
    let Some(incident) = &answer.incident else {
        page.para(bold(answer, ": OOM-killed", ", by its counter alone."), 2);
        return;
    };
    let when = headline::when(incident);
    let at = if answer.time.is_some() { format!(" at {when}") } else { format!(" ({when})") };
    let cause = format!("{at}, because {}", because(incident));
    page.para(bold(answer, ": OOM-killed", &cause), 2);
    if let Some(diagnosis) = &incident.diagnosis {
        page.para(who::answer(incident, diagnosis), 2);
    }
}

fn because(incident: &Incident) -> String {
    match incident.scope.constraint {
        None if incident.scope.sysrq != Some(true) => "of a limit that is not known.".into(),
        _ => headline::cause(incident),
    }
}

fn by_sigkill(page: &mut Page, answer: &Answer, sigkill: &Sigkill) {
    let userspace = matches!(
        sigkill.sender.kind,
        SenderKind::SystemdOomd | SenderKind::Earlyoom | SenderKind::Oomd | SenderKind::Nohang
    );
    let not = match userspace {
        true => ", for memory, but not by the kernel's OOM killer.",
        false => ", not the OOM killer.",
    };
    let mut text = bold(answer, ": SIGKILL", &format!(" at {}", words::time(&sigkill.time)));
    text.push(Tone::Plain, " by ").push(Tone::Bold, stream::sender(&sigkill.sender, sigkill.how));
    page.para(text.with(Tone::Plain, not), 2);
}

fn by_program(page: &mut Page, answer: &Answer, kill: &UserspaceKill) {
    let said = match kill.signal {
        Some(KillSignal::Term) => ": asked to end (SIGTERM)",
        _ if kill.sender.program() == SenderKind::Kubelet => ": evicted",
        _ => ": killed",
    };
    let mut text = bold(answer, said, &format!(" at {}", userspace::when(kill)));
    text.push(Tone::Plain, " by ").push(Tone::Bold, userspace::sender(kill));
    text.push(Tone::Plain, ", for memory, but not by the kernel's OOM killer: ");
    page.para(text.with(Tone::Plain, format!("{}.", userspace::reason(&kill.reason))), 2);
    if kill.target.pid.is_none() {
        page.para(format!("It went to {}.", userspace::target(kill)), 2);
    }
}

/// The condition under which it is proved.
fn span(answer: &Answer) -> String {
    match (&answer.from, &answer.to) {
        (Some(from), Some(to)) => {
            format!(", if it died between {} and {}.", words::time(from), words::time(to))
        }
        (None, Some(to)) => format!(", if it died before {}.", words::time(to)),
        (Some(from), None) => format!(", if it died after {}.", words::time(from)),
        (None, None) => ".".into(),
    }
}

fn running(page: &mut Page, answer: &Answer) {
    if let [process] = answer.processes.as_slice() {
        let since = process.start_time.as_ref().map(|time| format!(", since {}", words::time(time)));
        return page.para(bold(answer, ": still running", &format!("{}.", since.unwrap_or_default())), 2);
    }
    let count = answer.processes.len();
    let names = answer.processes.iter().take(LISTED).map(|one| words::task(&one.comm, one.pid));
    let mut list = names.collect::<Vec<_>>().join(", ");
    if count > LISTED {
        list += &format!(" and {} more", count - LISTED);
    }
    page.para(bold(answer, ": still running", &format!(", {count} processes: {list}.")), 2);
}

fn sources(page: &mut Page, answer: &Answer) {
    let names: Vec<_> = answer.sources.iter().map(source).collect();
    if !names.is_empty() {
        page.para(Rich::new().with(Tone::Dim, format!("Source: {}.", names.join("; "))), 2);
    }
}

fn source(witness: &Witness) -> String {
    let kind = match witness.kind {
        WitnessKind::Evidence => "recording",
        WitnessKind::KernelLog => "kernel log",
        WitnessKind::ProgramLog => "its own log",
        WitnessKind::Counter => "counter",
        WitnessKind::ProcessTable => "running processes",
    };
    format!("{} ({kind}, {})", words::name(&witness.name), confidence(witness.confidence))
}
