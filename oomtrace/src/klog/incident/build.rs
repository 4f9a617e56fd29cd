//! The incident of a report: the same from the live log of this machine and from one that was found.

use crate::klog::{Facts, Outcome, Report, page_size, scene, scope_of_words, to_model, why};
use crate::model::{
    Host, Incident, KERNEL_LOG, LogSource, NoKill, NoKillReason, Role, SCHEMA, Scope, Source, SourceKind,
    Victim,
};

/// The size of a page where nothing in the report shows it: that of all but few machines.
const ASSUMED_PAGE: u64 = 4096;

/// The note on an incident whose lines anybody can have written.
pub const UNKNOWN_WRITER: &str = "the log does not say who wrote these lines";

/// What a report does not say of itself: when, where, and how it came here.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The incident's id.
    pub id: String,
    /// RFC 3339, in UTC; empty where it is not known.
    pub time: String,
    /// Nanoseconds since boot; 0 where they are not known.
    pub boottime_ns: u64,
    /// The machine, as far as it is known. Its page size is 0 where it is not.
    pub host: Host,
    /// Its swap in bytes.
    pub total_swap_bytes: Option<u64>,
    /// Where a log that was found tells of it.
    pub log: Option<LogSource>,
    /// What a reader must know about all that.
    pub notes: Vec<String>,
    /// Nothing says that the kernel wrote the lines.
    pub unknown_writer: bool,
}

/// Whether the report says that something was killed, or that it was about to be.
#[must_use]
pub fn kills(report: &Report) -> bool {
    match report.outcome {
        Outcome::Killed => true,
        // That the OOM killer was invoked says nothing yet; what is printed of the task that it chose does.
        Outcome::Unknown => {
            report.domain.pid.is_some() || report.domain.task_memcg.is_some() || report.chosen.is_some()
        }
        Outcome::Skipped | Outcome::NoKillable | Outcome::Panic => false,
    }
}

/// Whether a report that does not say so (see [`kills`]) is of a run of the OOM killer all the same.
#[must_use]
pub fn runs(report: &Report) -> bool {
    report.outcome != Outcome::Unknown || report.trigger.is_some()
}

/// The incident of a report.
#[must_use]
pub fn build(report: &Report, origin: Origin) -> Incident {
    let (report, inferred) = scope_of_words::settled(report);
    let report = &*report;
    let page_size_note = page_size_note(report, &origin.host);
    let host = host(report, origin.host);
    let facts = Facts {
        page_size: host.page_size,
        total_swap_bytes: origin.total_swap_bytes,
        swappiness: None,
        total_pages: None,
    };
    let mut notes = origin.notes;
    notes.extend(said(report));
    notes.extend(origin.unknown_writer.then(|| UNKNOWN_WRITER.to_owned()));
    notes.extend(inferred.map(str::to_owned));
    notes.extend(page_size_note);
    let mut incident = Incident {
        schema: SCHEMA.to_owned(),
        id: origin.id,
        time: origin.time,
        boottime_ns: origin.boottime_ns,
        source: Source {
            kind: SourceKind::KernelLog,
            probes: vec![KERNEL_LOG.to_owned()],
            lost_events: 0,
            notes,
            log: origin.log,
        },
        scope: Scope { inferred: inferred.is_some(), ..to_model::scope(report, &facts) },
        trigger: to_model::trigger(report),
        victims: to_model::victims(report, &facts),
        candidates: to_model::candidates(report, &facts),
        candidates_scored: to_model::candidates_scored(report),
        system: scene::system(report, &facts),
        host,
        history: None,
        diagnosis: None,
    };
    chosen_only(&mut incident, report);
    incident.source.notes.extend(why::notes(report, &facts));
    incident
}

/// The run of a report that says nothing of a kill.
#[must_use]
pub fn no_kill(report: &Report, origin: Origin) -> NoKill {
    let task = report.skipped.first();
    NoKill {
        time: origin.time.clone(),
        boottime_ns: origin.boottime_ns,
        reason: match report.outcome {
            Outcome::NoKillable => NoKillReason::NoneKillable,
            Outcome::Panic => NoKillReason::Panic,
            Outcome::Unknown => NoKillReason::Unknown,
            Outcome::Killed | Outcome::Skipped => NoKillReason::AlreadyExited,
        },
        pid: task.map(|task| task.pid),
        comm: task.map(|task| task.comm.clone()),
        report: Some(Box::new(build(report, origin))),
    }
}

/// The line of the kill is missing: the one before it names what was chosen.
fn chosen_only(incident: &mut Incident, report: &Report) {
    if !incident.victims.is_empty() || !kills(report) {
        return;
    }
    let of_domain = report.domain.pid.map(|pid| (pid, report.domain.task.clone(), report.domain.uid));
    let of_score =
        report.chosen.as_ref().map(|chosen| (chosen.task.pid, Some(chosen.task.comm.clone()), None));
    let Some((pid, comm, uid)) = of_domain.or(of_score) else {
        if report.outcome == Outcome::Unknown {
            incident.source.notes.push(
                "the log does not have the line of the kill, nor another one that names the victim"
                    .to_owned(),
            );
        }
        return;
    };
    let row = report.row_of(pid);
    let comm = comm.or_else(|| row.map(|row| row.name.clone())).unwrap_or_default();
    incident.victims.push(Victim {
        role: Role::Chosen,
        pid,
        comm,
        uid: uid.or_else(|| row.map(|row| row.uid)),
        oom_score_adj: row.map(|row| row.oom_score_adj),
        ..Victim::default()
    });
    let note = "the log does not have the line of the kill: the victim is the one that the line before it says was chosen";
    incident.source.notes.push(note.to_owned());
}

/// The machine, with what the report says about it.
fn host(report: &Report, mut host: Host) -> Host {
    if let Some(release) = &report.kernel_release {
        host.kernel.clone_from(release);
    }
    if let Some(size) = page_size::of(report) {
        host.page_size = size;
    } else if host.page_size == 0 && needs_page_size(report) {
        host.page_size = ASSUMED_PAGE;
    }
    host.cgroup_version = host.cgroup_version.or_else(|| {
        let memcg = &report.memcg;
        match (memcg.swap.is_some(), memcg.memory_swap.is_some()) {
            (true, false) => Some(2),
            (false, true) => Some(1),
            _ => None,
        }
    });
    host
}

/// What is in pages in the report.
fn needs_page_size(report: &Report) -> bool {
    report.machine.ram_pages.is_some() || !report.tasks.is_empty() || !report.machine.uses.is_empty()
}

fn page_size_note(report: &Report, host: &Host) -> Option<String> {
    let assumed = page_size::of(report).is_none() && host.page_size == 0 && needs_page_size(report);
    assumed.then(|| "the log does not show the size of a page: 4 KiB is assumed".to_owned())
}

/// What is missing, doubtful or lost.
fn said(report: &Report) -> Vec<String> {
    let mut notes: Vec<String> = report
        .missing
        .iter()
        .filter(|part| **part != "overwritten records")
        .map(|part| format!("missing in the log: {part}"))
        .collect();
    notes.extend(report.doubts.iter().map(|doubt| format!("not certain: {doubt}")));
    if !report.unknown_columns.is_empty() {
        notes.push(format!(
            "columns of the task table that are not known: {}",
            report.unknown_columns.join(", ")
        ));
    }
    if report.lost_records > 0 {
        notes.push(format!(
            "{} lines of the kernel's log are missing before or in this report",
            report.lost_records
        ));
    }
    notes
}
