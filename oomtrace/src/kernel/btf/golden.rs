//! Offsets of real kernels, each cell taken from the kernel's BTF by other means than this reader.

use std::path::{Path, PathBuf};

use oomtrace_common::{ABSENT, Layout};

use super::minimize::{Wanted, minimize};
use super::{Btf, FirstArg, MemberKind};
use crate::kernel::layout;

/// Enumerations of the golden table's `enum` rows.
const ENUMS: [&str; 6] = [
    "cgroup_subsys_id",
    "oom_constraint",
    "memcg_memory_event",
    "zone_stat_item",
    "node_stat_item",
    "vm_event_item",
];
/// Functions that hooks are made for, and prototypes of tracepoints.
const NAMES: [&str; 13] = [
    "oom_kill_process",
    "__oom_kill_process",
    "mark_oom_victim",
    "oom_evaluate_task",
    "oom_badness",
    "out_of_memory",
    "dump_header",
    "mem_cgroup_out_of_memory",
    "btf_trace_mark_victim",
    "btf_trace_signal_generate",
    "btf_trace_sched_process_exit",
    "btf_trace_sched_process_exec",
    "mm_rss_stat",
];
const REGISTERS: [&str; 5] = ["pt_regs.di", "pt_regs.si", "pt_regs.regs", "pt_regs.pstate", "pt_regs.a0"];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/btf")
}

/// The golden table: kernels, and rows of a field with its cell for each kernel.
struct Table {
    kernels: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
}

impl Table {
    fn read() -> Self {
        let text = std::fs::read_to_string(fixtures().join("offsets.txt")).unwrap();
        let mut lines = text.lines().map(|line| line.split('|').map(|cell| cell.trim().to_owned()));
        let kernels = lines.next().unwrap().skip(1).collect();
        let rows = lines.map(|mut cells| (cells.next().unwrap(), cells.collect())).collect();
        Self { kernels, rows }
    }

    /// Differences of `btf` to the column of `kernel`, and the number of cells compared.
    fn compare(&self, kernel: &str, btf: &Btf) -> (Vec<String>, usize) {
        let column = self.kernels.iter().position(|name| name == kernel).unwrap();
        let wrong = self.rows.iter().filter_map(|(field, cells)| {
            let found = ask(btf, field).map_or_else(|| "-".to_owned(), |value| value.to_string());
            (found != cells[column]).then(|| format!("{kernel} {field}: {found}, not {}", cells[column]))
        });
        (wrong.collect(), self.rows.len())
    }
}

fn ask(btf: &Btf, field: &str) -> Option<i64> {
    if let Some(variant) = field.strip_prefix("enum ") {
        return ENUMS.iter().find_map(|name| btf.enum_value(name, variant));
    }
    if let Some(name) = field.strip_prefix("sizeof ") {
        return btf.size_of(name).map(i64::from);
    }
    btf.offset_of(field).map(i64::from)
}

fn fixture(kernel: &str) -> Btf {
    Btf::parse(std::fs::read(fixtures().join(format!("{kernel}.btf"))).unwrap()).unwrap()
}

