//! The cgroups of a case.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;

use super::case::{Case, Place};
use crate::cgroup::{Cgroup, Hierarchy};
use crate::counters::{keyed, vmstat_kills};

/// First bytes of the names of all cgroups of the suite.
pub(super) const PREFIX: &str = "oomtrace-test-oombench-";

/// The cgroups, removed when dropped.
#[derive(Debug)]
pub(super) struct Site {
    /// Before `top`: dropped in order, children first.
    groups: Vec<Cgroup>,
    top: Cgroup,
    /// The machine's counter when it was made.
    kills_before: Option<u64>,
    limited: bool,
}

impl Site {
    /// Makes them. Their names tell nothing of the case.
    pub(super) fn new(hierarchy: &Hierarchy, case: &Case, number: usize) -> Result<Self> {
        let name = format!("{PREFIX}{}-{number}", std::process::id());
        let top = Cgroup::new(hierarchy, name.as_bytes())?;
        let groups = case.groups.iter().map(|name| top.child(name.as_bytes())).collect::<Result<_>>()?;
        let site = Self { groups, top, kills_before: vmstat_kills(), limited: case.limit.is_some() };
        site.limit(case.limit)?;
        Ok(site)
    }

    /// Sets the limit of the topmost.
    pub(super) fn limit(&self, bytes: Option<u64>) -> Result<()> {
        bytes.map_or(Ok(()), |bytes| self.top.limit(bytes.next_multiple_of(4096)))
    }

    /// The cgroup of a place.
    fn of(&self, place: Place) -> Option<&Cgroup> {
        match place {
            Place::Top => Some(&self.top),
            Place::Group(at) => self.groups.get(at),
            Place::Outside => None,
        }
    }

    /// Options that make a workload join.
    pub(super) fn join(&self, place: Place) -> Vec<OsString> {
        self.of(place).map(Cgroup::join).into_iter().collect()
    }

    /// Path of a place.
    pub(super) fn path(&self, place: Place) -> Option<String> {
        self.of(place).map(|cgroup| String::from_utf8_lossy(&cgroup.path()).into_owned())
    }

    /// Path of the topmost.
    pub(super) fn top(&self) -> String {
        String::from_utf8_lossy(&self.top.path()).into_owned()
    }

    /// Kills in these cgroups; of the whole machine, when it is what has to run out.
    pub(super) fn kills(&self) -> u64 {
        if self.limited {
            return self.all().filter_map(Cgroup::kills).sum();
        }
        vmstat_kills().zip(self.kills_before).map_or(0, |(now, before)| now - before)
    }

    /// Everybody in these cgroups.
    pub(super) fn pids(&self) -> Vec<u32> {
        let read = |cgroup: &Cgroup| std::fs::read_to_string(cgroup.file("cgroup.procs")).unwrap_or_default();
        self.all().flat_map(|cgroup| pids(&read(cgroup))).collect()
    }

    /// Bytes that can't simply be dropped: private and shared memory.
    pub(super) fn held(&self) -> Option<u64> {
        let file = self.top.file("memory.stat");
        let figure = |names: [&str; 2]| names.iter().find_map(|name| keyed(&file, name));
        Some(figure(["anon", "total_rss"])? + figure(["shmem", "total_shmem"]).unwrap_or(0))
    }

    /// How far it has come, for a case that did not come to its kill.
    pub(super) fn state(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.top.file(name)).ok();
        let usage = read("memory.current").or_else(|| read("memory.usage_in_bytes")).unwrap_or_default();
        format!("with {} bytes in use by {} processes", usage.trim(), self.pids().len())
    }

    /// Kills everybody in these cgroups.
    pub(super) fn clear(&self) {
        for pid in self.pids() {
            let _ = crate::sys::kill(i32::try_from(pid).unwrap_or(i32::MAX), libc::SIGKILL);
        }
    }

    fn all(&self) -> impl Iterator<Item = &Cgroup> {
        self.groups.iter().chain([&self.top])
    }

    /// True for a record of a kill here.
    pub(super) fn concerns(&self, record: &serde_json::Value) -> bool {
        let top = self.top();
        let inside =
            |path: Option<&str>| path.is_some_and(|path| path == top || path.starts_with(&format!("{top}/")));
        inside(record["scope"]["memcg"]["path"].as_str())
            || inside(record["victims"][0]["cgroup"]["path"].as_str())
    }
}

fn pids(text: &str) -> Vec<u32> {
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

/// Name of a process.
pub(super) fn comm(pid: u32) -> Option<String> {
    let text = std::fs::read(Path::new("/proc").join(pid.to_string()).join("comm")).ok()?;
    Some(String::from_utf8_lossy(&text).trim_end().to_owned())
}
