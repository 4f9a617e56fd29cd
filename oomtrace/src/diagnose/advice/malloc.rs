//! glibc's malloc: an arena for each few threads, none of which gives back what another could use.

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
    if empty < MANY {
        return;
    }
    push(
        into,
        50,
        Advice {
            action: "Try fewer arenas of malloc: with many threads each keeps what it freed for itself."
                .into(),
            command: Some("MALLOC_ARENA_MAX=2".into()),
            value_bytes: None,
            why: format!(
                "Its address space is {} larger than its memory; each arena of glibc reserves 64.0 MiB. That is a hint and no \
                 proof: watch whether it grows slower.",
                size(empty)
            ),
        },
    );
}
