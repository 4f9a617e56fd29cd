//! A leak: how to find it.

use super::facts::Facts;
use super::round::{rate, seconds};
use super::{Ranked, push};
use crate::model::{Advice, RuntimeKind, VerdictKind};

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    if !facts.is(&[VerdictKind::Leak, VerdictKind::Neighbour, VerdictKind::NoLimit]) {
        return;
    }
    let (Some(culprit), Some(subject), Some(per_second)) = (facts.culprit(), facts.subject(), facts.rate())
    else {
        return;
    };
    // What burst within seconds is no leak, whoever was killed for it.
    let since = culprit.since_ms.map(|ms| std::time::Duration::from_millis(ms.unsigned_abs()).as_secs_f64());
    if facts.verdict() != VerdictKind::Leak {
        return;
    }
    let kind = subject.runtime.map_or(RuntimeKind::Native, |runtime| runtime.kind);
    let Some((how, command)) = tool(kind, subject.pid.filter(|_| !subject.killed)) else {
        return;
    };
    push(
        into,
        20,
        Advice {
            action: format!("Find what {} keeps: {how}.", subject.name()),
            command: Some(command),
            value_bytes: None,
            why: format!(
                "It grew at {}{} and gave nothing back: no limit is large enough for that.",
                rate(per_second),
                since.map_or(String::new(), |since| format!(" for {}", seconds(since)))
            ),
        },
    );
}

/// What shows live memory by where it was allocated. A process that is still alive can be named; the next one is `PID`.
fn tool(kind: RuntimeKind, alive: Option<u32>) -> Option<(&'static str, String)> {
    let pid = alive.map_or("PID".to_owned(), |pid| pid.to_string());
    Some(match kind {
        RuntimeKind::Jvm => {
            ("compare two class histograms some minutes apart", format!("jcmd {pid} GC.class_histogram"))
        }
        RuntimeKind::Node => (
            "let it write a heap snapshot at each SIGUSR2, and compare two some minutes apart",
            "NODE_OPTIONS=--heapsnapshot-signal=SIGUSR2".into(),
        ),
        RuntimeKind::Go => (
            "compare two heap profiles (needs net/http/pprof)",
            "go tool pprof -sample_index=inuse_space http://localhost:6060/debug/pprof/heap".into(),
        ),
        RuntimeKind::Python => {
            ("let memray show what is not freed", format!("memray attach --aggregate {pid}"))
        }
        RuntimeKind::Dotnet => ("compare two heap dumps", format!("dotnet-gcdump collect -p {pid}")),
        RuntimeKind::Ruby => (
            "dump the objects by where they were made",
            "ruby -robjspace -e 'ObjectSpace.trace_object_allocations_start; load \"APP.rb\"'".into(),
        ),
        RuntimeKind::Native => ("let heaptrack show what is not freed", format!("heaptrack --pid {pid}")),
        _ => return None,
    })
}
