//! The heap that V8 takes for itself where no option sets one.

use super::command;
use super::facts::{Facts, Subject, is_below};
use super::round::size;
use crate::model::{EntityKind, Runtime, Text};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
/// The smallest default.
const LEAST: u64 = 256 * MIB;
/// The largest default, of machines with less than `LARGE`.
const MOST: u64 = 2 * GIB;
/// From this much memory on the largest default is twice `MOST`.
const LARGE: u64 = 15 * GIB;

/// How large the heap may grow.
pub(super) struct Bound {
    pub(super) bytes: u64,
    /// No option was found: it is V8's default, in words.
    pub(super) default: Option<String>,
}

/// The bound that was set, else V8's default for the memory that it finds.
pub(super) fn bound(facts: &Facts<'_>, subject: &Subject<'_>, runtime: &Runtime) -> Option<Bound> {
    if let Some(bytes) = runtime.bytes("--max-old-space-size") {
        return Some(Bound { bytes, default: None });
    }
    if !runtime.environment_read || !is_node(facts, subject) {
        return None;
    }
    let memory = memory(facts, subject)?;
    let most = if memory >= LARGE { 2 * MOST } else { MOST };
    let bytes = (memory / 2).clamp(LEAST, most);
    let hidden = match command::shows_line(facts, subject) {
        true => "",
        false => ", unless its command line sets another (its title hides it)",
    };
    let default = format!(
        "No --max-old-space-size was found: V8's default for {} of memory is about {}{hidden}.",
        size(memory),
        size(bytes)
    );
    Some(Bound { bytes, default: Some(default) })
}

/// Others on V8 have defaults of their own.
fn is_node(facts: &Facts<'_>, subject: &Subject<'_>) -> bool {
    let of_victim = facts.incident.victims.iter().find(|victim| Some(victim.pid) == subject.pid);
    let exe = facts.culprit().and_then(|culprit| culprit.exe.as_ref());
    let exe = exe.or(of_victim.and_then(|victim| victim.exe.as_ref()));
    exe.and_then(|exe| exe.as_bytes().rsplit(|b| *b == b'/').next())
        .is_some_and(|name| name.starts_with(b"node"))
}

/// What Node.js asks the system for: the lowest limit above it, else the machine's memory.
fn memory(facts: &Facts<'_>, subject: &Subject<'_>) -> Option<u64> {
    let machine = facts.incident.system.as_ref().and_then(|system| system.mem_total_bytes);
    let own = subject.cgroup.map(Text::as_bytes);
    let above = |path: &[u8]| own.is_some_and(|own| is_below(own, path));
    let scope = &facts.incident.scope;
    let hit = scope.memcg.iter().map(|memcg| &memcg.level);
    let levels = hit.chain(&scope.ancestors).chain(&scope.below);
    let of_levels = levels.filter(|level| above(level.path.as_bytes())).filter_map(|level| level.limit_bytes);
    let entities = facts.incident.history.iter().flat_map(|history| &history.entities);
    let of_entities = entities
        .filter(|entity| entity.kind == EntityKind::Cgroup)
        .filter(|entity| entity.path.as_ref().is_some_and(|path| above(path.as_bytes())))
        .filter_map(|entity| entity.limit_bytes);
    of_levels.chain(of_entities).chain(machine).filter(|bytes| *bytes > 0).min()
}
