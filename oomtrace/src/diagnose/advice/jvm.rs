//! Java: the heap, and what is outside of it.

use super::command::{self, VARIABLE_PLACE};
use super::facts::{Facts, Subject};
use super::round::{mib, percent, size, up};
use super::{Ranked, heap, push};
use crate::model::{Advice, Runtime, RuntimeKind, VerdictKind};

/// A JVM takes a heap of this part of the memory it sees where nothing is set.
const DEFAULT_PERCENT: f64 = 25.0;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let Some((subject, runtime)) = facts.managed_by(RuntimeKind::Jvm) else {
        return;
    };
    let max = heap_max(facts, &subject, runtime);
    if !heap::matters(facts, &subject, max) {
        return;
    }
    if let Some(outside) =
        heap::outside(&subject, max).filter(|outside| max.is_some_and(|max| *outside > max))
    {
        native(&subject, outside, max.unwrap_or(0), into);
    } else if let Some(heap) = heap::fitting(facts, &subject, max) {
        push(into, 12, smaller(facts, runtime, heap));
    }
}

/// A heap that fits, with all that keeps the JVM from starting with it.
fn smaller(facts: &Facts<'_>, runtime: &Runtime, heap: heap::Heap) -> Advice {
    let mut options = format!("-Xmx{}m", mib(heap.bytes));
    let initial = runtime.bytes("-Xms").filter(|initial| *initial > heap.bytes);
    let mut why = heap.why;
    if let Some(initial) = initial {
        // A JVM whose initial heap is larger than its maximum does not start.
        options = format!("-Xms{}m {options}", mib(heap.bytes));
        why = format!("{why} -Xms is {} today and may not be above -Xmx, so both change.", size(initial));
    }
    let leak = facts.is(&[VerdictKind::Leak, VerdictKind::NoLimit]);
    if leak {
        options.push_str(" -XX:+HeapDumpOnOutOfMemoryError");
    }
    let purpose = if leak {
        "Give the JVM a heap that fits: it then fails with an OutOfMemoryError and writes a heap dump that shows what leaks."
    } else {
        "Give the JVM a heap that fits, so that it collects garbage instead of being killed."
    };
    Advice {
        action: format!("{purpose} {VARIABLE_PLACE}; or change its command line."),
        command: Some(command::export(variable(runtime), &options)),
        value_bytes: Some(heap.bytes),
        why,
    }
}

/// The variable that counts beside what is set today: a command line is read after all others but this one.
fn variable(runtime: &Runtime) -> &'static str {
    let names = ["-Xmx", "-XX:MaxHeapSize", "-Xms"];
    let from = |name| runtime.setting(name).map(|setting| setting.from.as_str());
    match names.into_iter().find_map(from) {
        Some("command_line" | "_JAVA_OPTIONS") => "_JAVA_OPTIONS",
        Some("JDK_JAVA_OPTIONS") => "JDK_JAVA_OPTIONS",
        _ => "JAVA_TOOL_OPTIONS",
    }
}

/// Most of it is outside of the heap: a smaller heap would not help.
fn native(subject: &Subject<'_>, outside: u64, max: u64, into: &mut Vec<Ranked>) {
    push(
        into,
        12,
        Advice {
            action: format!(
                "Look outside of the Java heap: start it with Native Memory Tracking, then ask it with jcmd PID \
                 VM.native_memory. {VARIABLE_PLACE}."
            ),
            command: Some(command::export("JAVA_TOOL_OPTIONS", "-XX:NativeMemoryTracking=summary")),
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
        "The sum of its heap ({}), 1.25 times the {} outside of the heap, and {} of others there.",
        size(max),
        size(outside),
        size(others)
    );
    Some((up(needed), why))
}
