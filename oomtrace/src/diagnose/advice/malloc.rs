//! glibc's malloc: an arena for each few threads, and no arena gives back what another could use.

use super::command;
use super::facts::Facts;
use super::round::size;
use super::{Ranked, push};
use crate::model::{Advice, RuntimeKind, VerdictKind};

/// Address space that each further arena reserves on 64 bit (`HEAP_MAX_SIZE`).
const ARENA: u64 = 64 << 20;
/// Address space without memory behind it, from which on arenas are a likely reason.
const MANY: u64 = 16 * ARENA;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    if !facts.is(&[VerdictKind::Leak, VerdictKind::LimitTooLow]) {
        return;
    }
    let Some(subject) = facts.subject() else {
        return;
    };
    let arenas = subject.runtime.filter(|runtime| {
        matches!(runtime.kind, RuntimeKind::Python | RuntimeKind::Ruby | RuntimeKind::Php)
            && runtime.environment_read
            && runtime.setting("MALLOC_ARENA_MAX").is_none()
    });
    if arenas.is_none() {
        return;
    }
    let victim = facts.victim().filter(|victim| Some(victim.pid) == subject.pid);
    let Some((space, held)) = victim.and_then(|victim| victim.memory.total_vm_bytes).zip(subject.held) else {
        return;
    };
    let empty = space.saturating_sub(held);
    // Page tables of a large, sparse address space look like this as well, and no arena is to blame for them.
    let mostly_private = subject.anon.is_some_and(|anon| anon >= held / 2);
    if empty < MANY || !mostly_private {
        return;
    }
    push(
        into,
        50,
        Advice {
            action: "Try fewer malloc arenas: with many threads each arena keeps what was freed in it."
                .into(),
            command: Some(command::export("MALLOC_ARENA_MAX", "2")),
            value_bytes: None,
            why: format!(
                "Its address space is {} larger than its memory, and each arena of glibc reserves 64 MiB. This is a hint, not \
                 proof: check whether it grows more slowly.",
                size(empty)
            ),
        },
    );
}
