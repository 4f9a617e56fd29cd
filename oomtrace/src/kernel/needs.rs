//! The capabilities that oomtrace makes use of.

use caps::Capability as Cap;

/// Capability, purpose, whether required, and whether `CAP_SYS_ADMIN` does as well.
pub(super) const NEEDS: [(Cap, &str, bool, bool); 8] = [
    (Cap::CAP_BPF, "load BPF programs", true, true),
    (Cap::CAP_PERFMON, "attach BPF programs and let them read kernel memory", true, true),
    (Cap::CAP_SYSLOG, "read the kernel's log and the addresses of its symbols", false, false),
    (Cap::CAP_SYS_PTRACE, "tell the executables of other users' processes", false, false),
    (Cap::CAP_DAC_READ_SEARCH, "read tracefs and other files of root", false, false),
    (Cap::CAP_IPC_LOCK, "lock its own memory, so that it survives an OOM", false, false),
    (Cap::CAP_SYS_RESOURCE, "lower its own oom_score_adj, so that it survives an OOM", false, false),
    (Cap::CAP_SYS_NICE, "run first while the machine is busy, so that its reports are in time", false, false),
];
