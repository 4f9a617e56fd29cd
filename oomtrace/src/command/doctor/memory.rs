//! The machine's accounting of memory, and this program's own place in it.

use crate::{
    kernel::{Roots, grant, host},
    survive,
    words::bytes,
};

use super::record::{Check, CheckState::Degraded};

/// The memory controller and its files.
pub(super) fn cgroup(roots: &Roots) -> Check {
    const NAME: &str = "memory cgroups";
    let Some(version) = host::cgroup_version(roots) else {
        let (read, remedy) = absent(roots);
        return Check::bad(Degraded, NAME, read, remedy)
            .lacking("limits of memory cgroups are known from hooks alone");
    };
    let place = match version {
        1 => roots.sys.join("fs/cgroup/memory"),
        _ => roots.sys.join("fs/cgroup"),
    };
    match std::fs::read_dir(&place) {
        Ok(_) => Check::ok(NAME, format!("version {version}, with files readable in {}", place.display())),
        Err(error) => {
            let read = format!("version {version}; {} can't be read: {error}", place.display());
            Check::bad(Degraded, NAME, read, "mount -t cgroup2 none /sys/fs/cgroup")
        }
    }
}

/// Why there is no memory controller, and the remedy.
fn absent(roots: &Roots) -> (&'static str, &'static str) {
    let line = std::fs::read_to_string(roots.proc.join("cmdline")).unwrap_or_default();
    let controllers = |word: &str| word.strip_prefix("cgroup_disable=").map(str::to_owned);
    let disabled = line.split_ascii_whitespace().filter_map(controllers);
    match disabled.into_iter().any(|list| list.split(',').any(|controller| controller == "memory")) {
        true => (
            "the kernel was booted with cgroup_disable=memory",
            "remove cgroup_disable=memory from the kernel command line, or add cgroup_enable=memory (Raspberry Pi), and \
             reboot",
        ),
        false => ("no memory controller is mounted", "mount -t cgroup2 none /sys/fs/cgroup"),
    }
}

/// Pressure stall information.
pub(super) fn pressure(roots: &Roots) -> Check {
    const NAME: &str = "memory pressure";
    let file = roots.proc.join("pressure/memory");
    match std::fs::read_to_string(&file) {
        Ok(text) if text.starts_with("some ") => Check::ok(NAME, format!("{} is readable", file.display())),
        // Switched off at boot, 4.20 to 5.1 show the file and refuse to read it.
        _ => Check::bad(
            Degraded,
            NAME,
            format!("{} is absent or switched off", file.display()),
            "boot with psi=1, or use a kernel with CONFIG_PSI",
        )
        .lacking("memory pressure (PSI) is not shown"),
    }
}

/// Whether a trace can lock itself in memory. Nothing is locked here: that would take the memory to tell.
pub(super) fn lock() -> Check {
    const NAME: &str = "memory lock";
    let held = caps::has_cap(None, caps::CapSet::Effective, caps::Capability::CAP_IPC_LOCK).unwrap_or(false);
    if held {
        return Check::ok(NAME, "a trace can lock all of its memory (CAP_IPC_LOCK)");
    }
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a live struct of the right type.
    unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &raw mut limit) };
    let read = match limit.rlim_max {
        libc::RLIM_INFINITY => {
            "a trace can lock the memory it has at start, not later growth (no CAP_IPC_LOCK)".to_owned()
        }
        limit => format!("no CAP_IPC_LOCK; the limit on locked memory is {}", bytes::size(limit)),
    };
    Check::bad(Degraded, NAME, read, grant::remedy())
        .lacking("they may come late when the machine itself is out of memory")
}

/// Whether a trace can lower its own score: tried for real on this process, which ends soon.
pub(super) fn oom_score(roots: &Roots) -> Check {
    let outcome = survive::lower_oom_score(roots);
    match outcome.remedy {
        None => Check::ok(outcome.name, outcome.detail),
        Some(remedy) => Check::bad(Degraded, outcome.name, outcome.detail, remedy)
            .lacking("oomtrace itself may be killed first"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_switched_off_at_boot_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let roots = Roots { proc: dir.path().into(), sys: dir.path().into() };
        for (line, named) in [
            ("quiet cgroup_disable=memory ro\n", true),
            ("cgroup_disable=cpu,memory", true),
            ("cgroup_disable=cpu", false),
            ("", false),
        ] {
            std::fs::write(dir.path().join("cmdline"), line).unwrap();
            let check = cgroup(&roots);
            assert_eq!(check.state, Degraded, "{line}");
            assert_eq!(check.read.contains("cgroup_disable=memory"), named, "{line}: {}", check.read);
            assert_eq!(check.remedy.unwrap().contains("reboot"), named, "{line}");
        }
    }
}
