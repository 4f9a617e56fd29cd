//! Paths of memory cgroups from their levels.

use oomtrace_common::{Level, UNKNOWN, UNKNOWN_32};

use crate::model::{MemcgLevel, Text};

/// The levels of an incident, by the leaf they belong to.
#[derive(Debug)]
pub struct Paths<'a> {
    levels: &'a [Level],
    page_size: u64,
}

/// A page counter without a limit: `PAGE_COUNTER_MAX` is `LONG_MAX / PAGE_SIZE`.
#[must_use]
pub fn unlimited(pages: u64, page_size: u64) -> bool {
    pages == UNKNOWN || pages >= i64::MAX.unsigned_abs() / page_size
}

impl<'a> Paths<'a> {
    /// Over the levels of one kill.
    #[must_use]
    pub fn new(levels: &'a [Level], page_size: u64) -> Self {
        Self { levels, page_size }
    }

    /// The levels of the cgroup with this id, leaf first; of any path that passes through it.
    #[must_use]
    pub fn of(&self, id: u64) -> Vec<&'a Level> {
        let Some(at) = self.levels.iter().find(|l| l.id == id && id != 0) else { return Vec::new() };
        let mut levels: Vec<_> =
            self.levels.iter().filter(|l| l.leaf_id == at.leaf_id && l.depth >= at.depth).collect();
        levels.sort_by_key(|l| l.depth);
        levels.dedup_by_key(|l| l.depth);
        levels
    }

    /// The path from the root of the hierarchy; `None` when the cgroup is not among the levels.
    #[must_use]
    pub fn path(&self, id: u64) -> Option<Text> {
        let levels = self.of(id);
        (!levels.is_empty()).then(|| join(&levels))
    }

    /// A level with its numbers in bytes. `levels` is what [`Self::of`] gave, from this level up.
    #[must_use]
    pub fn level(&self, levels: &[&Level]) -> Option<MemcgLevel> {
        let level = levels.first()?;
        let bytes = |pages: u64| (pages != UNKNOWN).then(|| pages.saturating_mul(self.page_size));
        let limit = |pages: u64| if unlimited(pages, self.page_size) { None } else { bytes(pages) };
        // The root has no counters of its own: what is there means nothing.
        let root = is_root(level);
        Some(MemcgLevel {
            path: join(levels),
            id: (level.id != 0).then(|| level.id.to_string()),
            limit_bytes: if root { None } else { limit(level.max) },
            usage_bytes: if root { None } else { bytes(level.usage) },
            peak_bytes: if root { None } else { bytes(level.watermark) },
            swap_limit_bytes: if root { None } else { limit(level.swap_max) },
            swap_usage_bytes: if root { None } else { bytes(level.swap_usage) },
            high_bytes: if root { None } else { limit(level.high) },
            oom_group: (level.oom_group != UNKNOWN_32).then_some(level.oom_group == 1),
        })
    }
}

/// True for the hierarchy's root.
pub(super) fn is_root(level: &Level) -> bool {
    level.level == 0
}

/// `/a/b` of the levels b, a, root; an incomplete path (deeper than what is recorded) begins with "...".
fn join(levels: &[&Level]) -> Text {
    let mut path = Vec::new();
    let complete = levels.last().is_some_and(|l| is_root(l) || l.level == UNKNOWN_32);
    if !complete {
        path.extend_from_slice(b"...");
    }
    for level in levels.iter().rev().filter(|l| !is_root(l)) {
        path.push(b'/');
        let end = usize::try_from(level.name_len).unwrap_or(usize::MAX).min(level.name.len());
        path.extend_from_slice(&level.name[..end]);
    }
    if path.is_empty() {
        path.push(b'/');
    }
    Text::new(path)
}
