//! A report as the incident record, with what the log around it tells.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::input::{Context, Stamp, Told};
use super::{Facts, Outcome, PROBE, Report, page_size, scene, scope_of_words, to_model, why};
use crate::klog::userspace;
use crate::model::{
    Host, Incident, LogSource, NoKill, NoKillReason, Role, SCHEMA, Scope, Source, SourceKind, Text,
    UserspaceKill, Victim,
};

/// The size of a page where nothing in the report shows it: that of all but few machines.
const ASSUMED_PAGE: u64 = 4096;

/// The note on an incident whose lines anybody can have written.
pub const UNKNOWN_WRITER: &str = "the log does not say who wrote these lines";

/// What is known besides the logs.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The running machine, when the log is its own and of this boot.
    pub host: Option<Host>,
    /// Its swap in bytes.
    pub total_swap_bytes: Option<u64>,
    /// The zone of times that have none.
    pub zone: Option<TimeZone>,
    /// The latest that a log without a year can be from: when it was last written.
    pub written: Option<Timestamp>,
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

/// The incident of a report that [`kills`].
#[must_use]
pub fn incident(told: &Told, known: &Known) -> Incident {
    let context = &told.context;
    let (report, inferred) = scope_of_words::settled(&told.report);
    let report = &*report;
    let host = host(report, context, known);
    let facts = Facts {
        page_size: host.page_size,
        total_swap_bytes: known.total_swap_bytes,
        swappiness: None,
        total_pages: None,
    };
    let (time, mut notes) = time(context, known);
    notes.extend(said(report, context));
    let boottime_ns = boottime(report, context);
    let mut incident = Incident {
        schema: SCHEMA.to_owned(),
        id: id(&host, report, context, boottime_ns),
        time: time.unwrap_or_default(),
        boottime_ns: boottime_ns.unwrap_or(0),
        source: Source {
            kind: SourceKind::KernelLog,
            probes: vec![PROBE.to_owned()],
            lost_events: 0,
            notes,
            log: Some(log_source(context)),
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
    incident.source.notes.extend(inferred.map(str::to_owned));
    incident.source.notes.extend(page_size_note(report, known));
    chosen_only(&mut incident, report);
    incident.source.notes.extend(why::notes(report, &facts));
    incident
}

/// A run without a kill.
#[must_use]
pub fn no_kill(told: &Told, known: &Known) -> NoKill {
    let (report, context) = (&told.report, &told.context);
    let task = report.skipped.first();
    NoKill {
        time: time(context, known)
            .0
            .unwrap_or_else(|| stamp_of(context).map_or_else(String::new, |stamp| stamp.text.clone())),
        boottime_ns: boottime(report, context).unwrap_or(0),
        reason: match report.outcome {
            Outcome::NoKillable => NoKillReason::NoneKillable,
            Outcome::Panic => NoKillReason::Panic,
            Outcome::Unknown => NoKillReason::Unknown,
            Outcome::Killed | Outcome::Skipped => NoKillReason::AlreadyExited,
        },
        pid: task.map(|task| task.pid),
        comm: task.map(|task| task.comm.clone()),
        report: Some(Box::new(incident(told, known))),
    }
}

/// A program's kill, with its time.
#[must_use]
pub fn userspace_kill(told: &userspace::Told, known: &Known) -> UserspaceKill {
    let (time, notes) = told.stamp.as_ref().map_or((None, Vec::new()), |stamp| moment(stamp, known));
    let mut kill = told.kill.clone();
    kill.time = time.unwrap_or_default();
    kill.notes.extend(notes);
    if let Some(host) = &known.host
        && kill.host.boot_id.is_some()
        && kill.host.boot_id == host.boot_id
    {
        kill.host = host.clone();
    }
    kill
}

/// The line of the kill is missing: what was chosen is told by the one before it.
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

fn host(report: &Report, context: &Context, known: &Known) -> Host {
    let mut host = known.host.clone().unwrap_or_default();
    if let Some(name) = &context.host {
        host.name.clone_from(name);
    }
    if let Some(boot) = &context.boot_id {
        host.boot_id = Some(boot.clone());
    }
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

fn page_size_note(report: &Report, known: &Known) -> Option<String> {
    let of_host = known.host.as_ref().is_some_and(|host| host.page_size > 0);
    let assumed = page_size::of(report).is_none() && !of_host && needs_page_size(report);
    assumed.then(|| "the log does not show the size of a page: 4 KiB is assumed".to_owned())
}

fn stamp_of(context: &Context) -> Option<&Stamp> {
    context.outcome.as_ref().or(context.begin.as_ref())
}

/// RFC 3339 in UTC, where it can be had, and what a reader must know about it.
fn time(context: &Context, known: &Known) -> (Option<String>, Vec<String>) {
    stamp_of(context).map_or((None, Vec::new()), |stamp| moment(stamp, known))
}

fn moment(stamp: &Stamp, known: &Known) -> (Option<String>, Vec<String>) {
    let shown = |ns: i128| Some(format!("{:.9}", Timestamp::from_nanosecond(ns).ok()?));
    if let Some(time) = stamp.utc_ns.and_then(shown) {
        return (Some(time), Vec::new());
    }
    let Some((zone, local)) = known.zone.as_ref().zip(stamp.local) else { return (None, Vec::new()) };
    if !stamp.lacks_year {
        return (
            local.to_zoned(zone.clone()).ok().and_then(|zoned| shown(zoned.timestamp().as_nanosecond())),
            Vec::new(),
        );
    }
    // The latest year that does not put it after the log was written.
    let Some(written) = known.written else { return (None, Vec::new()) };
    let year = written.to_zoned(zone.clone()).year();
    let found = (0..5).find_map(|back| {
        let dated = local.with().year(year - back).build().ok()?;
        let time = dated.to_zoned(zone.clone()).ok()?.timestamp();
        (time <= written).then_some(time)
    });
    match found.and_then(|time| shown(time.as_nanosecond())) {
        Some(time) => (
            Some(time),
            vec!["the log has no year: it is the latest in which this can have been written".to_owned()],
        ),
        None => (None, Vec::new()),
    }
}

/// Only of printk's own clock, which stands still while the machine sleeps.
fn boottime(report: &Report, context: &Context) -> Option<u64> {
    let usec = report.outcome_usec.or(report.begin_usec).filter(|_| context.printk)?;
    usec.checked_mul(1000)
}

/// Of a known boot as the tracer makes it, so that both are one; otherwise from what is there.
fn id(host: &Host, report: &Report, context: &Context, boottime_ns: Option<u64>) -> String {
    let boot = host.boot_id.as_deref().and_then(|id| id.get(..8)).unwrap_or("log");
    let mut id = boot.to_owned();
    match (boottime_ns, stamp_of(context).and_then(Stamp::order_usec)) {
        (Some(time), _) => {
            id += &format!("-{time}");
        }
        (None, Some(usec)) => {
            id += &format!("-{usec}");
        }
        (None, None) => {}
    }
    if let Some(pid) = report
        .killed
        .first()
        .map(|killed| killed.pid)
        .or(report.domain.pid)
        .filter(|_| boot == "log" || boottime_ns.is_none())
    {
        {
            id += &format!("-{pid}");
        };
    }
    id
}

fn log_source(context: &Context) -> LogSource {
    LogSource {
        name: Text::from(&*context.source),
        format: context.format.to_owned(),
        time: stamp_of(context).map(|stamp| stamp.text.clone()),
    }
}

/// What is missing, doubtful or lost.
fn said(report: &Report, context: &Context) -> Vec<String> {
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
    if context.unknown_writer {
        notes.push(UNKNOWN_WRITER.to_owned());
    }
    notes
}
