//! The victims of a draft: memory, score and cgroup.

use oomtrace_common::{Task, UNKNOWN, UNKNOWN_32};

use super::{
    Draft, Member, Paths,
    units::{Units, known, ranked_on_sums},
};
use crate::{
    kernel::clock::Clock,
    model::{Accuracy, Badness, BadnessParts, CgroupRef, KernelView, Memory, Role, Text, Victim},
};

/// Points that are no score: `LONG_MAX` for a task that asked to be killed first (swapoff, KSM).
const ORIGIN: i64 = i64::MAX;

/// All victims, the chosen one first.
pub(super) fn victims(
    draft: &Draft,
    paths: &Paths<'_>,
    units: Units,
    clock: &Clock,
    notes: &mut Vec<String>,
) -> Vec<Victim> {
    let page_size = units.page_size;
    let mut victims: Vec<Victim> =
        draft.members.iter().map(|member| victim(member, paths, page_size, clock)).collect();
    if victims.is_empty() {
        victims.extend(without_signal(draft, paths, page_size, clock, notes));
    }
    if let Some(chosen) = victims.first_mut().filter(|v| v.role == Role::Chosen) {
        chosen.badness = badness(draft, units, notes);
    }
    victims
}

/// The victim when neither its SIGKILL nor its mark was seen: what the decision or the plain tracepoint say.
fn without_signal(
    draft: &Draft,
    paths: &Paths<'_>,
    page_size: u64,
    clock: &Clock,
    notes: &mut Vec<String>,
) -> Option<Victim> {
    if let Some(kill) = &draft.kill {
        notes.push("the kernel's decision was seen, the SIGKILL itself was not".to_owned());
        let member =
            Member { role: Role::Chosen, task: kill.chosen, signalled: None, marked: None, exited: None };
        return Some(victim(&member, paths, page_size, clock));
    }
    let plain = draft.plain.as_deref()?;
    let bytes = |kb: u64| known(kb).map(|kb| kb * 1024);
    Some(Victim {
        role: Role::Chosen,
        pid: plain.pid,
        comm: Text::until_nul(&plain.comm),
        uid: (plain.uid != UNKNOWN_32).then_some(plain.uid),
        oom_score_adj: (plain.oom_score_adj != i32::MIN).then_some(plain.oom_score_adj),
        memory: Memory {
            total_vm_bytes: bytes(plain.total_vm_kb),
            anon_bytes: bytes(plain.anon_kb),
            file_bytes: bytes(plain.file_kb),
            shmem_bytes: bytes(plain.shmem_kb),
            page_table_bytes: bytes(plain.pgtables_kb),
            accuracy: known(plain.anon_kb).map(|_| Accuracy::Approximate),
            ..Memory::default()
        },
        ..Victim::default()
    })
}

/// One victim.
pub(super) fn victim(member: &Member, paths: &Paths<'_>, page_size: u64, clock: &Clock) -> Victim {
    let task = &member.task;
    let id = |value: u32| (value != UNKNOWN_32).then_some(value);
    let pid = id(task.tgid).unwrap_or(task.tid);
    Victim {
        role: member.role,
        pid,
        tid: id(task.tid).filter(|tid| *tid != pid),
        ns_pid: id(task.ns_pid).filter(|ns| *ns != task.tid),
        comm: Text::until_nul(&task.comm),
        uid: id(task.uid),
        ppid: id(task.ppid),
        start_time: known(task.start_time).map(|t| clock.rfc3339(t)),
        oom_score_adj: (task.oom_score_adj != i32::MIN).then_some(task.oom_score_adj),
        memory: memory(task, page_size),
        cgroup: paths.path(task.memcg_id).map(|path| CgroupRef { path, id: Some(task.memcg_id.to_string()) }),
        kill_to_exit_ns: member.kill_to_exit(),
        ..Victim::default()
    }
}

/// File, anonymous, swap and shmem pages as bytes; negative counts are 0, as the kernel takes them.
fn bytes_of(counters: &[i64; 4], page_size: u64) -> Option<KernelView> {
    if counters.contains(&i64::MIN) {
        return None;
    }
    let bytes = |pages: i64| u64::try_from(pages).unwrap_or(0) * page_size;
    Some(KernelView {
        file_bytes: bytes(counters[0]),
        anon_bytes: bytes(counters[1]),
        swap_bytes: bytes(counters[2]),
        shmem_bytes: bytes(counters[3]),
    })
}

