//! The one-line events around the kills.

use super::page::{Page, Rich, Tone};

use super::{no_kill as run, signs, words};
use crate::model::{
    Alert, AlertState, Footer, Header, Lost, NoKill, NoKillReason, Sender, SenderKind, SentHow, Sigkill,
    Update,
};
use crate::render::answers::program;
use crate::words::bytes;
use crate::words::width::{columns, cut};

/// `Tracing OOM kills on web-3 (kernel 6.12.9), 6 hooks. Ctrl-C to stop.`, and at most one line about what is lacking.
pub(super) fn header(page: &mut Page, header: &Header) {
    if page.style().verbose {
        return whole_header(page, header);
    }
    let host = &header.host;
    let mut text = Rich::from("Tracing OOM kills on ").with(Tone::Bold, words::safe(&host.name));
    let hooks = header.probes.len();
    text.push(
        Tone::Plain,
        match hooks {
            0 => format!(" (kernel {}), no hooks: by the kernel log.", words::safe(&host.kernel)),
            hooks => {
                format!(" (kernel {}), {hooks} hook{}.", words::safe(&host.kernel), words::plural(hooks))
            }
        },
    );
    page.para_of(text.with(Tone::Plain, " Ctrl-C to stop."), 2, 1);
    let note = match header.notes.as_slice() {
        [] => return,
        [one] => format!("note: {}", words::safe(one)),
        [first, rest @ ..] => format!("note: {} (and {} more)", words::safe(first), rest.len()),
    };
    let room = page.width().saturating_sub(columns(MORE) + 1);
    let note = Rich::new().with(Tone::Yellow, cut(&note, room)).with(Tone::Dim, format!(" {MORE}"));
    page.para_of(note, 2, 1);
}

/// Where the rest of the notes is.
const MORE: &str = "[-v, doctor]";

fn whole_header(page: &mut Page, header: &Header) {
    let host = &header.host;
    let mut text = Rich::from("Tracing OOM kills on ");
    text.push(Tone::Bold, words::safe(&host.name));
    text.push(Tone::Plain, format!(" (kernel {})", words::safe(&host.kernel)));
    let probes: Vec<_> = header.probes.iter().map(|probe| words::safe(probe)).collect();
    text.push(
        Tone::Plain,
        match probes.as_slice() {
            [] => ", no probes attached.".into(),
            probes => format!(", probes {}.", probes.join(", ")),
        },
    );
    page.para(text.with(Tone::Plain, " Ctrl-C to stop."), 2);
    notes(page, &header.notes);
}

/// What became known later, one line an exit.
pub(super) fn update(page: &mut Page, update: &Update) {
    let id = words::safe(&update.id);
    for exit in &update.exits {
        let text = format!(
            "Update: pid {} exited {} after SIGKILL",
            exit.pid,
            words::duration(exit.kill_to_exit_ns)
        );
        page.para(Rich::from(text).with(Tone::Dim, format!(" (incident {id})")), 2);
    }
    for victim in &update.victims {
        let text = Rich::from("Update: ").with(Tone::Red, words::task(&victim.comm, victim.pid));
        let size =
            words::resident(&victim.memory).map_or(String::new(), |size| format!(", {}", words::size(size)));
        page.para(
            text.with(Tone::Plain, format!(" died as well{size}"))
                .with(Tone::Dim, format!(" (incident {id})")),
            2,
        );
    }
    for note in &update.notes {
        page.para(
            Rich::from("Update: ")
                .with(Tone::Yellow, words::safe(note))
                .with(Tone::Dim, format!(" (incident {id})")),
            2,
        );
    }
}

/// The OOM killer ran and killed nothing.
pub(super) fn no_kill(page: &mut Page, no_kill: &NoKill) {
    let who = match (&no_kill.comm, no_kill.pid) {
        (Some(comm), Some(pid)) => words::task(comm, pid),
        (Some(comm), None) => words::name(comm),
        (None, Some(pid)) => format!("pid {pid}"),
        (None, None) => "its choice".into(),
    };
    let why = match no_kill.reason {
        NoKillReason::AlreadyDying => "was exiting anyway and got the memory to finish",
        NoKillReason::AlreadyExited => "was gone before it could be killed",
        NoKillReason::NoneKillable => return nothing(page, no_kill, "no task may be killed"),
        NoKillReason::Panic => return nothing(page, no_kill, "the kernel panicked instead"),
        NoKillReason::Unknown => return run::open_end(page, no_kill),
    };
    page.para(
        format!("{} The OOM killer ran and killed nothing: {who} {why}.", words::clock(&no_kill.time)),
        2,
    );
}

