//! A leak: how to find what is kept.

use super::command::{self, plain_name};
use super::facts::{Facts, Subject};
use super::round::{rate, seconds};
use super::{Ranked, push};
use crate::model::{Advice, RuntimeKind, VerdictKind};

/// Writes the live objects of a Ruby process at each SIGCONT, which servers leave to themselves.
const RUBY: &str = "require \"objspace\"; ObjectSpace.trace_object_allocations_start; \
                    trap(\"CONT\") { Thread.new { File.open(\"/var/tmp/ruby-heap.#{$$}.json\", \"w\") \
                    { |f| ObjectSpace.dump_all(output: f) } } }";

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    if !facts.is(&[VerdictKind::Leak, VerdictKind::NoLimit]) {
        return;
    }
    let (Some(culprit), Some(subject), Some(per_second)) = (facts.culprit(), facts.subject(), facts.rate())
    else {
        return;
    };
    let since = culprit.since_ms.map(|ms| std::time::Duration::from_millis(ms.unsigned_abs()).as_secs_f64());
    let kind = subject.runtime.map_or(RuntimeKind::Native, |runtime| runtime.kind);
    let Some((how, command)) = tool(kind, facts, &subject) else {
        return;
    };
    push(
        into,
        20,
        Advice {
            action: format!("Find what {} keeps: {how}.", subject.name()),
            command,
            value_bytes: None,
            why: format!(
                "It grew by {}{}{}. If that is a leak, no limit is large enough.",
                rate(per_second),
                since.map_or(String::new(), |since| format!(" for {}", seconds(since))),
                if facts.verdict() == VerdictKind::Leak { " without slowing down" } else { "" }
            ),
        },
    );
}

/// What shows live memory by the place that allocated it: of the process itself while it is alive, else of its next run.
fn tool(kind: RuntimeKind, facts: &Facts<'_>, subject: &Subject<'_>) -> Option<(String, Option<String>)> {
    let alive = subject.pid.filter(|_| !subject.killed);
    let line = command::line(facts, subject);
    Some(match kind {
        RuntimeKind::Jvm => {
            ("compare two class histograms taken a few minutes apart".into(), running(alive, subject, &|pid| {
                format!("jcmd {pid} GC.class_histogram")
            }))
        }
        RuntimeKind::Node => (
            "log process.memoryUsage() once a minute. Where external or arrayBuffers grow, Buffers are kept; where heapUsed \
             grows, start it with this option, send it SIGUSR2 while the heap is small and again some minutes later, and \
             compare the two heap snapshots (a snapshot needs about as much memory as the heap)"
                .into(),
            Some("export NODE_OPTIONS=\"${NODE_OPTIONS:+$NODE_OPTIONS }--heapsnapshot-signal=SIGUSR2\"".into()),
        ),
        RuntimeKind::Go => (
            "compare two heap profiles taken a few minutes apart (needs net/http/pprof, here on port 6060)".into(),
            Some("go tool pprof -sample_index=inuse_space http://localhost:6060/debug/pprof/heap".into()),
        ),
        RuntimeKind::Python => python(alive, line),
        RuntimeKind::Dotnet => {
            ("compare two heap dumps taken a few minutes apart".into(), running(alive, subject, &|pid| {
                format!("dotnet-gcdump collect -p {pid}")
            }))
        }
        RuntimeKind::Ruby => (
            "start it from a shell with this setting, then send it SIGCONT twice, a few minutes apart, and compare the dumps in \
             /var/tmp (heapy read, or harb)"
                .into(),
            Some(format!(
                "printf '%s\\n' '{RUBY}' > /var/tmp/heap-on-cont.rb && export RUBYOPT=-r/var/tmp/heap-on-cont.rb"
            )),
        ),
        RuntimeKind::Native => native(alive, line),
        _ => return None,
    })
}

/// A command for a process that runs: the one that grew, else the newest of its name.
fn running(alive: Option<u32>, subject: &Subject<'_>, command: &dyn Fn(&str) -> String) -> Option<String> {
    match alive {
        Some(pid) => Some(command(&pid.to_string())),
        None => Some(command(&format!("\"$(pgrep -n -x {})\"", plain_name(subject.comm)?))),
    }
}

/// memray writes each allocation as it happens, so the file of a killed run can be read; without `--aggregate`.
fn python(alive: Option<u32>, line: Option<Vec<String>>) -> (String, Option<String>) {
    if let Some(pid) = alive {
        let how = "record its allocations with memray (installed where it runs), then run memray flamegraph --leaks on the file";
        return (how.into(), Some(format!("memray attach -o /var/tmp/memray.bin {pid}")));
    }
    let how = "start the next run under memray, then run memray flamegraph on the file, which is readable after a kill, too";
    let command = line.and_then(|line| {
        let (python, rest) = line.split_first()?;
        (!rest.is_empty())
            .then(|| format!("{python} -m memray run -f -o /var/tmp/memray.bin {}", rest.join(" ")))
    });
    (how.into(), command)
}

fn native(alive: Option<u32>, line: Option<Vec<String>>) -> (String, Option<String>) {
    if let Some(pid) = alive {
        return (
            "attach heaptrack, then look at what is not freed".into(),
            Some(format!("heaptrack --pid {pid}")),
        );
    }
    let how = "start the next run under heaptrack, which shows what is not freed and where it was allocated";
    (how.into(), line.map(|line| format!("heaptrack {}", line.join(" "))))
}
