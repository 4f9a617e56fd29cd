//! Sizes and caps that both sides rely on.

/// Length of a task's `comm`, with its NUL (`TASK_COMM_LEN`).
pub const COMM_LEN: usize = 16;
/// Longest kernfs name (`NAME_MAX` 255) and its NUL.
pub const NAME_LEN: usize = 256;
/// Levels of a cgroup path that are recorded, from the leaf up.
pub const CHAIN_MAX: usize = 16;
/// Return addresses kept of a stack.
pub const STACK_MAX: usize = 24;
/// Candidates kept per scan: those with the highest badness.
pub const CANDIDATES_MAX: usize = 32;
/// Bytes kept of the message that `oom_kill_process` gets; the longest is "Out of memory (oom_kill_allocating_task)".
pub const MESSAGE_LEN: usize = 64;
/// Bytes kept of a command line and of an executable's path in the identity cache.
pub const CMDLINE_LEN: usize = 256;
/// Bytes kept of a victim's arguments, read when its SIGKILL is delivered.
pub const ARGUMENTS_LEN: usize = 1024;
/// Bytes kept of a victim's environment; those of containers with many services come to some 10 KiB.
pub const ENVIRON_LEN: usize = 16 * 1024;
/// Threads of a group that are searched for one that still has its mm.
pub const THREADS_MAX: usize = 32;
/// CPUs over which a per-CPU counter is summed at the most; beyond it the values stay approximate.
pub const CPUS_MAX: usize = 512;

/// A field that this kernel does not have.
pub const ABSENT: u32 = u32::MAX;
/// A 64-bit value that could not be read.
pub const UNKNOWN: u64 = u64::MAX;
/// A 32-bit value that could not be read.
pub const UNKNOWN_32: u32 = u32::MAX;
