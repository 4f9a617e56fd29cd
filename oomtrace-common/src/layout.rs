//! Where the running kernel keeps its fields.
//!
//! The user side fills a [`Layout`] from the kernel's BTF before loading and hands it to the programs as a read-only
//! global, so that the verifier knows every offset and drops the branches of fields that this kernel lacks.

use crate::ABSENT;

macro_rules! layout {
    ($($(#[$doc:meta])* $field:ident = $path:literal,)*) => {
        /// Offsets in bytes of the kernel's fields, [`ABSENT`] where there is none, and a few facts beside them.
        #[repr(C)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Layout {
            /// Address of `__per_cpu_offset`, 0 when it is not known.
            pub per_cpu_offset: u64,
            /// CPUs to sum a per-CPU counter over (possible CPUs), 0 when it can't be done.
            pub cpus: u32,
            /// log2 of the page size.
            pub page_shift: u32,
            /// Index of the memory controller in `css_set.subsys`.
            pub memory_cgrp_id: u32,
            /// 1 when `mm_struct.rss_stat` is an array of `percpu_counter` (6.2 and later), 0 when of plain counters.
            pub rss_stat_percpu: u32,
            /// Size of `struct percpu_counter`.
            pub percpu_counter_size: u32,
            /// 1 when the first argument of `mark_victim` is the task, 0 when it is a pid.
            pub mark_victim_task: u32,
            /// Index of `MEMCG_OOM` in `memory_events`.
            pub memcg_oom: u32,
            /// Index of `MEMCG_OOM_KILL` in `memory_events`.
            pub memcg_oom_kill: u32,
            /// Index of `MEMCG_HIGH` in `memory_events`.
            pub memcg_high: u32,
            /// Index of `MEMCG_MAX` in `memory_events`.
            pub memcg_max: u32,
            /// Offset of the first argument in `pt_regs`.
            pub pt_regs_arg0: u32,
            /// Offset of the second argument in `pt_regs`.
            pub pt_regs_arg1: u32,
            /// 1 to send a record through the kernel-side log as well.
            pub debug: u32,
            /// Fields of the classic tracepoint's format file: `pid`.
            pub tp_pid: u32,
            /// `comm` (`__data_loc`).
            pub tp_comm: u32,
            /// `total_vm`.
            pub tp_total_vm: u32,
            /// `anon_rss`.
            pub tp_anon_rss: u32,
            /// `file_rss`.
            pub tp_file_rss: u32,
            /// `shmem_rss`.
            pub tp_shmem_rss: u32,
            /// `uid`.
            pub tp_uid: u32,
            /// `pgtables`.
            pub tp_pgtables: u32,
            /// `oom_score_adj`.
            pub tp_oom_score_adj: u32,
            $($(#[$doc])* #[doc = concat!("`", $path, "`")] pub $field: u32,)*
        }

        impl Layout {
            /// Nothing is known.
            pub const ABSENT: Self = Self {
                per_cpu_offset: 0, cpus: 0, page_shift: 12, memory_cgrp_id: ABSENT, rss_stat_percpu: 0,
                percpu_counter_size: 40, mark_victim_task: 0, memcg_oom: ABSENT, memcg_oom_kill: ABSENT,
                memcg_high: ABSENT, memcg_max: ABSENT,
                pt_regs_arg0: ABSENT, pt_regs_arg1: ABSENT, debug: 0, tp_pid: ABSENT, tp_comm: ABSENT,
                tp_total_vm: ABSENT, tp_anon_rss: ABSENT, tp_file_rss: ABSENT, tp_shmem_rss: ABSENT, tp_uid: ABSENT,
                tp_pgtables: ABSENT, tp_oom_score_adj: ABSENT,
                $($field: ABSENT,)*
            };

            /// The fields that come from BTF: their path (`struct.member.member`) and where their offset goes.
            pub fn fields(&mut self) -> impl Iterator<Item = (&'static str, &mut u32)> {
                [$(($path, &mut self.$field),)*].into_iter()
            }

            /// The same, to look at.
            pub fn offsets(&self) -> impl Iterator<Item = (&'static str, u32)> {
                [$(($path, self.$field),)*].into_iter()
            }
        }
    };
}

layout! {
    oc_memcg = "oom_control.memcg",
    oc_gfp_mask = "oom_control.gfp_mask",
    oc_order = "oom_control.order",
    oc_totalpages = "oom_control.totalpages",
    oc_chosen = "oom_control.chosen",
    oc_chosen_points = "oom_control.chosen_points",
    /// Since 5.0.
    oc_constraint = "oom_control.constraint",
    task_mm = "task_struct.mm",
    task_pid = "task_struct.pid",
    task_tgid = "task_struct.tgid",
    task_comm = "task_struct.comm",
    task_signal = "task_struct.signal",
    task_group_leader = "task_struct.group_leader",
    task_real_parent = "task_struct.real_parent",
    task_cgroups = "task_struct.cgroups",
    task_cred = "task_struct.cred",
    /// Since 5.5.
    task_start_boottime = "task_struct.start_boottime",
    /// Before 5.5.
    task_real_start_time = "task_struct.real_start_time",
    task_thread_node = "task_struct.thread_node",
    task_thread_pid = "task_struct.thread_pid",
    task_flags = "task_struct.flags",
    task_exit_code = "task_struct.exit_code",
    task_maj_flt = "task_struct.maj_flt",
    pid_level = "pid.level",
    pid_numbers = "pid.numbers",
    upid_nr = "upid.nr",
    signal_oom_score_adj = "signal_struct.oom_score_adj",
    signal_thread_head = "signal_struct.thread_head",
    signal_nr_threads = "signal_struct.nr_threads",
    signal_live = "signal_struct.live",
    /// Major faults of threads that have exited.
    signal_maj_flt = "signal_struct.maj_flt",
    /// Highest resident memory in pages; set when the last thread exits.
    signal_maxrss = "signal_struct.maxrss",
    mm_rss_stat = "mm_struct.rss_stat",
    mm_total_vm = "mm_struct.total_vm",
    mm_pgtables_bytes = "mm_struct.pgtables_bytes",
    mm_hiwater_rss = "mm_struct.hiwater_rss",
    mm_owner = "mm_struct.owner",
    mm_arg_start = "mm_struct.arg_start",
    mm_arg_end = "mm_struct.arg_end",
    mm_env_start = "mm_struct.env_start",
    mm_env_end = "mm_struct.env_end",
    percpu_count = "percpu_counter.count",
    percpu_counters = "percpu_counter.counters",
    cred_uid = "cred.uid",
    css_set_subsys = "css_set.subsys",
    css_cgroup = "cgroup_subsys_state.cgroup",
    css_parent = "cgroup_subsys_state.parent",
    cgroup_subsys = "cgroup.subsys",
    cgroup_kn = "cgroup.kn",
    cgroup_level = "cgroup.level",
    kernfs_id = "kernfs_node.id",
    kernfs_name = "kernfs_node.name",
    memcg_css = "mem_cgroup.css",
    memcg_memory = "mem_cgroup.memory",
    /// v2 swap and, since 5.9, v1 memory+swap in one union.
    memcg_swap = "mem_cgroup.swap",
    memcg_oom_group = "mem_cgroup.oom_group",
    memcg_events = "mem_cgroup.memory_events",
    counter_usage = "page_counter.usage",
    counter_max = "page_counter.max",
    counter_high = "page_counter.high",
    counter_watermark = "page_counter.watermark",
    counter_failcnt = "page_counter.failcnt",
    binprm_filename = "linux_binprm.filename",
}

impl Layout {
    /// The layout as the bytes of the kernel side's global.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: `repr(C)`, one u64 and an even number of u32 (asserted below), so there is no padding.
        unsafe { core::slice::from_raw_parts(core::ptr::from_ref(self).cast(), size_of::<Self>()) }
    }
}

const _: () = assert!(size_of::<Layout>().is_multiple_of(8), "Layout has padding");
