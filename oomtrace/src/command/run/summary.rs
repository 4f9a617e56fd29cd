//! The report for a person, on standard error.

use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::time::Duration;

use super::ci;
use super::meter::Near;
use super::supervise::End;
use super::verdict::{Exit, Outcome};
use super::{Report, is_noteworthy};
use crate::command::terminal::Look;
use crate::model::{Event, Incident, Sigkill, Text};
use crate::render::{Render as _, Text as Pages, sender};
use crate::words::{bytes, escape};

/// Kills that are reported whole; of the others a line each, and of many a number.
const WHOLE: usize = 3;
const LINES: usize = 10;
/// Columns of the labels, and of the picture of memory over time.
const LABEL: usize = 12;
const PICTURE: usize = 40;
/// A shorter command has no rate worth a word.
const STEADY: Duration = Duration::from_secs(4);

/// Writes it, unless it was asked to be quiet and there is nothing to say.
pub(super) fn write(report: &Report<'_>) {
    if report.args.quiet && !is_noteworthy(report) {
        return;
    }
    let look = look(report);
    let mut pages = Pages::new(look.style());
    let mut text = Vec::new();
    for incident in report.seen.kills.iter().take(WHOLE) {
        let event = Event::OomKill(Box::new(incident.clone()));
        // Writing to memory can't fail.
        let _ = pages.event(&event, &mut text);
    }
    let mut lines = Lines { color: look.color, out: String::from("\n") };
    lines.headline(report);
    lines.rest(report);
    text.extend_from_slice(look.plain(lines.out).as_bytes());
    let text = ci::Ci::of(report.args.annotations, |name| std::env::var_os(name))
        .map_or(text.clone(), |ci| ci.fenced(&text));
    // Nobody may be there to read it.
    let _ = std::io::stderr().write_all(&text);
}

fn look(report: &Report<'_>) -> Look {
    match std::io::stderr().as_fd().try_clone_to_owned() {
        Ok(fd) => Look::of_file(&fd.into(), report.args.color).laid_out(report.args.layout),
        Err(_) => Look::default().laid_out(report.args.layout),
    }
}

/// Lines with a label each.
struct Lines {
    color: bool,
    out: String,
}

