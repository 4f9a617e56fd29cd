//! What this kernel is, and what it lets this program do and see.

use std::path::Path;

use oomtrace_common::{ABSENT, Layout};

use super::{
    diagnosis::KERNEL_LOG,
    record::{Check, CheckState, FactState},
};
use crate::{
    kernel::{
        Btf, Lockdown, Namespace, Roots,
        capability::{Held, Need},
        grant, host, lockdown as kernel_lockdown, symbols,
    },
    klog::{KmsgReader, Start},
    probe::Fact,
    words::bytes,
};

use CheckState::{Degraded, Missing};

/// Release and machine.
pub(super) fn kernel() -> Check {
    let host = host::host(&Roots::default());
    Check::ok("kernel", format!("Linux {} on {}", host.kernel, host.machine))
}

/// The kernel's types.
pub(super) fn btf(roots: &Roots, types: Option<&Btf>, file: Option<&Path>) -> Check {
    let own = roots.vmlinux_btf();
    let path = file.unwrap_or(&own);
    let Some(types) = types else {
        let why = match std::fs::metadata(path) {
            Ok(_) => "can't be used",
            Err(_) => "is absent",
        };
        let read = format!("{} {why}", path.display());
        let remedy = "use a kernel with CONFIG_DEBUG_INFO_BTF, or give its types with --btf FILE";
        return Check::bad(Degraded, "BTF", read, remedy)
            .lacking("the kernel's types are not known, so hooks can tell little");
    };
    let size = std::fs::metadata(path).map_or(String::new(), |file| format!("{}, ", bytes::size(file.len())));
    Check::ok("BTF", format!("{}: {size}{} types", path.display(), types.len()))
}

/// How to leave lockdown=confidentiality; a running kernel can only be locked down further.
const RELAX: &str = "boot with lockdown=integrity, or without Secure Boot";

/// What even root may not do.
pub(super) fn lockdown(roots: &Roots) -> Check {
    const NAME: &str = "lockdown";
    match kernel_lockdown::lockdown(roots) {
        Lockdown::None => Check::ok(NAME, "none"),
        Lockdown::Integrity => Check::ok(NAME, "integrity, under which BPF works"),
        Lockdown::Unknown => {
            Check::ok(NAME, "the kernel does not say (securityfs is not mounted, or has no lockdown)")
        }
        Lockdown::Confidentiality => {
            Check::bad(Missing, NAME, "confidentiality: BPF may not read the kernel's memory", RELAX)
        }
    }
}

/// One capability.
pub(super) fn capability(need: &Need) -> Check {
    let Some(remedy) = need.remedy() else {
        return Check::ok(&need.name, format!("held, to {}", need.purpose));
    };
    let state = if need.required { Missing } else { Degraded };
    let lack = if need.held == Held::PermittedOnly { "permitted but not effective" } else { "not held" };
    let read = format!("{lack}; needed to {}", need.purpose);
    Check::bad(state, &need.name, read, remedy)
}

/// Whether this program sees the whole machine.
pub(super) fn namespaces(roots: &Roots) -> Vec<Check> {
    let all = [
        (
            Namespace::User,
            "user namespace",
            Missing,
            "capabilities do not count here",
            "run as the host's root, outside of the rootless container",
            None,
        ),
        (
            Namespace::Pid,
            "pid namespace",
            Degraded,
            "/proc has other process ids than the kernel's records",
            "run on the host, or in a container with --pid=host",
            Some("command lines and containers of processes are not known (another pid namespace)"),
        ),
        (
            Namespace::Cgroup,
            "cgroup namespace",
            Degraded,
            "paths of cgroups are cut in /proc",
            "run on the host, or in a container with --cgroupns=host",
            None,
        ),
    ];
    let check = |(kind, name, state, effect, remedy, lacks): (Namespace, _, _, &str, &str, Option<&str>)| {
        let check = match kind.is_initial(roots) {
            Some(true) => return Check::ok(name, "the initial one"),
            Some(false) => Check::bad(state, name, format!("not the initial one: {effect}"), remedy),
            None => Check::bad(Degraded, name, "not known: /proc does not tell", "mount -t proc proc /proc"),
        };
        Check { lacks: lacks.map(str::to_owned), ..check }
    };
    all.into_iter().map(check).collect()
}

/// Perf events, by which kprobes and classic tracepoints are attached. Debian's and Ubuntu's kernels know levels above 2, at
/// which CAP_PERFMON is not enough.
pub(super) fn perf_events(roots: &Roots) -> Check {
    const NAME: &str = "perf events";
    let file = roots.proc.join("sys/kernel/perf_event_paranoid");
    let Some(level) = std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse::<i32>().ok())
    else {
        return Check::bad(
            Degraded,
            NAME,
            "kernel.perf_event_paranoid is absent",
            "use a kernel with CONFIG_PERF_EVENTS",
        )
        .lacking("kprobes and tracepoints can't be attached");
    };
    let admin =
        caps::has_cap(None, caps::CapSet::Effective, caps::Capability::CAP_SYS_ADMIN).unwrap_or(false);
    perf_level(level, admin)
}

