//! What the settings of a process allow it to take, where that is more than the limit.

use super::facts::{Facts, Subject};
use super::round::size;
use super::{jvm, memcached, v8};
use crate::model::{CulpritKind, Diagnosis, Incident, Runtime, RuntimeKind};

/// A setting that allows more than fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::diagnose) struct Allowed {
    /// What allows how much, in words.
    pub what: String,
    /// What the limit leaves to it.
    pub room: u64,
}

/// The settings of the subject of an incident, compared with the limit.
pub(in crate::diagnose) fn allowed(incident: &Incident, diagnosis: &Diagnosis) -> Option<Allowed> {
    let facts = Facts { incident, diagnosis };
    let subject = facts.subject()?;
    let room = facts.room(&subject)?;
    let (what, bytes) = setting(&facts, &subject)?;
    (bytes > room).then_some(Allowed { what, room })
}

/// What it may take by its settings.
fn setting(facts: &Facts<'_>, subject: &Subject<'_>) -> Option<(String, u64)> {
    if let Some(mib) = memcached::set(facts, subject) {
        let bytes = mib.saturating_mul(1 << 20);
        return Some((format!("its cache may grow to {} (-m {mib})", size(bytes)), bytes));
    }
    let runtime = subject.runtime?;
    let named = |name: &str, what: &str| {
        let bytes = runtime.bytes(name)?;
        Some((format!("{what} may grow to {} ({name})", size(bytes)), bytes))
    };
    match runtime.kind {
        RuntimeKind::Jvm => {
            let bytes = jvm::heap_max(facts, subject, runtime)?;
            let name = ["-Xmx", "-XX:MaxHeapSize", "-XX:MaxRAMPercentage"];
            let name = name.into_iter().find(|name| runtime.setting(name).is_some())?;
            Some((format!("its heap may grow to {} ({name})", size(bytes)), bytes))
        }
        RuntimeKind::Node => {
            let bound = v8::bound(facts, subject, runtime)?;
            let from = if bound.default.is_some() { "V8's default" } else { "--max-old-space-size" };
            Some((format!("its heap may grow to {} ({from})", size(bound.bytes)), bound.bytes))
        }
        RuntimeKind::Go => named("GOMEMLIMIT", "its memory"),
        RuntimeKind::Dotnet => named("DOTNET_GCHeapHardLimit", "its heap"),
        RuntimeKind::Redis => named("maxmemory", "its data"),
        RuntimeKind::Mysql => named("innodb_buffer_pool_size", "its buffer pool"),
        RuntimeKind::Postgresql => postgresql(facts, runtime),
        RuntimeKind::Php => workers(facts, runtime),
        _ => None,
    }
}

/// Shared buffers and one sort of each backend.
fn postgresql(facts: &Facts<'_>, runtime: &Runtime) -> Option<(String, u64)> {
    let (buffers, sort) =
        (runtime.bytes("shared_buffers").unwrap_or(0), runtime.bytes("work_mem").unwrap_or(0));
    let backends = u64::from(facts.culprit()?.members.unwrap_or(1));
    let bytes = buffers.saturating_add(sort.saturating_mul(backends));
    (bytes > 0).then(|| {
        let what = format!(
            "its settings allow {}: shared_buffers of {} and a work_mem of {} for each of {backends} processes",
            size(bytes),
            size(buffers),
            size(sort)
        );
        (what, bytes)
    })
}

/// Each worker may take its whole limit.
fn workers(facts: &Facts<'_>, runtime: &Runtime) -> Option<(String, u64)> {
    let (each, culprit) = (runtime.bytes("memory_limit")?, facts.culprit()?);
    let count = u64::from(culprit.members.filter(|_| culprit.kind == CulpritKind::Family).unwrap_or(1));
    let bytes = each.saturating_mul(count);
    Some((
        format!("its {count} processes may take {} (memory_limit {} each)", size(bytes), size(each)),
        bytes,
    ))
}
