//! A finished draft into the incident record.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use oomtrace_common::{Candidate as Scored, Kill, Level, UNKNOWN, UNKNOWN_32};

use super::{
    Draft, Paths,
    build_victim::victims,
    path::is_root,
    units::{Units, exact_points, known, ranked_on_sums},
    unlimited,
};
use crate::{
    kernel::{clock::Clock, gfp::GfpNames, text_symbols::TextSymbols},
    model::{
        Candidate, Constraint, GfpFlags, Host, Incident, LimitMemcg, MemcgLevel, SCHEMA, Scope, Source, Text,
        Trigger,
    },
};

/// How notes about an inferred scope begin.
pub const INFERRED: &str = "whose limit was hit is inferred";

/// What is known of the machine and the probes, for all incidents.
#[derive(Clone, Default)]
pub struct Facts {
    /// The machine.
    pub host: Host,
    /// Possible CPUs.
    pub cpus: u64,
    /// Names of gfp flags on this kernel.
    pub gfp: GfpNames,
    /// Labels of probes by their number in records.
    pub probes: BTreeMap<u32, String>,
    /// The kernel's functions, once they have been read.
    pub symbols: Arc<OnceLock<TextSymbols>>,
}

/// Turns drafts into incidents.
pub struct Builder {
    facts: Facts,
}

impl Builder {
    /// For this machine.
    #[must_use]
    pub fn new(facts: Facts) -> Self {
        Self { facts }
    }

    /// The machine.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The id of a kill by the time of its first record: unique on a host and boot.
    #[must_use]
    pub fn id(&self, first: u64) -> String {
        let boot = self.facts.host.boot_id.as_deref().and_then(|id| id.get(..8)).unwrap_or("boot");
        format!("{boot}-{first}")
    }

    /// The incident of a kill.
    #[must_use]
    pub fn build(&self, draft: &Draft, lost_events: u64) -> Incident {
        let units = Units::of(&self.facts.host);
        let paths = Paths::new(&draft.levels, units.page_size);
        let clock = Clock::now();
        let mut notes = Vec::new();
        let time = draft.members.first().and_then(super::Member::killed).unwrap_or(draft.first);
        Incident {
            schema: SCHEMA.to_owned(),
            id: self.id(draft.first),
            time: clock.rfc3339(time),
            boottime_ns: time,
            host: self.facts.host.clone(),
            scope: self.scope(draft, &paths, &mut notes),
            trigger: Some(trigger(draft, &paths, self.facts.symbols.get())),
            victims: victims(draft, &paths, units, &clock, &mut notes),
            candidates: candidates(draft, units),
            candidates_scored: draft.kill.as_ref().map(|k| k.candidates).filter(|n| *n != UNKNOWN_32),
            system: None,
            history: None,
            diagnosis: None,
            source: Source { probes: self.probes(draft), lost_events, notes, ..Source::default() },
        }
    }

    /// A victim of a kill that was reported before.
    #[must_use]
    pub fn late_victim(&self, member: &super::Member, levels: &[Level]) -> crate::model::Victim {
        let paths = Paths::new(levels, self.facts.host.page_size);
        super::build_victim::victim(member, &paths, self.facts.host.page_size, &Clock::now())
    }

    /// Replaces an inferred scope's cgroups by those around the limit's `path`, once that is known for certain. False when
    /// the path is not among the levels that were recorded.
    pub fn place(&self, scope: &mut Scope, draft: &Draft, path: &Text) -> bool {
        let paths = Paths::new(&draft.levels, self.facts.host.page_size);
        let Some(level) = draft.levels.iter().find(|l| paths.path(l.id).as_ref() == Some(path)) else {
            return false;
        };
        place_limit(scope, level.id, victim_memcg(draft), &paths);
        true
    }

    fn probes(&self, draft: &Draft) -> Vec<String> {
        let mut numbers = draft.probes.clone();
        numbers.sort_unstable();
        numbers.iter().filter_map(|n| self.facts.probes.get(n).cloned()).collect()
    }

    fn scope(&self, draft: &Draft, paths: &Paths<'_>, notes: &mut Vec<String>) -> Scope {
        match &draft.kill {
            Some(kill) => self.decided(kill, draft, paths, notes),
            None => self.inferred(draft, paths, notes),
        }
    }

    /// The scope as the kernel had it.
    fn decided(&self, kill: &Kill, draft: &Draft, paths: &Paths<'_>, notes: &mut Vec<String>) -> Scope {
        let mut scope = Scope {
            constraint: constraint(kill.constraint),
            message: Some(Text::until_nul(&kill.message).lossy().into_owned()).filter(|m| !m.is_empty()),
            total_pages: known(kill.total_pages),
            gfp_flags: (kill.gfp_mask != UNKNOWN_32)
                .then(|| GfpFlags { value: kill.gfp_mask, names: self.facts.gfp.names(kill.gfp_mask) }),
            order: (kill.order != i32::MIN).then_some(kill.order),
            sysrq: (kill.order != i32::MIN).then_some(kill.order == -1),
            ..Scope::default()
        };
        if kill.memcg != 0 {
            place_limit(&mut scope, kill.memcg_id, victim_memcg(draft), paths);
            if scope.memcg.is_none() {
                notes.push("the path of the memory cgroup whose limit was hit was lost".to_owned());
            }
        }
        scope
    }

