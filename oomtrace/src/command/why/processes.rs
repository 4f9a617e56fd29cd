//! Processes that run, as far as it takes to know one again.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::target::Target;
use crate::filter::Verdict;
use crate::kernel::cgroup::container;
use crate::kernel::cgroup::parse_cgroup;
use crate::kernel::proc::{Stat, tick_ns};
use crate::kernel::{Roots, clock};
use crate::model::{CgroupRef, Text, Victim};

/// Those that are what was asked for. Nothing is read that waits for a process's memory.
pub(super) fn running(roots: &Roots, target: &Target) -> Vec<Victim> {
    let all = match target.pid() {
        Some(pid) => vec![pid],
        None => pids(&roots.proc),
    };
    let alive = all.into_iter().filter_map(|pid| process(&roots.proc, pid));
    alive.filter(|process| target.verdict(process) == Verdict::Yes).collect()
}

fn pids(proc: &Path) -> Vec<u32> {
    let own = std::process::id();
    let names = fs::read_dir(proc).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let mut pids: Vec<u32> = names.filter_map(|name| name.to_str()?.parse().ok()).collect();
    // Asking is not what is asked for.
    pids.retain(|pid| *pid != own);
    pids.sort_unstable();
    pids
}

/// `None` for one that is gone, or ended and not yet waited for.
fn process(proc: &Path, pid: u32) -> Option<Victim> {
    let directory = proc.join(pid.to_string());
    let text = fs::read(directory.join("stat")).ok()?;
    let stat = Stat::parse(&text).filter(|stat| !stat.has_ended())?;
    let cgroup = fs::read(directory.join("cgroup")).ok().and_then(|text| parse_cgroup(&text));
    let identity = cgroup.as_deref().map(container::identify).unwrap_or_default();
    let exe = fs::read_link(directory.join("exe")).ok();
    Some(Victim {
        pid,
        comm: Text::new(stat.comm),
        exe: exe.map(|path| Text::new(path.as_os_str().as_bytes())),
        start_time: stat.start_ticks.checked_mul(tick_ns()).map(clock::rfc3339),
        cgroup: cgroup.map(|path| CgroupRef { path: Text::new(path), id: None }),
        container: identity.container,
        unit: identity.unit,
        ..Victim::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_is_told_from_what_has_ended() {
        let dir = tempfile::tempdir().unwrap();
        let fields = "1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 500 0 0";
        for (pid, name, state) in [(7, "web) Z (a", 'S'), (8, "web", 'Z'), (9, "web", 'R'), (10, "db", 'S')] {
            fs::create_dir(dir.path().join(pid.to_string())).unwrap();
            let text = format!("{pid} ({name}) {state} {fields}\n");
            fs::write(dir.path().join(format!("{pid}/stat")), text).unwrap();
        }
        let roots = Roots { proc: dir.path().into(), ..Roots::default() };
        let found = |text: &str| {
            let running = running(&roots, &Target::parse(text).unwrap());
            running.iter().map(|process| process.pid).collect::<Vec<_>>()
        };
        assert_eq!(found("web"), [9]);
        assert_eq!(found("7"), [7]);
        assert!(found("8").is_empty(), "a zombie runs no more");
        assert!(found("11").is_empty());
    }
}