impl Lines {
    fn paint(&self, ansi: &str, text: &str) -> String {
        if self.color { format!("\x1b[{ansi}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn line(&mut self, label: &str, text: &str) {
        let label = format!("{label:LABEL$}");
        let label = self.paint("36", &label);
        self.out.push_str(&label);
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// `oomtrace run: FAIL  worker (pid 7) was killed (rule: no OOM kill of the command)`
    fn headline(&mut self, report: &Report<'_>) {
        let outcome = report.verdict.outcome();
        let word = match outcome {
            Outcome::Pass if command_failed(report) => self.paint("1;33", "command failed"),
            Outcome::Pass => self.paint("1;32", "pass"),
            Outcome::Unknown => self.paint("1;33", "UNKNOWN"),
            Outcome::Fail => self.paint("1;31", "FAIL"),
        };
        let reason = reason(report);
        self.out.push_str(&format!("oomtrace run: {word}  {reason}\n"));
    }

    fn rest(&mut self, report: &Report<'_>) {
        self.line("Command", &command(report));
        let worst = report.verdict.outcome();
        let said = report.verdict.rules.iter().position(|rule| rule.outcome == worst);
        let rules = report.verdict.rules.iter().enumerate();
        for (_, rule) in rules.filter(|(at, rule)| rule.outcome != Outcome::Pass && Some(*at) != said) {
            self.line(rule.outcome.word(), &format!("{}: {}", rule.name, rule.why));
        }
        self.more_kills(report);
        self.memory(report);
        self.left(report);
        self.witness(report);
        let written = [
            ("Evidence", &report.args.evidence),
            ("JUnit", &report.args.junit),
            ("Summary", &report.args.summary),
        ];
        for (label, file) in written {
            if let Some(file) = file {
                self.line(label, &escape::text(&file.to_string_lossy()));
            }
        }
    }

    /// Kills beyond those reported whole, and those of others.
    fn more_kills(&mut self, report: &Report<'_>) {
        let seen = report.seen;
        for incident in seen.kills.iter().skip(WHOLE).take(LINES) {
            self.line("OOM kill", &one(incident));
        }
        let shown = (WHOLE + LINES).min(seen.kills.len()) as u64;
        if seen.count > shown {
            self.line("OOM kill", &format!("and {} more", seen.count - shown));
        }
        if let Some(first) = seen.elsewhere.first() {
            let more = match seen.count_elsewhere {
                0 | 1 => String::new(),
                count => format!(", and {} more", count - 1),
            };
            self.line("Elsewhere", &format!("{}{more} (not this command)", one(first)));
        }
    }

    fn memory(&mut self, report: &Report<'_>) {
        let measured = &report.done.measured;
        let mut parts = Vec::new();
        if let Some(peak) = measured.peak {
            parts.push(format!("peak {}{}", if measured.exact { "" } else { "about " }, bytes::size(peak)));
        }
        parts.extend(measured.last.map(|last| format!("{} at the end", bytes::size(last))));
        parts.extend(steady_rate(report).map(rate));
        if parts.is_empty() {
            parts.push("not measured: the command was too short".into());
        }
        self.line("Memory", &parts.join(", "));
        if measured.series.points().len() > 1 {
            let own = measured.near.as_ref().filter(|near| near.own).map(|near| near.limit);
            self.line("", &measured.series.sparkline(PICTURE, own));
        }
        if let Some(near) = &measured.near {
            self.line("Limit", &limit(near));
        }
        let top = measured.top.iter().filter(|consumer| consumer.peak > 0);
        let top: Vec<String> =
            top.map(|c| format!("{} {}", task(&c.comm, c.pid), bytes::size(c.peak))).collect();
        if !top.is_empty() {
            self.line("Largest", &top.join(", "));
        }
    }

    fn left(&mut self, report: &Report<'_>) {
        let left = &report.done.left;
        if !left.is_empty() {
            let pids: Vec<String> = left.iter().take(LINES).map(u32::to_string).collect();
            let more = if left.len() > LINES { ", ..." } else { "" };
            self.line(
                "Left",
                &format!(
                    "{} still running, outside of the cgroup: pid {}{more}",
                    left.len(),
                    pids.join(", ")
                ),
            );
        }
    }

    fn witness(&mut self, report: &Report<'_>) {
        let hooks = report.seen.header.as_ref().map_or(0, |header| header.probes.len());
        let how = match (report.witness.ebpf, report.seen.header.is_some()) {
            (true, _) => format!("eBPF, {hooks} hooks"),
            (false, true) => "the kernel's log".to_owned(),
            (false, false) => "the kernel's counters alone".to_owned(),
        };
        let whole = if report.seen.is_complete() { "; nothing was missed" } else { "" };
        self.line("Seen by", &format!("{how}{whole}"));
        for note in &report.witness.notes {
            self.line("Note", &escape::text(note));
        }
    }
}

/// The rate of growth, of a command that ran for long enough to have one.
pub(super) fn steady_rate(report: &Report<'_>) -> Option<f64> {
    report.done.measured.series.rate().filter(|_| report.ended.took >= STEADY)
}

/// Whether the command failed by itself. That violates no rule, and must not look like a success.
pub(super) fn command_failed(report: &Report<'_>) -> bool {
    report.ended.timed_out || report.ended.end.code() != 0
}

/// The command's name, safe to show.
pub(super) fn name(report: &Report<'_>) -> String {
    report.args.program()
}

/// Why the verdict is what it is.
pub(super) fn reason(report: &Report<'_>) -> String {
    let worst = report.verdict.outcome();
    let rule = report.verdict.rules.iter().find(|rule| rule.outcome == worst);
    match (worst, rule) {
        (Outcome::Pass, _) | (_, None) => match report.seen.count {
            0 => "no OOM kill".to_owned(),
            count => format!("{count} OOM kills, which are only reported"),
        },
        (_, Some(rule)) => format!("{} (rule: {})", rule.why, rule.name),
    }
}

/// How the command ended, and whether that was the OOM killer.
pub(super) fn command(report: &Report<'_>) -> String {
    let took = bytes::duration(u64::try_from(report.ended.took.as_nanos()).unwrap_or(u64::MAX));
    let how = match report.ended.end {
        _ if report.ended.timed_out => "timed out and was terminated".to_owned(),
        End::Exited(0) => "exited with 0".to_owned(),
        End::Exited(137) => format!("exited with 137{}", by_kill(report, None)),
        End::Exited(code) => format!("exited with {code}"),
        End::Signalled(libc::SIGKILL) => {
            format!("was killed by SIGKILL (137){}", by_kill(report, Some(report.done.pid)))
        }
        End::Signalled(signal) => format!("was ended by signal {signal} ({})", 128 + signal),
    };
    let ours = match report.exit {
        Exit::Code(code) if code != report.ended.end.code() => format!("; exit code {code}"),
        _ => String::new(),
    };
    format!("{} (pid {}) {how} after {took}{ours}", name(report), report.done.pid)
}

/// 137 is only SIGKILL: who sent it?
fn by_kill(report: &Report<'_>, pid: Option<u32>) -> String {
    match pid {
        Some(pid) if report.seen.killed(pid) => ": by the OOM killer".into(),
        None if report.seen.count > 0 => ": a process of it was killed by the OOM killer".into(),
        _ if sent(report, pid).is_some() => {
            let by = sent(report, pid).map(|s| sender(&s.sender, s.how)).unwrap_or_default();
            format!(", not by the OOM killer: SIGKILL was sent by {by}")
        }
        _ if report.seen.is_complete() || report.witness.vmstat == Some(0) => {
            ", not by the OOM killer: another process sent SIGKILL".into()
        }
        _ => ": whether by the OOM killer is unknown".into(),
    }
}

/// The SIGKILL in question: to the command, or to one of its processes that it then told of.
fn sent<'a>(report: &'a Report<'_>, pid: Option<u32>) -> Option<&'a Sigkill> {
    match pid {
        Some(pid) => report.seen.sigkill_to(pid),
        None => report.seen.sigkill_to_child(report.done.pid),
    }
}

/// `+1.2 MiB/s in the second half`
pub(super) fn rate(rate: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // it saturates
    let size = bytes::size(rate.abs() as u64);
    format!("{}{size}/s in the second half", if rate < 0.0 { "-" } else { "+" })
}

/// `64 MiB of 64 MiB (100 %), 0 B left`
pub(super) fn limit(near: &Near) -> String {
    let (tenths, left) = (near.permille(), bytes::size(near.headroom()));
    let whose = match (&near.dir, near.own) {
        (_, true) => "its own".to_owned(),
        (Some(dir), false) => format!("that of {}", escape::text(&dir.to_string_lossy())),
        (None, _) => "the machine's memory".to_owned(),
    };
    let (peak, limit) = (bytes::size(near.peak), bytes::size(near.limit));
    format!("peak {peak} of {limit} ({}.{} %), {left} left: {whose}", tenths / 10, tenths % 10)
}

fn one(incident: &Incident) -> String {
    let victim = incident.victims.first();
    victim.map_or("an unknown process".into(), |victim| task(&victim.comm, victim.pid))
}

/// `java (pid 4711)`, safe to show.
pub(super) fn task(comm: &Text, pid: u32) -> String {
    format!("{} (pid {pid})", escape::bytes(comm.as_bytes()))
}
