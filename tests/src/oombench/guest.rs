//! The suite in a guest: cgroup v2, and a machine that may run out.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::options::Options;
use crate::protocol::{self, Verdict};
use crate::sys;

/// The disk for outcomes, with other people's programs where the suite needs them.
const DISK: &str = "/dev/nvme0n1";
const ROOT: &str = "/disk";
const TRACER: &str = "/bin/oomtrace";
/// What the host reads off the disk afterwards.
const OUT: &str = "out.ndjson";

/// Runs what the words of the command line ask for.
pub fn in_guest(words: &[String]) {
    if let Err(error) = start(words) {
        protocol::verdict("oombench", &Verdict::Fail(format!("{error:#}")));
    }
}

fn start(words: &[String]) -> Result<()> {
    let mut options = Options::parse(words.iter().cloned())?;
    let root = Path::new(ROOT);
    fs::create_dir_all(root)?;
    sys::mount(DISK, root, "ext4", "").context("can't mount the disk")?;
    let programs = root.join("usr/bin").is_dir();
    if programs {
        mount_for_programs(root)?;
        options.root = Some(root.to_owned());
    }
    options.tracer = TRACER.into();
    options.out = root.join(OUT);
    options.scratch = root.join("scratch");
    // The one process that must live on when the machine runs out.
    fs::write("/proc/self/oom_score_adj", "-1000").context("can't be spared by the OOM killer")?;
    super::run(&options, true)
}

fn mount_for_programs(root: &Path) -> Result<()> {
    for (kind, at) in
        [("proc", "proc"), ("sysfs", "sys"), ("devtmpfs", "dev"), ("tmpfs", "tmp"), ("tmpfs", "dev/shm")]
    {
        let at = root.join(at);
        fs::create_dir_all(&at)?;
        sys::mount(kind, &at, kind, "").with_context(|| format!("can't mount {}", at.display()))?;
    }
    Ok(())
}
