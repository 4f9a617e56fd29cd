//! Node.js: the old space of V8, and what it does not bound.

use super::command::VARIABLE_PLACE;
use super::facts::{Facts, Subject};
use super::round::{mib, size};
use super::{Ranked, heap, push};
use crate::model::{Advice, RuntimeKind, VerdictKind};

/// What `--max-old-space-size` does not count.
const OUTSIDE: &str = "Buffers, ArrayBuffers and native addons are outside of that heap and stay unbounded.";

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let Some((subject, runtime)) = facts.managed_by(RuntimeKind::Node) else {
        return;
    };
    let max = runtime.bytes("--max-old-space-size");
    if !heap::matters(facts, &subject, max) {
        return;
    }
    if let (Some(outside), Some(max)) = (heap::outside(&subject, max), max)
        && outside > max
    {
        push(into, 12, buffers(&subject, outside, max));
        return;
    }
    let Some(heap) = heap::fitting(facts, &subject, max) else {
        return;
    };
    let action = if facts.is(&[VerdictKind::Leak, VerdictKind::NoLimit]) {
        "Make Node.js hit its own heap limit first: it then ends with \"heap out of memory\" and a JavaScript stack"
    } else {
        "Give V8 a heap that fits, so that it collects garbage instead of being killed"
    };
    let option = format!("--max-old-space-size={}", mib(heap.bytes));
    push(
        into,
        12,
        Advice {
            action: format!("{action}. {OUTSIDE} {VARIABLE_PLACE}; its command line overrides the variable."),
            command: Some(format!("export NODE_OPTIONS=\"${{NODE_OPTIONS:+$NODE_OPTIONS }}{option}\"")),
            value_bytes: Some(heap.bytes),
            why: heap.why,
        },
    );
}

/// Most of it is outside of V8's heap: a smaller heap would not help.
fn buffers(subject: &Subject<'_>, outside: u64, max: u64) -> Advice {
    Advice {
        action: "Look outside of V8's heap: log process.memoryUsage() once a minute and compare external and arrayBuffers with \
                 rss."
            .into(),
        command: None,
        value_bytes: None,
        why: format!(
            "{} held at least {} outside of its heap of {}: Buffers, ArrayBuffers or native addons. A smaller heap would not \
             free them.",
            subject.name(),
            size(outside),
            size(max)
        ),
    }
}
