//! Any bytes as a kernel's BTF: every kind of question must be answered, soon, whatever they are.
#![no_main]

use std::hint::black_box;

use libfuzzer_sys::fuzz_target;
use oomtrace::inside::{Btf, GfpNames, Roots, layout};

/// Names that the seeds hold.
const NAMES: [&str; 8] = [
    "task_struct",
    "mm_struct",
    "mem_cgroup",
    "percpu_counter",
    "memcg_memory_event",
    "btf_trace_mark_victim",
    "oom_kill_process",
    "",
];

fuzz_target!(|bytes: &[u8]| {
    let Ok(btf) = Btf::parse(bytes.to_vec()) else { return };
    let nowhere = Roots { proc: "/nonexistent".into(), sys: "/nonexistent".into() };
    black_box(layout::resolve(&btf, &nowhere));
    black_box(GfpNames::detect(&nowhere, Some(&btf)).names(0xcc0));
    for name in NAMES {
        for member in ["pid", "rss_stat", "rss_stat.count", "memory.usage.counter", ""] {
            let path = format!("{name}.{member}");
            black_box((btf.offset_of(&path), btf.member_kind(&path)));
        }
        black_box((btf.size_of(name), btf.has_func(name), btf.enum_variants(name)));
        black_box((btf.enum_value(name, "MEMCG_OOM"), btf.anonymous_enum_with(name)));
        let tracepoint = name.trim_start_matches("btf_trace_");
        black_box((btf.raw_tracepoint_first_arg(tracepoint), btf.raw_tracepoint_args(tracepoint)));
    }
});