fn memory(task: &Task, page_size: u64) -> Memory {
    let exact = bytes_of(&task.exact, page_size);
    let central = bytes_of(&task.central, page_size);
    let accuracy = match (&exact, &central) {
        (Some(_), _) => Some(Accuracy::Exact),
        (None, Some(_)) => Some(Accuracy::Approximate),
        (None, None) => None,
    };
    let best = exact.clone().or_else(|| central.clone());
    Memory {
        total_vm_bytes: (task.total_vm != UNKNOWN).then(|| task.total_vm * page_size),
        anon_bytes: best.as_ref().map(|b| b.anon_bytes),
        file_bytes: best.as_ref().map(|b| b.file_bytes),
        shmem_bytes: best.as_ref().map(|b| b.shmem_bytes),
        swap_bytes: best.as_ref().map(|b| b.swap_bytes),
        page_table_bytes: known(task.pgtables_bytes),
        accuracy,
        kernel_view: central.filter(|c| exact.as_ref().is_some_and(|e| e != c)),
    }
}

/// The chosen one's score: the kernel's, and the formula on the counters of the scan (else of the kill).
fn badness(draft: &Draft, units: Units, notes: &mut Vec<String>) -> Option<Badness> {
    let kill = draft.kill.as_deref();
    let task = kill.map(|k| k.chosen).or_else(|| draft.members.first().map(|m| m.task))?;
    let total_pages = kill.and_then(|k| known(k.total_pages));
    let points = kill.and_then(|k| points(draft, k.chosen_points, notes));
    let parts = parts(draft, &task, total_pages, points, units)?;
    let recomputed =
        parts.adj_pages.map(|adj| parts.rss_pages + parts.swap_pages + parts.page_table_pages + adj);
    if let (Some(points), Some(recomputed)) = (points, recomputed)
        && points != recomputed
    {
        notes.push(format!(
            "the kernel's score was {points} pages, the formula on the counters read gives {recomputed}"
        ));
    }
    let permille = match (points.or(recomputed), total_pages) {
        (Some(points), Some(total)) if total > 0 => {
            i64::try_from(i128::from(points) * 1000 / i128::from(total)).ok()
        }
        _ => None,
    };
    Some(Badness { points, total_pages, permille, recomputed, parts: Some(parts) })
}

/// The kernel's score where it is one.
fn points(draft: &Draft, chosen_points: i64, notes: &mut Vec<String>) -> Option<i64> {
    let message = draft.kill.as_deref().map(|k| Text::until_nul(&k.message)).unwrap_or_default();
    if message.lossy().contains("oom_kill_allocating_task") {
        notes.push(
            "vm.oom_kill_allocating_task is set: the kernel killed the allocating task without scoring"
                .to_owned(),
        );
        return None;
    }
    if chosen_points == ORIGIN {
        notes.push(
            "the victim had asked to be killed first (swapoff or KSM): no score was computed".to_owned(),
        );
        return None;
    }
    (chosen_points != i64::MIN).then_some(chosen_points)
}

fn parts(
    draft: &Draft,
    task: &Task,
    total_pages: Option<u64>,
    points: Option<i64>,
    units: Units,
) -> Option<BadnessParts> {
    let scored = draft.candidates.iter().find(|c| c.tgid == task.tgid && c.points != i64::MIN);
    let adj = scored.map_or(task.oom_score_adj, |c| c.oom_score_adj);
    let thousandth = total_pages.map(|t| i64::try_from(t / 1000).unwrap_or(0));
    let adj_pages = thousandth.map(|t| t * i64::from(if adj == i32::MIN { 0 } else { adj }));
    let pgtables = scored.map_or(task.pgtables_bytes, |c| c.pgtables_bytes);
    let page_table_pages = i64::try_from(known(pgtables)? / units.page_size).ok()?;
    let sums = ranked_on_sums(draft, units);
    let (rss_pages, swap_pages) = match scored {
        Some(c) if sums && c.rss_exact != i64::MIN => (c.rss_exact, c.swap_exact.max(0)),
        Some(c) => (c.rss_central, c.swap.max(0)),
        None => {
            let rest = page_table_pages + adj_pages.unwrap_or(0);
            resident_and_swap(task, points.map(|points| points - rest), sums)?
        }
    };
    Some(BadnessParts { rss_pages, swap_pages, page_table_pages, adj_pages })
}

/// Resident and swapped pages on the counters that the kernel ranked on: those that come closer to what it had
/// (`wanted`), else by `sums`.
fn resident_and_swap(task: &Task, wanted: Option<i64>, sums: bool) -> Option<(i64, i64)> {
    let pages = |c: &[i64; 4]| {
        (!c.contains(&i64::MIN)).then(|| (c[0].max(0) + c[1].max(0) + c[3].max(0), c[2].max(0)))
    };
    let (cheap, exact) = match (pages(&task.central), pages(&task.exact)) {
        (Some(cheap), Some(exact)) => (cheap, exact),
        (cheap, exact) => return cheap.or(exact),
    };
    let exact_wins = match wanted {
        Some(wanted) if exact != cheap => {
            let off = |(rss, swap): (i64, i64)| (rss + swap - wanted).abs();
            off(exact) < off(cheap)
        }
        _ => sums,
    };
    Some(if exact_wins { exact } else { cheap })
}
