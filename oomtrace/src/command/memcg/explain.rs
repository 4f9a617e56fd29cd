//! What an error of the cgroup file system means.

use std::io;
use std::path::Path;

use anyhow::anyhow;

/// An error with its cause and the remedy; `command` is what would be run as root.
pub(in crate::command) fn explain(
    error: &io::Error,
    what: &str,
    path: &Path,
    command: &str,
) -> anyhow::Error {
    let as_root = format!("run as root: sudo oomtrace {command}");
    let remedy = match error.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => as_root.as_str(),
        Some(libc::EROFS) => {
            "the cgroup file system is mounted read-only, as in most containers: run on the host, or in a container \
             that may write it (docker run --privileged --cgroupns=host)"
        }
        Some(libc::EBUSY) => {
            "the cgroup has processes of its own, so it can't hand out controllers, as in a container with a cgroup \
             namespace: run on the host, or with --cgroupns=host"
        }
        Some(libc::ENOENT) => "the memory controller is not active there: boot with cgroup_enable=memory",
        Some(libc::ENOSPC | libc::EAGAIN | libc::ENOMEM) => {
            "a limit on cgroups is reached: raise cgroup.max.descendants, or remove cgroups that are not needed"
        }
        _ => "run on the host, as root",
    };
    anyhow!("can't {what} {}: {error}; {remedy}", path.display())
}