/// A SIGKILL that was not the OOM killer's: who got it, from whom, and how that is known.
pub(super) fn sigkill(page: &mut Page, sigkill: &Sigkill) {
    let Sigkill { sender, target, .. } = sigkill;
    let mut text = Rich::from(format!("{} SIGKILL, not by the OOM killer: ", words::clock(&sigkill.time)));
    text.push(Tone::Red, words::task(&target.comm, target.pid));
    if let Some(size) = words::resident(&target.memory) {
        text.push(Tone::Plain, format!(" ({})", words::size(size)));
    }
    text.push(Tone::Plain, format!(" from {}", self::sender(sender, sigkill.how)));
    page.para(text.with(Tone::Dim, format!(" ({})", words::safe(&sender.why))), 2);
}

/// The sender in words.
#[must_use]
pub fn sender(sender: &Sender, how: SentHow) -> String {
    let process =
        || sender.pid.map_or_else(|| words::name(&sender.comm), |pid| words::task(&sender.comm, pid));
    let way = if how == SentHow::CgroupKill { " by cgroup.kill" } else { "" };
    let unit = sender.unit.as_ref().map_or(String::new(), |unit| format!(", unit {}", words::safe(unit)));
    let uid = sender.uid.map_or(String::new(), |uid| format!(", uid {uid}"));
    let parent = if sender.kind == SenderKind::Parent { "its parent " } else { "" };
    match (sender.kind, program::of(sender)) {
        (SenderKind::Kernel, _) => "the kernel".to_owned(),
        (SenderKind::Itself, _) => format!("itself{way}"),
        (_, Some(name)) => format!("{name}: {parent}{}{way}{uid}{unit}", process()),
        (_, None) => format!("{parent}{}{way}{uid}{unit}", process()),
    }
}

fn nothing(page: &mut Page, no_kill: &NoKill, why: &str) {
    let text = format!("{} The OOM killer ran and killed nothing: {why}.", words::clock(&no_kill.time));
    page.para(text.trim_start().to_owned(), 2);
    run::report(page, no_kill);
}

/// A rule that began or ceased to hold.
pub(super) fn alert(page: &mut Page, alert: &Alert) {
    let mut text = Rich::from(format!("{} ", words::clock(&alert.time)));
    let (tone, end) = match alert.state {
        AlertState::Firing => (Tone::Yellow, ""),
        AlertState::Resolved => (Tone::Plain, " is over"),
    };
    text.push(tone, format!("Alert {}{end}: ", words::safe(&alert.rule)));
    page.para(text.with(Tone::Plain, words::safe(&alert.summary)), 2);
}

/// A gap.
pub(super) fn lost(page: &mut Page, lost: &Lost) {
    let records = format!("{} record{}", figure(lost.records), if lost.records == 1 { "" } else { "s" });
    let kills = format!("{} kill{}", figure(lost.kills), if lost.kills == 1 { "" } else { "s" });
    let mut text = Rich::from(format!("{} ", words::clock(&lost.time)));
    text.push(Tone::Red, format!("Lost: {kills}, {records}."));
    page.para(text.with(Tone::Plain, format!(" {}", words::safe(&lost.why))), 2);
}

/// Whether there is nothing to say but how many kills there were.
pub(super) fn is_plain(footer: &Footer) -> bool {
    footer.complete && footer.filtered == 0 && footer.lost_kills == 0 && footer.signs.is_empty()
}

/// The sums, and whether they can be trusted.
pub(super) fn footer(page: &mut Page, footer: &Footer) {
    page.gap();
    let kills = if footer.kills == 1 { "kill" } else { "kills" };
    let mut text = match footer.filtered {
        0 => Rich::from(format!("{} OOM {kills}", figure(footer.kills))),
        _ => Rich::from(words::safe(&crate::evidence::matched(footer))),
    };
    if footer.lost_kills > 0 {
        text.push(Tone::Red, format!(", {} more lost", figure(footer.lost_kills)));
    }
    if let Some(counted) = footer.vmstat_oom_kill {
        text.push(Tone::Plain, format!("; the kernel counted {}", figure(counted)));
    }
    text.push(Tone::Plain, ". ");
    match footer.complete {
        true => text.push(Tone::Plain, "Nothing was missed."),
        false => text.push(Tone::Yellow, "Not complete: there may have been more."),
    };
    page.para(text, 2);
    notes(page, &footer.notes);
    signs::write(page, &footer.signs);
}

fn notes(page: &mut Page, notes: &[String]) {
    for note in notes {
        page.para(Rich::new().with(Tone::Yellow, format!("note: {}", words::safe(note))), 2);
    }
}

fn figure(value: u64) -> String {
    bytes::count(i64::try_from(value).unwrap_or(i64::MAX))
}
