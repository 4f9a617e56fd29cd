//! Node.js: the old space of V8.

use super::facts::Facts;
use super::round::mib;
use super::{Ranked, heap, push};
use crate::model::{Advice, RuntimeKind, VerdictKind};

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    use VerdictKind::{Burst, Leak, LimitTooLow};
    let Some((subject, runtime)) = facts.managed_by(RuntimeKind::Node) else {
        return;
    };
    if !facts.is(&[Leak, Burst, LimitTooLow]) {
        return;
    }
    let max = runtime.bytes("--max-old-space-size");
    let Some(heap) = heap::fitting(facts, &subject, max) else {
        return;
    };
    let (action, more) = match facts.is(&[Leak]) {
        true => (
            "Let Node.js fail by itself below the limit: it then prints a JavaScript stack and leaves a heap snapshot that \
             shows what leaks.",
            " --heapsnapshot-near-heap-limit=1",
        ),
        false => ("Give V8 a heap that fits, so that it collects garbage instead of being killed.", ""),
    };
    push(
        into,
        12,
        Advice {
            action: action.into(),
            command: Some(format!("NODE_OPTIONS='--max-old-space-size={}{more}'", mib(heap.bytes))),
            value_bytes: Some(heap.bytes),
            why: heap.why,
        },
    );
}
