//! The running kernel's field layout, as the kernel side gets it.

use oomtrace_common::{ABSENT, CPUS_MAX, Layout};

use super::btf::{Btf, FirstArg, MemberKind};
use super::{Roots, host, symbols};

/// The kernel's table of offsets of the data of each CPU.
pub const PER_CPU_OFFSET: &str = "__per_cpu_offset";

/// Everything that can be known of the running kernel: from its types where there are any, and from tracefs where that
/// is mounted and readable.
#[must_use]
pub fn detect(btf: Option<&Btf>, roots: &Roots) -> Layout {
    let mut layout = detect_types(btf, roots);
    let [per_cpu_offset] = symbols::addresses(roots, [PER_CPU_OFFSET]);
    place_cpus(&mut layout, roots, per_cpu_offset);
    layout
}

/// The same without where the data of each CPU is, for which all of kallsyms has to be read: see [`place_cpus`].
#[must_use]
pub fn detect_types(btf: Option<&Btf>, roots: &Roots) -> Layout {
    let mut layout = btf.map_or_else(without_btf, resolve);
    if let Some(format) = roots.event_format("oom", "mark_victim") {
        from_format(&mut layout, &format);
    }
    layout
}

/// Adds where the data of each CPU is: the address of [`PER_CPU_OFFSET`], 0 where it is not known.
pub fn place_cpus(layout: &mut Layout, roots: &Roots, per_cpu_offset: u64) {
    layout.per_cpu_offset = per_cpu_offset;
    layout.cpus = if per_cpu_offset == 0 { 0 } else { cpus(roots) };
}

/// Everything that can be known with `btf`; [`ABSENT`] for each field that this kernel does not have.
///
/// The fields of the classic tracepoint are left absent: see [`from_format`].
#[must_use]
pub fn resolve(btf: &Btf) -> Layout {
    let mut layout = without_btf();
    for (path, offset) in layout.fields() {
        *offset = btf.offset_of(path).unwrap_or(ABSENT);
    }
    let index = |name, variant| btf.enum_value(name, variant).and_then(|v| u32::try_from(v).ok());
    layout.memory_cgrp_id = index("cgroup_subsys_id", "memory_cgrp_id").unwrap_or(ABSENT);
    layout.memcg_oom = index("memcg_memory_event", "MEMCG_OOM").unwrap_or(ABSENT);
    layout.memcg_oom_kill = index("memcg_memory_event", "MEMCG_OOM_KILL").unwrap_or(ABSENT);
    layout.memcg_high = index("memcg_memory_event", "MEMCG_HIGH").unwrap_or(ABSENT);
    layout.memcg_max = index("memcg_memory_event", "MEMCG_MAX").unwrap_or(ABSENT);
    resolve_rss_stat(&mut layout, btf);
    let first_arg = btf.raw_tracepoint_first_arg("mark_victim");
    layout.mark_victim_task = u32::from(first_arg == Some(FirstArg::Task));
    if let Some((first, second)) = arguments(btf) {
        (layout.pt_regs_arg0, layout.pt_regs_arg1) = (first, second);
    }
    layout
}

/// What is known without BTF: page size, and the registers that hold arguments.
#[must_use]
pub fn without_btf() -> Layout {
    let (pt_regs_arg0, pt_regs_arg1) = own_arguments();
    Layout {
        page_shift: host::page_size().trailing_zeros(),
        per_cpu_offset: 0,
        cpus: 0,
        pt_regs_arg0,
        pt_regs_arg1,
        ..Layout::ABSENT
    }
}

/// Fills the offsets of the classic tracepoint `oom:mark_victim` from the text of its `format` file.
///
/// Kernels before 6.9 without the backport have only `pid`.
pub fn from_format(layout: &mut Layout, format: &str) {
    let at = |name| format_offset(format, name).unwrap_or(ABSENT);
    layout.tp_pid = at("pid");
    layout.tp_comm = at("comm");
    layout.tp_total_vm = at("total_vm");
    layout.tp_anon_rss = at("anon_rss");
    layout.tp_file_rss = at("file_rss");
    layout.tp_shmem_rss = at("shmem_rss");
    layout.tp_uid = at("uid");
    layout.tp_pgtables = at("pgtables");
    layout.tp_oom_score_adj = at("oom_score_adj");
}

/// 6.2 made the counters an array of `percpu_counter`; before, it is a structure of plain ones.
fn resolve_rss_stat(layout: &mut Layout, btf: &Btf) {
    match btf.member_kind("mm_struct.rss_stat") {
        Some(MemberKind::Array { element, .. }) if element == "percpu_counter" => layout.rss_stat_percpu = 1,
        Some(MemberKind::Struct(name)) if name == "mm_rss_stat" => layout.rss_stat_percpu = 0,
        // A form that is not known must not be read as if it were.
        _ => layout.mm_rss_stat = ABSENT,
    }
    if let Some(size) = btf.size_of("percpu_counter") {
        layout.percpu_counter_size = size;
    }
}

/// Where `pt_regs` keeps the first two arguments: by what the structure holds, so that it follows the BTF's machine.
fn arguments(btf: &Btf) -> Option<(u32, u32)> {
    let at = |member: &str| btf.offset_of(&format!("pt_regs.{member}"));
    // x86_64 has `di`, aarch64 an array `regs` beside `pstate`, riscv `a0`.
    at("di").zip(at("si")).or_else(|| at("a0").zip(at("a1"))).or_else(|| {
        let (regs, _) = at("regs").zip(at("pstate"))?;
        Some((regs, regs + 8))
    })
}

/// The same for the machine this was built for; its layout is part of the kernel's ABI (ptrace).
fn own_arguments() -> (u32, u32) {
    match std::env::consts::ARCH {
        "x86_64" => (112, 104),
        "aarch64" => (0, 8),
        _ => (ABSENT, ABSENT),
    }
}

/// Number of possible CPUs; 0 when there are more than the kernel side sums over or their numbers have gaps.
fn cpus(roots: &Roots) -> u32 {
    let list = std::fs::read_to_string(roots.sys.join("devices/system/cpu/possible")).unwrap_or_default();
    count_from_zero(list.trim()).filter(|count| *count as usize <= CPUS_MAX).unwrap_or(0)
}

/// `n + 1` of a list like `0-n` or `0,1,2-n` without gaps.
fn count_from_zero(list: &str) -> Option<u32> {
    list.split(',').try_fold(0, |next, range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last) = (first.parse::<u32>().ok()?, last.parse::<u32>().ok()?);
        if first == next && last >= first { last.checked_add(1) } else { None }
    })
}

/// Offset of the field `name` in a tracepoint's format: `field:TYPE name;  offset:8;  size:4;  signed:1;`.
fn format_offset(format: &str, name: &str) -> Option<u32> {
    format.lines().find_map(|line| {
        let mut parts = line.trim().split(';').map(str::trim);
        let declaration = parts.next()?.strip_prefix("field:")?;
        // `char comm[16]` in some events; `__data_loc char[] comm` in this one.
        let declared = declaration.rsplit([' ', '\t', '*']).next()?.split('[').next()?;
        let offset = parts.next()?.strip_prefix("offset:")?;
        if declared == name { offset.parse().ok() } else { None }
    })
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