/// The verdict on a level of `kernel.perf_event_paranoid`.
pub(super) fn perf_level(level: i32, admin: bool) -> Check {
    const NAME: &str = "perf events";
    let read = format!("kernel.perf_event_paranoid={level}");
    if level <= 2 || admin {
        return Check::ok(NAME, read);
    }
    let read = format!("{read}: without CAP_SYS_ADMIN, kprobes and tracepoints can't be attached");
    Check::bad(Degraded, NAME, read, "sysctl kernel.perf_event_paranoid=2, or run with sudo")
}

/// The file system of tracepoints, which only the last rung of one ladder needs.
pub(super) fn tracefs(roots: &Roots, facts: &[FactState]) -> Check {
    const NAME: &str = "tracefs";
    let victim = facts.iter().find(|fact| fact.fact == Fact::Victim.name());
    let serving = victim.and_then(|fact| fact.served_by.as_deref()).filter(|hook| !hook.starts_with("tp:"));
    let read = match roots.tracefs() {
        Some(place) if roots.event_format("oom", "mark_victim").is_some() => {
            return Check::ok(NAME, format!("mounted at {}", place.display()));
        }
        Some(place) => format!("{}: events/oom/mark_victim is absent or not readable", place.display()),
        None => "not mounted, or not readable".to_owned(),
    };
    match serving {
        Some(hook) => Check::ok(NAME, format!("{read}; not needed, since {hook} works")),
        None => {
            let remedy = "as root: mount -t tracefs nodev /sys/kernel/tracing";
            Check::bad(Degraded, NAME, read, remedy)
        }
    }
}

/// Where nothing helps.
const NOTHING: &str = "none: the values stay approximate on this machine";

/// Addresses of the kernel's symbols: with that of `__per_cpu_offset` the counters of each CPU can be summed.
pub(super) fn kallsyms(roots: &Roots, layout: &Layout) -> Check {
    const NAME: &str = "kallsyms";
    let restrict = std::fs::read_to_string(roots.proc.join("sys/kernel/kptr_restrict")).unwrap_or_default();
    let restrict = restrict.trim();
    if kernel_lockdown::lockdown(roots) == Lockdown::Confidentiality {
        let read = "of no use: under lockdown=confidentiality the kernel's memory can't be read";
        return Check::bad(Degraded, NAME, read, RELAX)
            .lacking("the parts of a process's memory are missing");
    }
    if layout.per_cpu_offset != 0 && layout.cpus != 0 {
        return Check::ok(NAME, "__per_cpu_offset found: the parts of a process's memory are exact");
    }
    if layout.rss_stat_percpu == 0 && layout.mm_rss_stat != ABSENT {
        return Check::ok(NAME, "not needed: this kernel (before 6.2) has no per-CPU counters of memory");
    }
    let hidden = symbols::addresses(roots, ["_text"]) == [0];
    let (read, remedy) = if layout.per_cpu_offset != 0 {
        ("too many CPUs, or gaps in their numbers: counters are not summed".to_owned(), NOTHING)
    } else if hidden {
        (
            format!("addresses are hidden (kernel.kptr_restrict={restrict})"),
            "run with CAP_SYSLOG (sudo) and kernel.kptr_restrict below 2",
        )
    } else {
        ("__per_cpu_offset is not listed".to_owned(), "use a kernel with CONFIG_KALLSYMS_ALL")
    };
    Check::bad(Degraded, NAME, read, remedy)
        .lacking(format!("the parts of a process's memory are approximate ({})", bound()))
}

/// How far a per-CPU counter's central value may be off: each CPU keeps back up to `percpu_counter_batch`, which is 32 or
/// twice the CPUs (`lib/percpu_counter.c`).
fn bound() -> String {
    // SAFETY: no pointers involved.
    let cpus = u64::try_from(unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) }).unwrap_or(1);
    let off = cpus * (2 * cpus).max(32) * host::page_size();
    format!("each to within {}", bytes::size(off))
}

/// The kernel's log.
pub(super) fn kernel_log(roots: &Roots) -> Check {
    let error = match KmsgReader::open(Path::new("/dev/kmsg"), Start::Now) {
        Ok(_) => return Check::ok(KERNEL_LOG, "/dev/kmsg is readable"),
        Err(error) => error,
    };
    let restrict = std::fs::read_to_string(roots.proc.join("sys/kernel/dmesg_restrict")).unwrap_or_default();
    let (read, remedy) = match error.kind() {
        std::io::ErrorKind::PermissionDenied => (
            format!("/dev/kmsg: permission denied (kernel.dmesg_restrict={})", restrict.trim()),
            format!("sysctl kernel.dmesg_restrict=0, {}", grant::remedy()),
        ),
        std::io::ErrorKind::NotFound => (
            "/dev/kmsg is absent".to_owned(),
            "run on the host, or in a container with --device /dev/kmsg".to_owned(),
        ),
        _ => (error.to_string(), "run on the host, as root".to_owned()),
    };
    Check::bad(Degraded, KERNEL_LOG, read, remedy)
        .lacking("nothing is completed from the kernel's log, which can't be read")
}
