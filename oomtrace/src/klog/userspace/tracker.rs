//! Lines of one machine into kills: what a program says before, at and after one belongs together.

use super::writer::{BY_TAG, Program};
use super::{Kill, Meaning, read};
use crate::claim::Claim;
use crate::kernel::cgroup::container;
use crate::klog::Stamp;
use crate::model::{
    Confidence, Host, KillReason, KillReasonKind, KillSignal, KillTarget, LogSource, Sender, SenderKind,
    UserspaceKill,
};

/// Lines, of whatever kind, in which more about a kill may come.
const LINES: u32 = 200;
/// The same in time.
const USEC: u64 = 30_000_000;
/// Kills that wait at the most.
const WAITING: usize = 64;

/// A line of a log, with what the log tells about it.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Who wrote it; absent for one of the kernel's ring buffer.
    pub program: Option<&'a Program>,
    /// For comparing times of one log with each other: microseconds.
    pub usec: Option<u64>,
    /// Its time.
    pub stamp: Option<&'a Stamp>,
    /// The machine that logged it.
    pub host: Option<&'a str>,
    /// Its boot.
    pub boot_id: Option<&'a str>,
    /// Where it was read, and how it was wrapped.
    pub source: &'a str,
    /// See `source`.
    pub format: &'static str,
    /// The text without any wrapping.
    pub text: &'a [u8],
}

/// A kill with the time that its line has.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The kill, without its time; of the host what the line tells.
    pub kill: UserspaceKill,
    /// The time.
    pub stamp: Option<Stamp>,
}

/// Whose lines belong together. Those of one that only calls itself so change nothing about a kill by the one that is.
type Who = (SenderKind, Confidence);

fn who(claim: &Claim) -> Who {
    (claim.kind, claim.confidence)
}

#[derive(Debug)]
struct Waiting {
    told: Told,
    who: Who,
    begun: At,
    /// It was sent a signal before, which did not fail.
    again: bool,
}

/// Where in the log something was.
#[derive(Clone, Copy, Debug, Default)]
struct At {
    line: u32,
    usec: Option<u64>,
}

impl At {
    fn is_near(self, then: Self) -> bool {
        let apart = self.usec.zip(then.usec).map_or(0, |(now, then)| now.abs_diff(then));
        self.line.wrapping_sub(then.line) <= LINES && apart <= USEC
    }
}

/// Puts lines together.
#[derive(Debug, Default)]
pub struct Tracker {
    now: At,
    waiting: Vec<Waiting>,
    reasons: Vec<(Who, KillReason, At)>,
    chosen: Option<(Who, KillTarget, At)>,
}

impl Tracker {
    /// Whether more about a kill may come, so that every line counts.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes a line; `sink` gets each kill once no more about it is to come.
    pub fn push(&mut self, line: &Line<'_>, sink: &mut dyn FnMut(Told)) {
        self.now = At { line: self.now.line.wrapping_add(1), usec: line.usec.or(self.now.usec) };
        let now = self.now;
        while let Some(at) = self.waiting.iter().position(|kill| !now.is_near(kill.begun)) {
            sink(self.waiting.remove(at).told);
        }
        let claim = match line.program {
            Some(program) => program.claim(),
            None => Some(of_ring_buffer(line)),
        };
        let Some(claim) = claim else { return };
        if let Some(meaning) = read(claim.kind, line.text) {
            self.take(meaning, &claim, line, sink);
        }
    }

