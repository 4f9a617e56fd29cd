//! The words that reasons and summary share. Names are as the kernel has them; the renderers escape.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Culprit, CulpritKind, Incident, PartKind, Recurrence, RuntimeKind, Text};
use crate::words::bytes;

/// `212 MiB`
pub(super) fn size(value: i64) -> String {
    bytes::signed_size(i128::from(value))
}

/// `3.1 MiB/s`
pub(super) fn rate(per_second: f64) -> String {
    format!("{}/s", size(per_second.clamp(-1e15, 1e15) as i64))
}

/// `91 %`
pub(super) fn percent(part: f64) -> String {
    let part = part.clamp(0.0, 10.0) * 100.0;
    // What is not all is not called all, and what is something is not called nothing.
    if part > 99.0 && part < 100.0 {
        return "more than 99 %".into();
    }
    if part > 0.0 && part < 1.0 { "less than 1 %".into() } else { format!("{part:.0} %") }
}

/// `59 s`
pub(super) fn span(ms: i64) -> String {
    bytes::duration(ms.unsigned_abs().saturating_mul(1_000_000))
}

/// `java (pid 4711)`
pub(super) fn task(comm: Option<&Text>, pid: Option<u32>) -> String {
    let name = comm.filter(|comm| !comm.as_bytes().is_empty()).map_or("unnamed".into(), Text::lossy);
    match pid {
        Some(pid) => format!("{name} (pid {pid})"),
        None => name.into_owned(),
    }
}

/// A language runtime that other names than its own run on.
pub(super) fn language(kind: RuntimeKind) -> Option<&'static str> {
    Some(match kind {
        RuntimeKind::Node => "Node.js",
        RuntimeKind::Jvm => "the JVM",
        RuntimeKind::Python => "Python",
        RuntimeKind::Ruby => "Ruby",
        RuntimeKind::Php => "PHP",
        RuntimeKind::Dotnet => ".NET",
        RuntimeKind::Erlang => "Erlang",
        _ => return None,
    })
}

/// Who it is, in a sentence.
pub(super) fn who(culprit: &Culprit) -> String {
    match culprit.kind {
        CulpritKind::Process => task(culprit.comm.as_ref(), culprit.pid),
        CulpritKind::Family => match culprit.members {
            Some(members) => format!("{members} processes of {}", task(culprit.comm.as_ref(), None)),
            None => format!("the processes of {}", task(culprit.comm.as_ref(), None)),
        },
        CulpritKind::Cgroup => {
            format!("cgroup {}", culprit.cgroup.as_ref().map_or("".into(), Text::lossy))
        }
        CulpritKind::KernelMemory => "kernel memory".into(),
        CulpritKind::Shmem => "tmpfs and shared memory".into(),
        CulpritKind::PageCache => "page cache".into(),
    }
}

/// `OOM-killed 5 times in 8 s, each time after about 1.2 s with 57.6 MiB (48 MiB/s)`
pub(crate) fn again(again: &Recurrence) -> String {
    let ms = i64::try_from(again.run_ms).unwrap_or(i64::MAX);
    format!(
        "OOM-killed {}{} times in {}, each time after about {} with {} ({})",
        if again.at_least { "at least " } else { "" },
        again.kills,
        span(i64::try_from(again.span_ms).unwrap_or(i64::MAX)),
        span(ms),
        size(i64::try_from(again.run_bytes).unwrap_or(i64::MAX)),
        rate(again.rate_bytes_per_s),
    )
}

/// Whether its verbs are plural.
pub(super) fn are_many(culprit: &Culprit) -> bool {
    culprit.kind == CulpritKind::Family
}

/// A kind of memory.
pub(super) fn kind(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Anon => "anonymous memory",
        PartKind::File => "page cache",
        PartKind::Shmem => "tmpfs and shared memory",
        PartKind::Swap => "swap",
        PartKind::PageTables => "page tables",
        PartKind::Kernel => "kernel memory",
        PartKind::Slab => "slab",
        PartKind::Sock => "socket buffers",
    }
}

/// The time of the kill and so many ms.
pub(super) fn time(incident: &Incident, ms: i64) -> Option<Timestamp> {
    let kill: Timestamp = incident.time.parse().ok()?;
    kill.checked_add(SignedDuration::from_millis(ms)).ok()
}

/// The same, RFC 3339 UTC with nanoseconds.
pub(super) fn rfc3339(incident: &Incident, ms: i64) -> Option<String> {
    Some(format!("{:.9}", time(incident, ms)?))
}

/// `14:02:11`; with the day where that is another one.
pub(super) fn clock(incident: &Incident, ms: i64) -> Option<String> {
    let (then, kill) = (time(incident, ms)?, time(incident, 0)?);
    let same_day = then.strftime("%F").to_string() == kill.strftime("%F").to_string();
    Some(then.strftime(if same_day { "%T" } else { "%F %T" }).to_string())
}

/// Whole ms from one time to another, at least 1; `None` when one of them is not a time.
pub(super) fn between_ms(from: &str, to: &str) -> Option<i64> {
    let span = to.parse::<Timestamp>().ok()?.duration_since(from.parse().ok()?);
    i64::try_from(span.as_millis()).ok().map(|ms| ms.max(1))
}
