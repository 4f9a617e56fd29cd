//! What the sources tell, before anything is concluded from it.

use jiff::Timestamp;

use super::counters::Counters;
use super::existence::Given;
use super::mentions::Mention;
use crate::evidence::{Evidence, LOGS};
use crate::klog::userspace;
use crate::klog::{self, Same};
use crate::model::{Confidence, Incident, Sigkill, SourceKind, UserspaceKill, Victim, Witness, WitnessKind};

/// All that is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    /// OOM kills, each once.
    pub kills: Vec<Kill>,
    /// Other SIGKILLs, with who tells of them.
    pub sigkills: Vec<(Sigkill, Witness)>,
    /// Kills by programs, with who tells of them.
    pub userspace: Vec<(UserspaceKill, Witness)>,
    /// Streams of oomtrace.
    pub streams: Vec<Stream>,
    /// Kernel logs that were read.
    pub logs: Vec<String>,
    /// What is missing in the logs, and what could not be read.
    pub notes: Vec<String>,
    /// Recordings and logs that name the target, whether or not it died.
    pub mentions: Vec<Mention>,
    /// This machine, when it is asked.
    pub here: Option<Here>,
}

/// An OOM kill and who tells of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Kill {
    pub incident: Incident,
    pub witnesses: Vec<Witness>,
}

/// What a stream covers.
#[derive(Clone, Debug, Default)]
pub(super) struct Stream {
    pub name: String,
    /// RFC 3339 UTC, where its header and footer tell.
    pub from: Option<String>,
    pub to: Option<String>,
    /// The boot it is of.
    pub boot: Option<String>,
    /// Why it may lack a kill; empty when it can't.
    pub doubts: Vec<String>,
    /// Kills in it.
    pub kills: Vec<Incident>,
}

/// This machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Here {
    pub boot_id: Option<String>,
    /// When it was booted, and now; RFC 3339 UTC.
    pub boot: String,
    pub now: String,
    pub counters: Counters,
    /// Its processes that are what was asked for.
    pub running: Vec<Victim>,
    /// A cgroup, unit or container of that name is there, or the process id was given since boot.
    pub exists: bool,
    /// The same of a process id, with what speaks against it.
    pub given: Given,
    /// Process ids in /proc are those of the kernel's records.
    pub same_pids: bool,
}

impl Gathered {
    /// Takes a file of evidence.
    pub(super) fn evidence(&mut self, evidence: Evidence) {
        let witness = Witness {
            kind: WitnessKind::Evidence,
            name: evidence.name.as_str().into(),
            confidence: Confidence::High,
        };
        let mut doubts = evidence.doubts();
        if let Some(footer) = evidence.footer.as_ref().filter(|footer| footer.filtered > 0) {
            doubts.push(format!("{} kills were filtered out when it was written", footer.filtered));
        }
        // What was read from a log proves no absence, whatever else it tells.
        if evidence.is_of_logs() && !doubts.iter().any(|doubt| doubt == LOGS) {
            doubts.push(LOGS.to_owned());
        }
        for kill in &evidence.userspace_kills {
            self.userspace(kill.clone(), witness.clone());
        }
        self.streams.push(Stream {
            name: evidence.name,
            boot: evidence.header.as_ref().and_then(|header| header.host.boot_id.clone()),
            from: evidence.header.map(|header| header.time).filter(|time| !time.is_empty()),
            to: evidence.footer.map(|footer| footer.time).filter(|time| !time.is_empty()),
            doubts,
            kills: evidence.incidents.clone(),
        });
        for incident in evidence.incidents {
            let confidence = confidence(&incident);
            self.kill(incident, Witness { confidence, ..witness.clone() });
        }
        self.sigkills.extend(evidence.sigkills.into_iter().map(|sigkill| (sigkill, witness.clone())));
    }

    /// Takes a program's kill, once.
    pub(super) fn userspace(&mut self, kill: UserspaceKill, mut witness: Witness) {
        // Records of earlier versions do not say how sure it is who killed.
        let doubtful = kill.notes.iter().any(|note| note.starts_with("not certain"));
        let otherwise = if doubtful { Confidence::Low } else { Confidence::Medium };
        witness.confidence = witness.confidence.min(kill.sender.confidence.unwrap_or(otherwise));
        if !self.userspace.iter().any(|(known, _)| userspace::same(known, &kill)) {
            self.userspace.push((kill, witness));
        }
    }

    /// Takes an OOM kill; one that another source has told already gets a further witness.
    pub(super) fn kill(&mut self, incident: Incident, witness: Witness) {
        match self.kills.iter_mut().find(|known| klog::same(&known.incident, &incident) == Same::Yes) {
            Some(known) if known.witnesses.contains(&witness) => {}
            Some(known) => known.witnesses.push(witness),
            None => self.kills.push(Kill { incident, witnesses: vec![witness] }),
        }
    }
}

/// How far an account of a kill can be trusted.
pub(super) fn confidence(incident: &Incident) -> Confidence {
    let doubtful = |note: &String| note == klog::incident::UNKNOWN_WRITER || note.starts_with("not certain");
    match incident.source.kind {
        SourceKind::Ebpf => Confidence::High,
        SourceKind::KernelLog if incident.source.notes.iter().any(doubtful) => Confidence::Medium,
        SourceKind::KernelLog => Confidence::High,
        SourceKind::Counters => Confidence::Medium,
    }
}

/// A time of a record; `None` where it has none.
pub(super) fn instant(rfc3339: &str) -> Option<Timestamp> {
    rfc3339.parse().ok()
}
