//! Java: the heap, and what is outside of it.

use super::facts::{Facts, Subject};
use super::round::{mib, percent, size, up};
use super::{Ranked, heap, push};
use crate::model::{Advice, Runtime, RuntimeKind, VerdictKind};

/// A JVM takes a heap of this part of the memory it sees where nothing is set.
const DEFAULT_PERCENT: f64 = 25.0;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    use VerdictKind::{Burst, Leak, LimitTooLow};
    let Some((subject, runtime)) = facts.managed_by(RuntimeKind::Jvm) else {
        return;
    };
    if !facts.is(&[Leak, Burst, LimitTooLow]) {
        return;
    }
    let max = heap_max(facts, &subject, runtime);
    if let Some(outside) =
        heap::outside(&subject, max).filter(|outside| max.is_some_and(|max| *outside > max))
    {
        native(&subject, outside, max.unwrap_or(0), into);
    } else if let Some(heap) = heap::fitting(facts, &subject, max) {
        let dump = if facts.is(&[Leak]) { " -XX:+HeapDumpOnOutOfMemoryError" } else { "" };
        push(
            into,
            12,
            Advice {
                action: match dump {
                    "" => "Give the JVM a heap that fits, so that it collects garbage instead of being killed.".into(),
                    _ => "Give the JVM a heap that fits: it then fails with an OutOfMemoryError and a heap dump that \
                          shows what leaks."
                        .into(),
                },
                command: Some(format!("-Xmx{}m{dump}", mib(heap.bytes))),
                value_bytes: Some(heap.bytes),
                why: heap.why,
            },
        );
    }
}

/// Most of it is outside of the heap: a smaller heap would not help.
fn native(subject: &Subject<'_>, outside: u64, max: u64, into: &mut Vec<Ranked>) {
    push(
        into,
        12,
        Advice {
            action: "Look outside of the Java heap: start it with Native Memory Tracking, then ask it what it holds by jcmd \
                     PID VM.native_memory."
                .into(),
            command: Some("-XX:NativeMemoryTracking=summary".into()),
            value_bytes: None,
            why: format!(
                "{} held at least {} outside of its heap of {}: direct buffers, threads, metaspace or a native library. \
                 A smaller heap would not free it.",
                subject.name(),
                size(outside),
                size(max)
            ),
        },
    );
}

/// How large the heap may get: `-Xmx`, else a percentage of the memory that the JVM sees.
pub(super) fn heap_max(facts: &Facts<'_>, subject: &Subject<'_>, runtime: &Runtime) -> Option<u64> {
    if let Some(max) = runtime.bytes("-Xmx").or_else(|| runtime.bytes("-XX:MaxHeapSize")) {
        return Some(max);
    }
    let seen = runtime.bytes("-XX:MaxRAM").or_else(|| own_limit(facts, subject))?;
    let percent = match runtime.setting("-XX:MaxRAMPercentage") {
        Some(setting) => setting.value.as_deref()?.parse::<f64>().ok()?,
        None if runtime.environment_read => DEFAULT_PERCENT,
        None => return None,
    };
    Some(super::round::whole(super::round::float(seen) * percent / 100.0))
}

/// The lowest limit on the way up from the subject's cgroup, which is what a JVM takes for the machine's size.
fn own_limit(facts: &Facts<'_>, subject: &Subject<'_>) -> Option<u64> {
    let scope = &facts.incident.scope;
    let own = subject.cgroup?.as_bytes();
    let levels =
        scope.below.iter().chain(scope.memcg.as_ref().map(|memcg| &memcg.level)).chain(&scope.ancestors);
    let above = levels.filter(|level| super::facts::is_below(own, level.path.as_bytes()));
    above.filter_map(|level| level.limit_bytes).min()
}

/// The limit that would hold the heap as it is set with what is outside of it, and the others there.
pub(super) fn limit_for(facts: &Facts<'_>) -> Option<(u64, String)> {
    let (subject, runtime) = facts.managed_by(RuntimeKind::Jvm)?;
    let max = heap_max(facts, &subject, runtime)?;
    let outside = heap::outside(&subject, Some(max))?;
    let others = facts.limit()? - facts.room(&subject)?;
    let needed = max.saturating_add(percent(outside, 125)).saturating_add(others);
    let why = format!(
        "Its heap may have {}, 1.25 times the {} outside of it, others there hold {}.",
        size(max),
        size(outside),
        size(others)
    );
    Some((up(needed), why))
}
