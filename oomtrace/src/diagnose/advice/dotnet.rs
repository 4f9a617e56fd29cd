//! .NET: the hard limit of its heap.

use super::facts::Facts;
use super::{Ranked, heap, push};
use crate::model::{Advice, RuntimeKind, VerdictKind};

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    use VerdictKind::{Burst, Leak, LimitTooLow};
    let Some((subject, runtime)) = facts.managed_by(RuntimeKind::Dotnet) else {
        return;
    };
    // In a container with a limit .NET keeps its heap to 75 % of that by itself; more advice than that has no ground.
    let max = runtime.bytes("DOTNET_GCHeapHardLimit");
    if max.is_none() || !facts.is(&[Leak, Burst, LimitTooLow]) {
        return;
    }
    if let Some(heap) = heap::fitting(facts, &subject, max) {
        push(
            into,
            12,
            Advice {
                action: "Give .NET a heap that fits: it then fails with an OutOfMemoryException instead of being killed.".into(),
                command: Some(format!("DOTNET_GCHeapHardLimit={:#X}", heap.bytes)),
                value_bytes: Some(heap.bytes),
                why: heap.why,
            },
        );
    }
}