    /// The log has ended.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Told)) {
        self.waiting.drain(..).for_each(|kill| sink(kill.told));
        *self = Self::default();
    }

    fn take(&mut self, meaning: Meaning, claim: &Claim, line: &Line<'_>, sink: &mut dyn FnMut(Told)) {
        let who = who(claim);
        match meaning {
            Meaning::Kill(kill) => self.kill(*kill, claim, line, sink),
            Meaning::Reason(reason) => self.reason(who, reason),
            Meaning::Chosen(target) => self.chosen = Some((who, *target, self.now)),
            Meaning::Sent(signal) => self.sent(signal, claim, line, sink),
            Meaning::Escalated => {
                if let Some(last) = self.last(who, None) {
                    self.waiting[last].told.kill.signal = Some(KillSignal::Kill);
                    self.waiting[last].again = true;
                }
            }
            Meaning::Exited(pid, ns) => {
                if let Some(last) = self.last(who, pid) {
                    let mut told = self.waiting.remove(last).told;
                    told.kill.signal_to_exit_ns = ns;
                    sink(told);
                }
            }
            // Where only the second signal failed, the first may have been heeded.
            Meaning::NotKilled => match self.last(who, None) {
                Some(last) if !self.waiting[last].again => drop(self.waiting.remove(last)),
                _ => {}
            },
            Meaning::Counted { unit, processes } => self.counted((unit, processes), claim, line, sink),
        }
    }

    /// The last kill by that program, of that process if one is given.
    fn last(&self, who: Who, pid: Option<u32>) -> Option<usize> {
        self.waiting
            .iter()
            .rposition(|kill| kill.who == who && pid.is_none_or(|pid| kill.told.kill.target.pid == Some(pid)))
    }

    fn reason(&mut self, who: Who, reason: KillReason) {
        let known = self.reasons.iter().position(|(of, ..)| *of == who);
        // earlyoom tells its limits in the line after what it measured.
        let merged = match known.map(|at| self.reasons.swap_remove(at)) {
            Some((_, before, at)) if reason.limits.is_some() && self.now.is_near(at) => {
                KillReason { limits: reason.limits, ..before }
            }
            _ => reason,
        };
        self.reasons.push((who, merged, self.now));
    }

    fn kill(&mut self, mut kill: Kill, claim: &Claim, line: &Line<'_>, sink: &mut dyn FnMut(Told)) {
        let who = who(claim);
        if kill.reason.kind == KillReasonKind::NotTold
            && let Some((_, reason, _)) =
                self.reasons.iter().find(|(of, _, at)| *of == who && self.now.is_near(*at))
        {
            kill.reason = reason.clone();
        }
        // What was measured is the reason of one kill.
        self.reasons.retain(|(of, ..)| *of != who);
        if claim.kind == SenderKind::Kubelet {
            // It evicts for disks and process ids as well, in the same words.
            if kill.reason.kind != KillReasonKind::Eviction {
                return;
            }
        }
        if let Some(pid) = kill.target.pid
            && let Some(again) = self.last(who, Some(pid))
        {
            // SIGKILL to one that did not heed SIGTERM.
            let known = &mut self.waiting[again];
            known.told.kill.signal = known.told.kill.signal.max(kill.signal);
            known.again = true;
            return;
        }
        self.wait(told(kill, claim, line), who, sink);
    }

    fn sent(&mut self, signal: KillSignal, claim: &Claim, line: &Line<'_>, sink: &mut dyn FnMut(Told)) {
        let Some((_, target, at)) = self.chosen.take_if(|(by, ..)| *by == who(claim)) else { return };
        if !self.now.is_near(at) {
            return;
        }
        let kill = Kill { signal: Some(signal), target, ..Kill::default() };
        self.kill(kill, claim, line, sink);
    }

    /// systemd tells of a unit what systemd-oomd has told of its cgroup; alone it is all there is.
    fn counted(
        &mut self,
        (unit, processes): (String, u64),
        systemd: &Claim,
        line: &Line<'_>,
        sink: &mut dyn FnMut(Told),
    ) {
        let of_unit = |kill: &Waiting| {
            let path =
                kill.told.kill.target.cgroup.as_ref().map_or(&b""[..], |cgroup| cgroup.path.as_bytes());
            kill.who.0 == SenderKind::SystemdOomd
                && (systemd.is_proved() || kill.who.1 == systemd.confidence)
                && path.rsplit(|b| *b == b'/').next() == Some(unit.as_bytes())
        };
        if let Some(at) = self.waiting.iter().position(of_unit) {
            let mut told = self.waiting.remove(at).told;
            told.kill.target.processes = Some(processes);
            return sink(told);
        }
        let target = KillTarget { unit: Some(unit), processes: Some(processes), ..KillTarget::default() };
        let kill = Kill { signal: Some(KillSignal::Kill), target, ..Kill::default() };
        let why = format!(
            "a line of systemd, which counted what it killed in the unit; systemd is known by {}",
            systemd.why
        );
        let mut told = told(kill, &Claim { kind: SenderKind::SystemdOomd, why, ..systemd.clone() }, line);
        // The line's process is systemd.
        (told.kill.sender.pid, told.kill.sender.comm) = (None, "systemd-oomd".into());
        sink(told);
    }

    fn wait(&mut self, told: Told, who: Who, sink: &mut dyn FnMut(Told)) {
        if self.waiting.len() == WAITING {
            sink(self.waiting.remove(0).told);
        }
        self.waiting.push(Waiting { told, who, begun: self.now, again: false });
    }
}

/// oomd's words in the kernel's ring buffer. A file of syslog has them under a tag alone.
fn of_ring_buffer(line: &Line<'_>) -> Claim {
    let (confidence, why) = match is_by_tag(line) {
        true => (Confidence::Low, "its words under the kernel's tag, which any process can choose"),
        false => (Confidence::Medium, "its words in the kernel's ring buffer, where only root can write"),
    };
    Claim { kind: SenderKind::Oomd, confidence, is_contradicted: false, why: why.to_owned() }
}

fn is_by_tag(line: &Line<'_>) -> bool {
    line.program.map_or_else(|| line.format.starts_with("syslog"), Program::is_by_tag)
}

fn told(kill: Kill, claim: &Claim, line: &Line<'_>) -> Told {
    let Kill { signal, mut target, reason, notes } = kill;
    if let Some(cgroup) = &target.cgroup {
        let identity = container::identify(cgroup.path.as_bytes());
        (target.container, target.unit) = (identity.container, identity.unit);
    }
    let mut notes: Vec<String> = notes.into_iter().map(str::to_owned).collect();
    if is_by_tag(line) {
        notes.push(BY_TAG.to_owned());
    }
    let program = line.program.cloned().unwrap_or_default();
    let comm = program.tag.unwrap_or_else(|| "oomd".to_owned());
    let sender = Sender {
        kind: if claim.is_contradicted { SenderKind::Process } else { claim.kind },
        claims: Some(claim.kind).filter(|_| !claim.is_proved()),
        confidence: Some(claim.confidence),
        why: claim.why.clone(),
        uid: program.uid,
        pid: program.pid,
        comm: comm.as_str().into(),
        exe: program.exe.as_deref().map(Into::into),
        unit: program.unit,
        ..Sender::default()
    };
    let log = LogSource {
        name: line.source.into(),
        format: line.format.to_owned(),
        time: line.stamp.map(|stamp| stamp.text.clone()),
    };
    let host = Host {
        name: line.host.unwrap_or_default().to_owned(),
        boot_id: line.boot_id.map(str::to_owned),
        ..Host::default()
    };
    let kill = UserspaceKill { host, sender, signal, target, reason, log, notes, ..UserspaceKill::default() };
    Told { kill, stamp: line.stamp.cloned() }
}
