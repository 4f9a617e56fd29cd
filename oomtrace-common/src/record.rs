//! The records of the ring buffer, in the kernel's byte order.
//!
//! Each record is one `repr(C)` struct of integers without implicit padding that starts with a [`Header`]. A record is
//! copied out of the ring with [`decode`], which checks kind and length; any bit pattern is a valid value.

use core::mem::size_of;

use crate::{ARGUMENTS_LEN, CMDLINE_LEN, COMM_LEN, MESSAGE_LEN, NAME_LEN, STACK_MAX};

/// What a record tells; the `kind` of its [`Header`].
pub mod kind {
    /// `oom_kill_process` was entered ([`Kill`](super::Kill)).
    pub const KILL: u32 = 1;
    /// `oom:mark_victim` fired ([`Victim`](super::Victim)).
    pub const MARK: u32 = 2;
    /// The kernel itself generated a SIGKILL ([`Victim`](super::Victim)).
    pub const SIGNAL: u32 = 3;
    /// The last thread of a victim exited ([`Exit`](super::Exit)).
    pub const EXIT: u32 = 4;
    /// One level of a cgroup path ([`Level`](super::Level)).
    pub const LEVEL: u32 = 5;
    /// A task that was scored ([`Candidate`](super::Candidate)).
    pub const CANDIDATE: u32 = 6;
    /// `oom:mark_victim` through its format file, for kernels without BTF ([`Plain`](super::Plain)).
    pub const PLAIN: u32 = 7;
    /// The task in whose context the kernel ran out of memory ([`Trigger`](super::Trigger)).
    pub const TRIGGER: u32 = 8;
    /// `oom_kill_process` has returned: nothing more belongs to this kill but exits ([`Header`](super::Header) alone).
    pub const RETURN: u32 = 9;
    /// Somebody sent SIGKILL ([`SigKill`](super::SigKill)); only when it was asked for.
    pub const SIGKILL: u32 = 10;
    /// A victim's arguments and environment ([`Startup`](super::Startup) and the bytes of the environment).
    pub const STARTUP: u32 = 11;
    /// One more than the highest kind: the length of the loss counters.
    pub const COUNT: u32 = 12;
}

/// Which program made a record; the `probe` of its [`Header`].
pub mod probe {
    /// fentry on `oom_kill_process`.
    pub const FENTRY_KILL: u32 = 1;
    /// kprobe on `oom_kill_process`.
    pub const KPROBE_KILL: u32 = 2;
    /// BTF-typed tracepoint `oom:mark_victim`.
    pub const TP_BTF_MARK: u32 = 3;
    /// Raw tracepoint `oom:mark_victim`.
    pub const RAW_TP_MARK: u32 = 4;
    /// Classic tracepoint `oom:mark_victim`.
    pub const TP_MARK: u32 = 5;
    /// Raw tracepoint `signal:signal_generate`.
    pub const SIGNAL: u32 = 6;
    /// Raw tracepoint `sched:sched_process_exit`.
    pub const EXIT: u32 = 7;
    /// fentry on `oom_evaluate_task`.
    pub const FENTRY_EVALUATE: u32 = 8;
    /// kprobe on `oom_evaluate_task`.
    pub const KPROBE_EVALUATE: u32 = 9;
    /// fexit on `oom_kill_process`.
    pub const FEXIT_KILL: u32 = 10;
    /// kretprobe on `oom_kill_process`.
    pub const KRETPROBE_KILL: u32 = 11;
    /// Raw tracepoint `signal:signal_deliver`.
    pub const DELIVER: u32 = 12;
}

/// A plain record: `repr(C)`, integers and arrays of them only, no padding.
///
/// # Safety
/// Every bit pattern must be a valid value and the type must have no padding bytes.
pub unsafe trait Record: Copy {}

/// Copies a record out of `bytes`.
///
/// Returns `None` when `bytes` is shorter than `T`; a longer one is accepted, since the ring rounds lengths up.
#[must_use]
pub fn decode<T: Record>(bytes: &[u8]) -> Option<T> {
    if bytes.len() < size_of::<T>() {
        return None;
    }
    // SAFETY: the length was checked, the read is unaligned, and `Record` allows every bit pattern.
    Some(unsafe { core::ptr::read_unaligned(bytes.as_ptr().cast::<T>()) })
}

