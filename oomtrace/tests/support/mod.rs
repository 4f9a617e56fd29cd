//! Sample incidents, each one that a real machine could have had.
#![allow(clippy::unwrap_used, reason = "a sample that can not be made is a failed test")]
#![allow(dead_code, reason = "each test takes what it needs")]

mod cgroups;
mod courses;
mod grown;
mod machines;
mod odd;
mod stream;

use oomtrace::model::*;

#[allow(unused_imports, reason = "each test takes what it needs")]
pub(crate) use grown::neighbour_leak;
pub(crate) use stream::stream;

const PAGE: u64 = 4096;
pub(crate) const KIB: u64 = 1024;
pub(crate) const MIB: u64 = 1024 * KIB;
pub(crate) const GIB: u64 = 1024 * MIB;

/// All samples by the name of their fixture.
pub(crate) fn incidents() -> Vec<(&'static str, Incident)> {
    vec![
        ("memcg_own_limit", cgroups::own_limit()),
        ("memcg_pod_limit", cgroups::pod_limit()),
        ("memcg_group_of_20", cgroups::group_of_20()),
        ("memcg_adj_decided", cgroups::adj_decided()),
        ("memcg_inferred", cgroups::inferred()),
        ("global_with_swap", machines::global_with_swap()),
        ("global_shared_mm", machines::shared_mm()),
        ("cpuset", machines::cpuset()),
        ("sysrq", machines::sysrq()),
        ("allocating_task", machines::allocating_task()),
        ("hostile_names", odd::hostile_names()),
        ("minimal", odd::minimal()),
        ("counters_only", odd::counters_only()),
        ("kernel_log", odd::kernel_log()),
        ("old_kernel", odd::old_kernel()),
        ("grown_leak", courses::leak()),
        ("grown_burst", courses::burst()),
        ("grown_neighbour_hostile", courses::neighbour()),
        ("grown_fork_swarm", courses::fork_swarm()),
        ("grown_shmem", courses::shmem()),
        ("grown_no_limit", courses::no_limit()),
        ("grown_undetermined", courses::undetermined()),
    ]
}

/// What all samples share.
fn base(id: &str) -> Incident {
    Incident {
        schema: SCHEMA.into(),
        id: format!("1f0c9a77-{id}"),
        time: "2026-11-23T14:03:11.482913746Z".into(),
        boottime_ns: 86_461_482_913_746,
        host: host(),
        source: Source {
            probes: ["fentry:oom_kill_process", "raw_tp:mark_victim", "raw_tp:signal_generate"]
                .map(Into::into)
                .into(),
            ..Source::default()
        },
        ..Incident::default()
    }
}

fn host() -> Host {
    Host {
        name: "web-3".into(),
        boot_id: Some("1f0c9a77-3a0e-4c59-9f0b-6b0a3a1de001".into()),
        kernel: "6.12.9-amd64".into(),
        machine: "x86_64".into(),
        page_size: PAGE,
        cgroup_version: Some(2),
    }
}

fn pages(bytes: u64) -> i64 {
    i64::try_from(bytes / PAGE).unwrap()
}

/// A level with a limit (0: none) and its usage.
fn level(path: &str, limit: u64, usage: u64) -> MemcgLevel {
    MemcgLevel {
        path: Text::from(path),
        limit_bytes: Some(limit).filter(|limit| *limit > 0),
        usage_bytes: Some(usage),
        ..MemcgLevel::default()
    }
}

/// The parts of a score; `total` is the size of the domain in bytes.
fn badness(rss: u64, swap: u64, tables: u64, adj: i32, total: u64) -> Badness {
    let adj_pages = i64::from(adj) * (pages(total) / 1000);
    let sum = pages(rss) + pages(swap) + pages(tables) + adj_pages;
    Badness {
        points: Some(sum),
        total_pages: Some(total / PAGE),
        permille: Some(sum * 1000 / pages(total)),
        recomputed: Some(sum),
        parts: Some(BadnessParts {
            rss_pages: pages(rss),
            swap_pages: pages(swap),
            page_table_pages: pages(tables),
            adj_pages: Some(adj_pages),
        }),
    }
}

fn candidate(pid: u32, comm: &str, rss: u64, swap: u64, adj: i32, total: u64) -> Candidate {
    let tables = (rss / 512).next_multiple_of(PAGE);
    Candidate {
        pid,
        comm: Text::from(comm),
        points: badness(rss, swap, tables, adj, total).points.filter(|_| adj != -1000),
        rss_bytes: Some(rss),
        swap_bytes: Some(swap),
        page_table_bytes: Some(tables),
        oom_score_adj: Some(adj),
    }
}

/// A victim with what is read of each; its cgroup is `path`.
fn victim(candidate: &Candidate, path: &str, total: u64) -> Victim {
    let rss = candidate.rss_bytes.unwrap();
    let swap = candidate.swap_bytes.unwrap();
    let tables = candidate.page_table_bytes.unwrap();
    let adj = candidate.oom_score_adj.unwrap();
    Victim {
        pid: candidate.pid,
        comm: candidate.comm.clone(),
        uid: Some(1000),
        ppid: Some(1),
        start_time: Some("2026-11-23T11:59:58.000000000Z".into()),
        oom_score_adj: Some(adj),
        badness: Some(badness(rss, swap, tables, adj, total)),
        memory: Memory {
            total_vm_bytes: Some(rss * 3),
            anon_bytes: Some(rss / 64 * 63),
            file_bytes: Some(rss / 64),
            shmem_bytes: Some(0),
            swap_bytes: Some(swap),
            page_table_bytes: Some(tables),
            accuracy: Some(Accuracy::Exact),
            kernel_view: None,
        },
        cgroup: Some(CgroupRef { path: Text::from(path), id: Some("7341".into()) }),
        kill_to_exit_ns: Some(3_140_000),
        ..Victim::default()
    }
}

fn args(line: &str) -> Vec<Text> {
    line.split(' ').map(Text::from).collect()
}

/// The trigger that is the victim itself.
fn itself(victim: &Victim) -> Trigger {
    Trigger { tgid: Some(victim.pid), pid: victim.pid, comm: victim.comm.clone(), ..Trigger::default() }
}

/// Highest score first, as the record has it.
fn ranked(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by_key(|c| std::cmp::Reverse(c.points));
    candidates
}

fn scene() -> System {
    System {
        captured: Captured::AfterKill,
        age_ns: Some(12_000_000),
        mem_total_bytes: Some(31 * GIB + 200 * MIB),
        mem_free_bytes: Some(GIB + 100 * MIB),
        mem_available_bytes: Some(18 * GIB),
        swap_total_bytes: Some(0),
        swap_free_bytes: Some(0),
        shmem_bytes: Some(300 * MIB),
        slab_bytes: Some(700 * MIB),
        psi: Some(Psi { some_avg10: 1.25, full_avg10: Some(0.5) }),
        zones: vec![zone(0, "Normal", 300 * MIB, 65 * MIB)],
        top_processes: vec![
            top(1202, "postgres", 6 * GIB),
            top(4711, "java", 480 * MIB),
            top(998, "prometheus", 410 * MIB),
        ],
        ..System::default()
    }
}

fn zone(node: u32, name: &str, free: u64, min: u64) -> Zone {
    Zone {
        node,
        name: name.into(),
        free_bytes: free,
        min_bytes: min,
        managed_bytes: Some(15 * GIB),
        ..Zone::default()
    }
}

fn top(pid: u32, comm: &str, rss: u64) -> TopProcess {
    TopProcess { pid, comm: Text::from(comm), rss_bytes: rss, swap_bytes: Some(0) }
}
