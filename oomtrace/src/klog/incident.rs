//! A report as the incident record, with what the log around it tells.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::input::{Context, Told};
use super::{Report, Stamp};
use crate::klog::userspace;
use crate::model::{Host, Incident, LogSource, NoKill, Text, UserspaceKill};

mod build;

pub use build::{Origin, UNKNOWN_WRITER, build, kills, no_kill as build_no_kill, runs};

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

/// The incident of a report that [`kills`].
#[must_use]
pub fn incident(told: &Told, known: &Known) -> Incident {
    build(&told.report, origin(told, known))
}

/// When and where, as far as the log and what is known besides it tell.
fn origin(told: &Told, known: &Known) -> Origin {
    let (report, context) = (&told.report, &told.context);
    let host = host(context, known);
    let (time, notes) = time(context, known);
    let boottime_ns = boottime(report, context);
    Origin {
        id: id(&host, report, context, boottime_ns),
        time: time.unwrap_or_default(),
        boottime_ns: boottime_ns.unwrap_or(0),
        host,
        total_swap_bytes: known.total_swap_bytes,
        log: Some(log_source(context)),
        notes,
        unknown_writer: context.unknown_writer,
    }
}

fn host(context: &Context, known: &Known) -> Host {
    let mut host = known.host.clone().unwrap_or_default();
    if let Some(name) = &context.host {
        host.name.clone_from(name);
    }
    if let Some(boot) = &context.boot_id {
        host.boot_id = Some(boot.clone());
    }
    host
}

/// A run without a kill.
#[must_use]
pub fn no_kill(told: &Told, known: &Known) -> NoKill {
    let (report, context) = (&told.report, &told.context);
    let no_kill = build::no_kill(report, origin(told, known));
    let time = Some(no_kill.time).filter(|time| !time.is_empty());
    let written = || stamp_of(context).map_or_else(String::new, |stamp| stamp.text.clone());
    NoKill { time: time.unwrap_or_else(written), ..no_kill }
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