macro_rules! record {
    ($(#[$doc:meta])* $name:ident = $size:expr, { $($(#[$fdoc:meta])* $field:ident : $ty:ty,)* }) => {
        $(#[$doc])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        pub struct $name { $($(#[$fdoc])* pub $field: $ty,)* }
        // SAFETY: integers and arrays of integers only; the assertion below excludes padding.
        unsafe impl Record for $name {}
        const _: () = assert!(size_of::<$name>() == $size, "size changed: both sides must be rebuilt");
        const _: () = assert!(size_of::<$name>() == 0 $(+ size_of::<$ty>())*, "implicit padding");
    };
}
pub(crate) use record;

record!(
    /// The head of every record.
    Header = 48, {
        /// One of [`kind`].
        kind: u32,
        /// One of [`probe`].
        probe: u32,
        /// Number of the kill this belongs to, from 1; 0 when the kernel side could not tell.
        seq: u64,
        /// `CLOCK_BOOTTIME` in ns when the hook ran.
        time: u64,
        /// The thread in whose context the hook ran: for a kill, the trigger.
        current_tid: u32,
        /// Its thread group.
        current_tgid: u32,
        /// Its `comm`.
        current_comm: [u8; COMM_LEN],
    }
);

record!(
    /// A task with the memory of its mm.
    ///
    /// `central` and `exact` hold file, anonymous, swap and shmem pages in the order of the kernel's `MM_*COUNTERS`.
    /// `central` is what the kernel's cheap read gives, `exact` the sum over all CPUs; they are equal before 6.2.
    Task = 160, {
        /// Address of the task, only to tell tasks apart.
        task_id: u64,
        /// Address of its mm, only to find tasks that share it; 0 when it has none.
        mm_id: u64,
        /// `start_boottime` in ns, `UNKNOWN` when it could not be read.
        start_time: u64,
        /// Thread id in the initial pid namespace.
        tid: u32,
        /// Process id in the initial pid namespace.
        tgid: u32,
        /// Process id of the parent.
        ppid: u32,
        /// User id (`cred->uid`) in the initial user namespace.
        uid: u32,
        /// `oom_score_adj`, -1000 to 1000; `i32::MIN` when it could not be read.
        oom_score_adj: i32,
        /// Process id in the task's own pid namespace; `UNKNOWN_32` when it could not be read.
        ns_pid: u32,
        /// `comm` of the thread.
        comm: [u8; COMM_LEN],
        /// `mm->total_vm` in pages.
        total_vm: u64,
        /// Pages by the kernel's cheap read; `i64::MIN` when they could not be read.
        central: [i64; 4],
        /// Pages summed over all CPUs; `i64::MIN` when they could not be read.
        exact: [i64; 4],
        /// `mm->pgtables_bytes`.
        pgtables_bytes: u64,
        /// `mm->hiwater_rss` in pages; the kernel refreshes it lazily.
        hiwater_rss: u64,
        /// kernfs id of the memory cgroup the task lives in.
        memcg_id: u64,
    }
);

record!(
    /// `oom_kill_process(oc, message)`: what the kernel decided, before it acts.
    Kill = 48 + 56 + MESSAGE_LEN + 160, {
        /// Head.
        header: Header,
        /// Address of `oc->memcg`, 0 for an OOM that is not a memcg's.
        memcg: u64,
        /// kernfs id of `oc->memcg`'s cgroup, 0 when there is none.
        memcg_id: u64,
        /// `oc->totalpages`: the size of the domain (limit and swap), never of the victim.
        total_pages: u64,
        /// `oc->chosen_points`.
        chosen_points: i64,
        /// `oc->gfp_mask`.
        gfp_mask: u32,
        /// `oc->order`; -1 for SysRq.
        order: i32,
        /// `oc->constraint`: 0 none, 1 cpuset, 2 memory policy, 3 memcg; `UNKNOWN_32` when absent.
        constraint: u32,
        /// Candidates that the scan before this kill scored; `UNKNOWN_32` when the scan was not seen.
        candidates: u32,
        /// Thread count of the chosen task's group.
        nr_threads: u32,
        /// Zero.
        reserved: u32,
        /// The second argument, NUL-terminated.
        message: [u8; MESSAGE_LEN],
        /// The chosen task; its mm may be that of another thread of the group when the leader has exited.
        chosen: Task,
    }
);

record!(
    /// The trigger of a kill: the current task of every hook of that kill.
    Trigger = 48 + 24 + 2 * 8 * STACK_MAX, {
        /// Head.
        header: Header,
        /// kernfs id of its memory cgroup.
        memcg_id: u64,
        /// User id.
        uid: u32,
        /// Bytes of `kernel_stack` that are filled, negative errno when it could not be taken.
        kernel_stack_len: i32,
        /// Bytes of `user_stack` that are filled, negative errno when it could not be taken.
        user_stack_len: i32,
        /// Zero.
        reserved: u32,
        /// Return addresses, innermost first.
        kernel_stack: [u64; STACK_MAX],
        /// Return addresses, innermost first.
        user_stack: [u64; STACK_MAX],
    }
);

record!(
    /// A task that was marked as victim or that the kernel sent SIGKILL.
    Victim = 48 + 160, {
        /// Head.
        header: Header,
        /// The task.
        task: Task,
    }
);

record!(
    /// A SIGKILL that was generated, whoever sent it; the sender is the head's current task.
    ///
    /// It tells nothing new of an OOM kill, which has its own records: the user side leaves those out.
    SigKill = 48 + 48 + 160, {
        /// Head; `current` is the sender, or for one of the kernel the task in whose context it was sent.
        header: Header,
        /// kernfs id of the sender's memory cgroup.
        sender_memcg_id: u64,
        /// `start_boottime` in ns of the sender's leader.
        sender_start_time: u64,
        /// User id of the sender.
        sender_uid: u32,
        /// Process id of the sender's parent.
        sender_ppid: u32,
        /// Process id of the sender in its own pid namespace.
        sender_ns_pid: u32,
        /// One of [`signal_info`].
        info: u32,
        /// `si_code`: 0 `SI_USER` (kill), -1 `SI_QUEUE`, -6 `SI_TKILL`, 128 `SI_KERNEL`; only with
        /// [`signal_info::GIVEN`].
        code: i32,
        /// Zero.
        reserved: [u32; 3],
        /// The task that gets it.
        task: Task,
    }
);

/// What a signal came with: the `info` of a [`SigKill`].
pub mod signal_info {
    /// `SEND_SIG_NOINFO`: from kernel code that acts for the current process, e.g. `cgroup.kill`.
    pub const NONE: u32 = 0;
    /// `SEND_SIG_PRIV`: from the kernel itself.
    pub const KERNEL: u32 = 1;
    /// A `siginfo` with a code: from a process.
    pub const GIVEN: u32 = 2;
}

record!(
    /// The last thread of a victim's group exits.
    Exit = 48 + 16, {
        /// Head; `current` is the exiting thread.
        header: Header,
        /// Process id.
        tgid: u32,
        /// Exit code as in `wait(2)`: `UNKNOWN_32` when it could not be read.
        exit_code: u32,
        /// `start_boottime` in ns of the group's leader.
        start_time: u64,
    }
);

record!(
    /// What a victim was started with, read from its own memory when its SIGKILL was delivered. `environ_len` bytes of its
    /// environment follow the record.
    Startup = 48 + 24 + ARGUMENTS_LEN, {
        /// Head; `current` is the thread that got the signal.
        header: Header,
        /// `start_boottime` in ns of the group's leader.
        start_time: u64,
        /// Bytes of `arguments` that are filled.
        arguments_len: u32,
        /// Bytes of arguments there are.
        arguments_total: u32,
        /// Bytes of environment that follow: less than `environ_total` when not all could be read or kept.
        environ_len: u32,
        /// Bytes of environment there are.
        environ_total: u32,
        /// Arguments separated by NUL.
        arguments: [u8; ARGUMENTS_LEN],
    }
);

record!(
    /// One level of a memory cgroup's path, from the leaf (`depth` 0) up to the root.
    Level = 48 + 104 + NAME_LEN, {
        /// Head.
        header: Header,
        /// kernfs id of the leaf whose path this is.
        leaf_id: u64,
        /// kernfs id of this level.
        id: u64,
        /// Usage in pages.
        usage: u64,
        /// Limit in pages; `PAGE_COUNTER_MAX` (`i64::MAX / page size`) or more is no limit.
        max: u64,
        /// Highest usage in pages.
        watermark: u64,
        /// v2 `memory.high` in pages.
        high: u64,
        /// v2 swap, v1 memory+swap usage in pages.
        swap_usage: u64,
        /// v2 swap limit, v1 memory+swap limit in pages.
        swap_max: u64,
        /// Hierarchical `oom` events.
        events_oom: u64,
        /// Hierarchical `oom_kill` events.
        events_oom_kill: u64,
        /// Distance from the leaf.
        depth: u32,
        /// `cgroup->level`: 0 at the root.
        level: u32,
        /// `memory.oom.group`: 0 or 1, `UNKNOWN_32` when absent.
        oom_group: u32,
        /// Bytes of `name` without its NUL.
        name_len: u32,
        /// Address of the `mem_cgroup`, to find the one whose limit was hit.
        memcg: u64,
        /// kernfs name; "" or "/" at the root.
        name: [u8; NAME_LEN],
    }
);

record!(
    /// A task that `oom_evaluate_task` scored.
    Candidate = 48 + 96, {
        /// Head.
        header: Header,
        /// Address of the task.
        task_id: u64,
        /// Badness recomputed by the kernel's formula, in pages; `i64::MIN` for a task that is not eligible.
        points: i64,
        /// Resident pages by the kernel's cheap read.
        rss_central: i64,
        /// Resident pages summed over all CPUs, `i64::MIN` when not taken.
        rss_exact: i64,
        /// Swap entries in pages by the kernel's cheap read.
        swap: i64,
        /// Swap entries in pages summed over all CPUs, `i64::MIN` when not taken.
        swap_exact: i64,
        /// Page tables in bytes.
        pgtables_bytes: u64,
        /// kernfs id of the task's memory cgroup.
        memcg_id: u64,
        /// Thread id.
        tid: u32,
        /// Process id.
        tgid: u32,
        /// User id.
        uid: u32,
        /// `oom_score_adj`.
        oom_score_adj: i32,
        /// `comm`.
        comm: [u8; COMM_LEN],
    }
);

record!(
    /// `oom:mark_victim` as its format file gives it, on kernels whose structures are not known.
    Plain = 48 + 72, {
        /// Head.
        header: Header,
        /// Thread id of the victim.
        pid: u32,
        /// User id, `UNKNOWN_32` in the old form.
        uid: u32,
        /// Address space in kB, `UNKNOWN` in the old form; likewise below.
        total_vm_kb: u64,
        /// Anonymous memory in kB.
        anon_kb: u64,
        /// File memory in kB.
        file_kb: u64,
        /// Shared memory in kB.
        shmem_kb: u64,
        /// Page tables in kB.
        pgtables_kb: u64,
        /// `oom_score_adj`, `i32::MIN` in the old form.
        oom_score_adj: i32,
        /// Zero.
        reserved: u32,
        /// `comm`, all NUL in the old form.
        comm: [u8; COMM_LEN],
    }
);

/// Who a process is, kept from its last `exec`; the value of the identity map, keyed by tgid.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// `start_boottime` in ns, to tell a reused pid.
    pub start_time: u64,
    /// `CLOCK_BOOTTIME` in ns of the exec.
    pub time: u64,
    /// `signal->maxrss` in pages: what the memory that the exec gave back had come to, the parent's after a vfork;
    /// `UNKNOWN` when it could not be read.
    pub maxrss: u64,
    /// Parent's process id at exec.
    pub ppid: u32,
    /// Bytes of `cmdline` that are filled.
    pub cmdline_len: u32,
    /// Arguments separated by NUL, cut at [`CMDLINE_LEN`].
    pub cmdline: [u8; CMDLINE_LEN],
    /// Path given to exec, NUL-terminated.
    pub exe: [u8; CMDLINE_LEN],
}
// SAFETY: integers and arrays of integers only; the assertion excludes padding.
unsafe impl Record for Identity {}
const _: () = assert!(size_of::<Identity>() == 32 + 2 * CMDLINE_LEN);

/// Indices of the counter map.
pub mod counter {
    /// Kills whose sequence number was given out.
    pub const KILLS: u32 = 0;
    /// Calls of `oom:mark_victim`.
    pub const MARKS: u32 = 1;
    /// SIGKILLs of the kernel.
    pub const SIGNALS: u32 = 2;
    /// Number of counters.
    pub const COUNT: u32 = 3;
}
