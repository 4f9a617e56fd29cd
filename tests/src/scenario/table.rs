//! The list of scenarios.

use std::time::Duration;

use anyhow::Result;

use super::{Boot, Scenario, Stage};
use super::{
    exit, global, history, hung, iterators, ladder, memcg, names, numa, record, run, selection, storm,
    suspend, swap, threads,
};
use crate::protocol::Verdict;

type Run = fn(&Stage) -> Result<Verdict>;

const fn entry(name: &'static str, boot: Boot, contained: bool, about: &'static str, run: Run) -> Scenario {
    Scenario { name, boot, contained, in_guests: true, limit: Duration::from_secs(150), about, run }
}

/// Kills inside its own memory cgroup.
const fn memcg(name: &'static str, about: &'static str, run: Run) -> Scenario {
    entry(name, Boot::V2, true, about, run)
}

/// The same on cgroup v1.
const fn v1(name: &'static str, about: &'static str, run: Run) -> Scenario {
    entry(name, Boot::V1, true, about, run)
}

/// Needs a machine of its own.
const fn guest(name: &'static str, about: &'static str, run: Run) -> Scenario {
    entry(name, Boot::V2, false, about, run)
}

/// For a development machine alone.
const fn native(scenario: Scenario) -> Scenario {
    Scenario { in_guests: false, ..scenario }
}

const fn slow(scenario: Scenario) -> Scenario {
    Scenario { limit: Duration::from_secs(600), ..scenario }
}

/// All of them.
pub static SCENARIOS: &[Scenario] = &[
    memcg("own-limit", "memory cgroup at its own limit, victim of another user", memcg::own_limit),
    memcg("limit-1-above", "limit one level above the victim", memcg::limit_1_above),
    memcg("limit-2-above", "limit two levels above the victim", memcg::limit_2_above),
    memcg("limit-5-above", "limit five levels above the victim", memcg::limit_5_above),
    memcg("other-victim", "victim other than trigger", memcg::other_victim),
    memcg("oom-group", "memory.oom.group with 20 members", memcg::oom_group),
    memcg("lowered-limit", "memory.max lowered by an outside writer", memcg::lowered_limit),
    memcg("leader-exited", "leader exited, a thread allocates", selection::leader_exited),
    memcg("threads-exit", "a victim of many threads: when it is gone", exit::of_many_threads),
    memcg("shared-mm", "two processes share the memory", selection::shared_mm),
    memcg("score-adj", "oom_score_adj decides, -1000 is spared", selection::score_adj),
    memcg("shmem", "shared memory", selection::shmem),
    memcg("hostile-comm", "hostile process names", names::comms),
    memcg("hostile-cgroup", "hostile cgroup names, up to 255 bytes", names::cgroups),
    memcg("grower", "one grows for seconds, a neighbour holds still: the history", history::grower),
    memcg("iterators", "samples by iterators and by files agree", iterators::same),
    native(memcg(
        "hung-proc",
        "processes whose memory never answers, beside a kill and killed",
        hung::hooked,
    )),
    native(memcg("hung-proc-files", "the same, sampled by files", hung::files)),
    memcg("run", "`oomtrace run`: survivor, victim, grandchild, exit codes, timeout", run::commands),
    guest("file-mapped", "mapped file that can't be reclaimed", selection::file_mapped),
    guest("swap", "swap in use", swap::in_use),
    guest(
        "nothing-killable",
        "only -1000 in the memory cgroup: the charge fails",
        selection::nothing_killable,
    ),
    guest("global", "the whole machine; the tracer survives", global::eaten),
    guest("sysrq", "asked for by SysRq-f", global::sysrq),
    guest("allocating-task", "vm.oom_kill_allocating_task", global::allocating_task),
    guest("record-global", "`oomtrace record` on a disk while the machine is out of memory", record::file),
    guest("record-flight", "the same, as flight recorder", record::flight),
    memcg("with-log", "hooks and the kernel's log together", ladder::with_log),
    memcg("ladder-kprobe", "fentry denied", ladder::kprobe),
    memcg("ladder-tp-btf", "fentry and kprobe denied", ladder::tp_btf),
    memcg("ladder-raw-tp", "typed tracepoint denied too", ladder::raw_tp),
    memcg("ladder-tp", "raw tracepoint denied too", ladder::tp),
    memcg("ladder-kmsg", "every hook denied", ladder::kernel_log),
    memcg("ladder-no-extras", "signal, exit and candidates denied", ladder::no_extras),
    memcg("no-btf", "kernel types hidden", ladder::no_btf),
    memcg("btf-file", "kernel types hidden and given by --btf", ladder::btf_file),
    slow(guest("storm", "1,000 kills as fast as possible, none lost", storm::complete)),
    slow(guest(
        "storm-small-ring",
        "1,000 kills with a ring of one page, every loss counted",
        storm::small_ring,
    )),
    // The last one of its boot: emulated hardware need not be as new when it wakes up.
    guest("suspend", "the machine sleeps (S3) while one grows", suspend::to_ram),
    entry("cpuset", Boot::V2Numa, false, "nodes of a cpuset", numa::cpuset),
    entry("memory-policy", Boot::V2Numa, false, "nodes of a memory policy", numa::memory_policy),
    slow(entry(
        "many-threads",
        Boot::V2Large,
        false,
        "a process with 50,000 threads, another is killed",
        threads::many,
    )),
    v1("v1-own-limit", "v1: memory cgroup at its own limit", memcg::own_limit),
    v1("v1-limit-1-above", "v1: limit one level above the victim", memcg::limit_1_above),
    v1("v1-limit-5-above", "v1: limit five levels above the victim", memcg::limit_5_above),
    v1("v1-other-victim", "v1: victim other than trigger", memcg::other_victim),
    v1("v1-grower", "v1: one grows for seconds, a neighbour holds still: the history", history::grower),
    v1("v1-iterators", "v1: samples by iterators and by files agree", iterators::same),
    native(v1(
        "v1-hung-proc",
        "v1: processes whose memory never answers, beside a kill and killed",
        hung::hooked,
    )),
    native(v1("v1-hung-proc-files", "v1: the same, sampled by files", hung::files)),
    v1("v1-run", "v1: `oomtrace run`: survivor, victim, grandchild, exit codes, timeout", run::commands),
    v1("v1-leader-exited", "v1: leader exited, a thread allocates", selection::leader_exited),
    v1("v1-threads-exit", "v1: a victim of many threads: when it is gone", exit::of_many_threads),
    v1("v1-shared-mm", "v1: two processes share the memory", selection::shared_mm),
    v1("v1-score-adj", "v1: oom_score_adj decides, -1000 is spared", selection::score_adj),
    v1("v1-shmem", "v1: shared memory", selection::shmem),
    v1("v1-hostile-comm", "v1: hostile process names", names::comms),
    v1("v1-hostile-cgroup", "v1: hostile cgroup names, up to 255 bytes", names::cgroups),
    entry("v1-memsw", Boot::V1, false, "v1: limit of memory and swap together", swap::in_use),
    v1("v1-ladder-tp-btf", "v1: fentry and kprobe denied", ladder::tp_btf),
    v1("v1-ladder-raw-tp", "v1: typed tracepoint denied too", ladder::raw_tp),
    v1("v1-ladder-tp", "v1: raw tracepoint denied too", ladder::tp),
    v1("v1-ladder-kmsg", "v1: every hook denied", ladder::kernel_log),
    v1("v1-no-btf", "v1: kernel types hidden", ladder::no_btf),
    v1("v1-btf-file", "v1: kernel types hidden and given by --btf", ladder::btf_file),
];
