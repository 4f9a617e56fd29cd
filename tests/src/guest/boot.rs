//! From an empty initramfs to a machine that scenarios can run on.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::Parameters;
use crate::protocol;
use crate::scenario::Boot;
use crate::sys;

/// Begins the message for a kernel that has no memory controller on cgroup v1.
pub(super) const NO_V1: &str = "this kernel has no memory controller on cgroup v1";

/// /proc and a console that only we speak on.
pub(super) fn basics() -> Result<()> {
    mount("proc", "/proc", "proc", "")?;
    // Only what is worse than an emergency goes to the console; /dev/kmsg has it all.
    set("/proc/sys/kernel/printk", "1 4 1 7");
    Ok(())
}

/// File systems, modules, cgroups, limits of the log.
pub(super) fn set_up(parameters: &Parameters) -> Result<()> {
    mount("sysfs", "/sys", "sysfs", "")?;
    mount("devtmpfs", "/dev", "devtmpfs", "")?;
    mount("tmpfs", "/tmp", "tmpfs", "size=64m")?;
    optional("tracefs", "/sys/kernel/tracing", "tracefs");
    optional("debugfs", "/sys/kernel/debug", "debugfs");
    set("/proc/sys/kernel/printk_ratelimit", "0");
    set("/proc/sys/kernel/printk_devkmsg", "on\n");
    set("/proc/sys/kernel/panic", "-1");
    set("/proc/sys/vm/panic_on_oom", "0");
    // It takes pages away from their process to see who uses them; what lies in them then can't be read without waiting, such
    // as a victim's environment, which scenarios ask for.
    optional_setting("/proc/sys/kernel/numa_balancing", "0");
    load_modules(Path::new("/modules"));
    match parameters.boot {
        Boot::V1 => cgroup_v1(),
        Boot::V2 | Boot::V2Numa | Boot::V2Large => cgroup_v2(),
    }
}

fn mount(source: &str, target: &str, kind: &str, options: &str) -> Result<()> {
    fs::create_dir_all(target)?;
    match sys::mount(source, Path::new(target), kind, options) {
        // The kernel mounts devtmpfs by itself where it is configured to.
        Err(error) if error.raw_os_error() == Some(libc::EBUSY) => Ok(()),
        result => result.with_context(|| format!("can't mount {kind} on {target}")),
    }
}

fn optional(source: &str, target: &str, kind: &str) {
    if let Err(error) = mount(source, target, kind, "") {
        protocol::log("boot", &format!("{error:#}"));
    }
}

fn set(file: &str, value: &str) {
    if let Err(error) = fs::write(file, value) {
        protocol::log("boot", &format!("can't write {value} to {file}: {error}"));
    }
}

/// Kernels without the setting are as they should be.
fn optional_setting(file: &str, value: &str) {
    if Path::new(file).exists() {
        set(file, value);
    }
}

/// Loads what /modules/order names: `FILE [PARAMETER=VALUE]...` a line. Scenarios tell what they miss.
fn load_modules(directory: &Path) {
    let order = fs::read_to_string(directory.join("order")).unwrap_or_default();
    for line in order.lines().filter(|line| !line.trim().is_empty()) {
        let (name, parameters) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let loaded = File::open(directory.join(name)).and_then(|file| sys::load_module(&file, parameters));
        if let Err(error) = loaded {
            protocol::log("boot", &format!("can't load the module {name}: {error}"));
        }
    }
}

fn cgroup_v2() -> Result<()> {
    mount("cgroup2", "/sys/fs/cgroup", "cgroup2", "")?;
    for controller in ["memory", "cpuset", "pids"] {
        let file = "/sys/fs/cgroup/cgroup.subtree_control";
        if let Err(error) = fs::write(file, format!("+{controller}")) {
            if controller == "memory" {
                bail!("can't enable the memory controller: {error}");
            }
            protocol::log("boot", &format!("no controller {controller}: {error}"));
        }
    }
    Ok(())
}

fn cgroup_v1() -> Result<()> {
    mount("tmpfs", "/sys/fs/cgroup", "tmpfs", "size=1m")?;
    mount("cgroup", "/sys/fs/cgroup/memory", "cgroup", "memory").context(NO_V1)?;
    mount("cgroup2", "/sys/fs/cgroup/unified", "cgroup2", "")?;
    if let Err(error) = mount("cgroup", "/sys/fs/cgroup/cpuset", "cgroup", "cpuset") {
        protocol::log("boot", &format!("{error:#}"));
    }
    Ok(())
}
