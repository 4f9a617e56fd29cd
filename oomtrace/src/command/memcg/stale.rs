//! Names of our cgroups, and those that were left behind by programs that are gone.

use std::path::Path;
use std::time::Instant;

use super::janitor::{Leftover, PATIENCE, empty_and_remove};
use super::tree::Tree;
use crate::enrich::identity::same_start;
use crate::enrich::process::Process;
use crate::kernel::proc::Dir;
use crate::kernel::{Namespace, Roots};

/// A name that is ours alone and tells a stale one: the prefix, our process id and our start time.
pub(in crate::command) fn name(prefix: &str, roots: &Roots) -> String {
    let me = std::process::id();
    let start = started(roots, me).unwrap_or(0);
    format!("{prefix}{me}-{start}{}", namespace(roots))
}

/// Removes the cgroups below `parent` whose makers are no longer running. What is in them is killed, or moved to the
/// `cgroup.procs` file that is given.
pub(in crate::command) fn remove_stale(
    tree: &dyn Tree,
    parent: &Path,
    prefix: &str,
    move_to: Option<&Path>,
    roots: &Roots,
) {
    // One time for all: whoever owns the cgroup can plant any number that stays busy.
    let until = Instant::now() + PATIENCE;
    for name in tree.names(parent).unwrap_or_default() {
        if is_stale(&name, prefix, roots) {
            let stale =
                Leftover { dir: parent.join(name), move_to: move_to.map(Into::into), switched_on: None };
            // One that can't be removed is in nobody's way.
            let _ = empty_and_remove(tree, &stale, until);
        }
    }
}

/// End of the names of those in a pid namespace of their own: from outside of it nobody can tell whether they run.
pub(in crate::command) fn namespace(roots: &Roots) -> String {
    let link = std::fs::read_link(roots.proc.join("self/ns/pid")).unwrap_or_default();
    match Namespace::Pid.is_initial(roots) {
        Some(false) => link.to_string_lossy().replace("pid:[", "-").replace(']', ""),
        _ => String::new(),
    }
}

/// Whether a name is that of a program, in our own pid namespace, which is gone.
fn is_stale(name: &str, prefix: &str, roots: &Roots) -> bool {
    let Some((pid, start)) = name.strip_prefix(prefix).and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    let start = start.strip_suffix(namespace(roots).as_str()).unwrap_or_default();
    let (Ok(pid), Ok(start)) = (pid.parse(), start.parse()) else { return false };
    !started(roots, pid).is_some_and(|running| same_start(running, start))
}

/// When a process started. Nothing of its memory is read: whoever has that number now may hang.
fn started(roots: &Roots, pid: u32) -> Option<u64> {
    let proc = Dir::open(&roots.proc).ok()?;
    Process::read_outside(&proc, pid, &mut Vec::new())?.start_boottime_ns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_name_is_not_stale_and_others_are() {
        let roots = Roots::default();
        let own = name("oomtrace-x-", &roots);
        assert!(own.starts_with(&format!("oomtrace-x-{}-", std::process::id())), "{own}");
        assert!(!is_stale(&own, "oomtrace-x-", &roots));
        assert!(is_stale(&format!("oomtrace-x-{}-5{}", u32::MAX, namespace(&roots)), "oomtrace-x-", &roots));
        for other in ["system.slice", "oomtrace-x-7", "oomtrace-x-a-b", "oomtrace-y-7-5"] {
            assert!(!is_stale(other, "oomtrace-x-", &roots), "{other}");
        }
    }
}