    /// The scope worked out from usage and limits: the kernel charges from the leaf up and fails at the first level that
    /// has no room, so it is the level closest to its limit. Usage lags by each CPU's stock of up to 64 pages.
    fn inferred(&self, draft: &Draft, paths: &Paths<'_>, notes: &mut Vec<String>) -> Scope {
        let mut scope = Scope { inferred: true, ..Scope::default() };
        let slack = 64 * self.facts.cpus.max(1) + 512;
        let page_size = self.facts.host.page_size;
        let room = |l: &&Level| l.max.saturating_sub(l.usage);
        let limited = |l: &&Level| !is_root(l) && l.usage != UNKNOWN && !unlimited(l.max, page_size);
        let victim = victim_memcg(draft);
        let tightest =
            paths.of(victim).into_iter().filter(limited).filter(|l| room(l) <= slack).min_by_key(room);
        if let Some(level) = tightest {
            scope.constraint = Some(Constraint::Memcg);
            place_limit(&mut scope, level.id, victim, paths);
            notes.push(format!("{INFERRED}: the cgroup above the victim that is closest to its limit"));
        } else if draft.plain.is_none() {
            notes.push(format!(
                "{INFERRED}: no cgroup above the victim is at its limit, so the machine or a cpuset ran out of memory"
            ));
        }
        scope
    }
}

/// The victim's memory cgroup id, 0 when it is not known.
fn victim_memcg(draft: &Draft) -> u64 {
    match (draft.members.first(), &draft.kill) {
        (Some(member), _) if member.task.memcg_id != 0 => member.task.memcg_id,
        (_, Some(kill)) => kill.chosen.memcg_id,
        _ => 0,
    }
}

/// Fills in the cgroup whose limit was hit, those above it, and those between it and the victim.
fn place_limit(scope: &mut Scope, limit_id: u64, victim_id: u64, paths: &Paths<'_>) {
    let up = paths.of(limit_id);
    let Some(level) = paths.level(&up) else { return };
    let victim = paths.of(victim_id);
    let above = victim.iter().position(|l| l.id == limit_id);
    scope.memcg = Some(LimitMemcg { level, levels_above_victim: above.and_then(|n| u32::try_from(n).ok()) });
    scope.ancestors = (1..up.len()).filter_map(|n| paths.level(&up[n..])).collect();
    scope.below =
        (0..above.unwrap_or(0)).filter_map(|n| paths.level(&victim[n..])).collect::<Vec<MemcgLevel>>();
}

fn constraint(value: u32) -> Option<Constraint> {
    match value {
        0 => Some(Constraint::None),
        1 => Some(Constraint::Cpuset),
        2 => Some(Constraint::MemoryPolicy),
        3 => Some(Constraint::Memcg),
        _ => None,
    }
}

fn trigger(draft: &Draft, paths: &Paths<'_>, symbols: Option<&TextSymbols>) -> Trigger {
    let sent = draft.trigger.as_deref();
    let kernel = sent.map(|t| frames(&t.kernel_stack, t.kernel_stack_len)).unwrap_or_default();
    let user = sent.map(|t| frames(&t.user_stack, t.user_stack_len)).unwrap_or_default();
    let addresses = |stack: &[u64]| stack.iter().map(|a| format!("{a:#x}")).collect();
    Trigger {
        tgid: Some(draft.current_tgid),
        pid: draft.current_tid,
        comm: Text::until_nul(&draft.current_comm),
        cgroup: sent.and_then(|t| paths.path(t.memcg_id)),
        kernel_stack: symbols
            .map_or_else(|| addresses(kernel), |symbols| without_us(symbols.name_all(kernel))),
        user_stack: addresses(user),
    }
}

/// A stack without the frames of the hook that took it: the program and its trampoline.
fn without_us(frames: Vec<String>) -> Vec<String> {
    frames.into_iter().skip_while(|frame| frame.starts_with("bpf_")).collect()
}

/// The filled part of a stack, `bytes` long; nothing when it could not be taken.
fn frames(stack: &[u64], bytes: i32) -> &[u64] {
    let filled = (usize::try_from(bytes).unwrap_or(0) / 8).min(stack.len());
    &stack[..filled]
}

/// The scored tasks, highest badness first; among equals the one scored later, as the kernel chooses.
fn candidates(draft: &Draft, units: Units) -> Vec<Candidate> {
    let sums = ranked_on_sums(draft, units);
    let mut scored: Vec<&Scored> = draft.candidates.iter().rev().collect();
    scored.sort_by_key(|c| std::cmp::Reverse(points_as_kernel(c, sums)));
    scored.into_iter().map(|c| candidate(c, sums, units.page_size)).collect()
}

fn candidate(scored: &Scored, sums: bool, page_size: u64) -> Candidate {
    let bytes = |cheap: i64, exact: i64| {
        let pages = if sums && exact != i64::MIN { exact } else { cheap };
        u64::try_from(pages).ok().map(|p| p * page_size)
    };
    Candidate {
        pid: scored.tgid,
        comm: Text::until_nul(&scored.comm),
        points: points_as_kernel(scored, sums),
        rss_bytes: bytes(scored.rss_central, scored.rss_exact),
        swap_bytes: bytes(scored.swap, scored.swap_exact),
        page_table_bytes: Some(scored.pgtables_bytes),
        oom_score_adj: Some(scored.oom_score_adj),
    }
}

/// Points on the counters that the kernel ranked on; `None` for a task that may not be killed.
fn points_as_kernel(scored: &Scored, sums: bool) -> Option<i64> {
    if scored.points == i64::MIN {
        return None;
    }
    Some(exact_points(scored).filter(|_| sums).unwrap_or(scored.points))
}