#[test]
fn every_cell_of_the_golden_table() {
    let table = Table::read();
    let mut wrong = Vec::new();
    let mut cells = 0;
    for kernel in &table.kernels {
        let (more, compared) = table.compare(kernel, &fixture(kernel));
        wrong.extend(more);
        cells += compared;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!((table.kernels.len(), cells), (8, 8 * 112), "the table was cut");
}

#[test]
fn each_kernel_has_its_form_of_counters_and_tracepoint() {
    // 5.10.223 is older than the backport of the task to 5.10.235; arm64 of 5.10 has no static functions in its BTF.
    for (kernel, percpu, task, hook) in [
        ("5.10.0-32-arm64", 0, 0, false),
        ("5.10.262-amd64", 0, 1, true),
        ("6.1.0-amd64", 0, 1, true),
        ("6.12.107-amd64", 1, 1, true),
        ("6.12.107-arm64", 1, 1, true),
        ("6.18.44-amd64", 1, 1, true),
        ("7.0.13-amd64", 1, 1, true),
        ("7.3.4-amd64", 1, 1, true),
    ] {
        let btf = fixture(kernel);
        let found = layout::resolve(&btf);
        assert_eq!((found.rss_stat_percpu, found.mark_victim_task), (percpu, task), "{kernel}");
        let arg = if task == 1 { FirstArg::Task } else { FirstArg::Int };
        assert_eq!(btf.raw_tracepoint_first_arg("mark_victim"), Some(arg), "{kernel}");
        assert_eq!(btf.has_func("oom_kill_process"), hook, "{kernel}");
        let registers = if kernel.ends_with("arm64") { (0, 8) } else { (112, 104) };
        assert_eq!((found.pt_regs_arg0, found.pt_regs_arg1), registers, "{kernel}");
        assert_eq!((found.memory_cgrp_id, found.memcg_oom, found.memcg_oom_kill), (4, 3, 4), "{kernel}");
        assert_eq!(found.percpu_counter_size, 40, "{kernel}");
        let kind = btf.member_kind("mm_struct.rss_stat").unwrap();
        assert_eq!(matches!(kind, MemberKind::Array { len: 4, .. }), percpu == 1, "{kernel}: {kind:?}");
    }
}

#[test]
fn the_layout_lacks_only_what_the_kernel_lacks() {
    for kernel in Table::read().kernels {
        let found = layout::resolve(&fixture(&kernel));
        let absent: Vec<_> =
            found.offsets().filter(|(_, offset)| *offset == ABSENT).map(|(path, _)| path).collect();
        // The boot time of a task has its present name since 5.5.
        let expected: Vec<_> =
            found.offsets().map(|(path, _)| path).filter(|path| LACKING.contains(path)).collect();
        assert_eq!(absent, expected, "{kernel}");
    }
}

/// What no fixture has: a field that went before 5.10, and two that are asked for since the fixtures were made. Every kernel
/// has these; the scenarios compare what is read by them, with each kernel of the matrix.
const LACKING: [&str; 3] = ["task_struct.real_start_time", "mm_struct.env_start", "mm_struct.env_end"];

/// Makes the fixtures anew, from whole BTF blobs whose answers are checked first.
#[test]
#[ignore = "makes the fixtures: set OOMTRACE_BTF_DIR to a directory with a whole <kernel>.btf for each column"]
fn generate() {
    let dir = PathBuf::from(std::env::var_os("OOMTRACE_BTF_DIR").unwrap());
    let table = Table::read();
    let fields: Vec<&str> = table.rows.iter().map(|(field, _)| field.as_str()).collect();
    let sizes = fields.iter().filter_map(|field| field.strip_prefix("sizeof "));
    let names: Vec<&str> = sizes.chain(ENUMS).chain(NAMES).collect();
    let mut layout = Layout::ABSENT;
    let layout_paths: Vec<&str> = layout.fields().map(|(path, _)| path).collect();
    let paths = fields.iter().copied().filter(|field| field.contains('.'));
    let paths: Vec<&str> = paths.chain(layout_paths).chain(REGISTERS).collect();
    for kernel in &table.kernels {
        let whole = Btf::open(&dir.join(format!("{kernel}.btf"))).unwrap();
        let (wrong, _) = table.compare(kernel, &whole);
        assert!(wrong.is_empty(), "{wrong:#?}");
        let wanted = Wanted { paths: &paths, names: &names, variants: &["___GFP_IO_BIT"] };
        let small = minimize(&whole, &wanted);
        let made = Btf::parse(small.clone()).unwrap();
        assert_same(&whole, &made, &paths, &names);
        std::fs::write(fixtures().join(format!("{kernel}.btf")), small).unwrap();
    }
}

fn assert_same(whole: &Btf, made: &Btf, paths: &[&str], names: &[&str]) {
    for path in paths {
        assert_eq!(whole.offset_of(path), made.offset_of(path), "{path}");
        assert_eq!(whole.member_kind(path), made.member_kind(path), "{path}");
    }
    for name in names {
        assert_eq!(whole.size_of(name), made.size_of(name), "{name}");
        assert_eq!(whole.has_func(name), made.has_func(name), "{name}");
        assert_eq!(whole.enum_variants(name), made.enum_variants(name), "{name}");
        let tracepoint = name.trim_start_matches("btf_trace_");
        let args =
            |btf: &Btf| (btf.raw_tracepoint_first_arg(tracepoint), btf.raw_tracepoint_args(tracepoint));
        assert_eq!(args(whole), args(made), "{name}");
    }
    let gfp = "___GFP_IO_BIT";
    assert_eq!(whole.anonymous_enum_with(gfp), made.anonymous_enum_with(gfp));
    assert_eq!(layout::resolve(whole), layout::resolve(made));
}
