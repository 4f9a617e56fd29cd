//! .NET: the hard limit of its heap.

use super::command::{self, VARIABLE_PLACE};
use super::facts::Facts;
use super::{Ranked, heap, push};
use crate::model::{Advice, RuntimeKind};

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let Some((subject, runtime)) = facts.managed_by(RuntimeKind::Dotnet) else {
        return;
    };
    // In a container with a limit .NET keeps its heap to 75 % of that by itself; a value for that has no figures to rest on.
    let max = runtime.bytes("DOTNET_GCHeapHardLimit");
    if max.is_none() || !heap::matters(facts, &subject, max) {
        return;
    }
    if let Some(heap) = heap::fitting(facts, &subject, max) {
        push(
            into,
            12,
            Advice {
                action: format!(
                    "Give .NET a heap that fits: it then fails with an OutOfMemoryException instead of being killed. \
                     {VARIABLE_PLACE}."
                ),
                command: Some(command::export("DOTNET_GCHeapHardLimit", &format!("{:#X}", heap.bytes))),
                value_bytes: Some(heap.bytes),
                why: heap.why,
            },
        );
    }
}
