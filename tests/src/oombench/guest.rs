//! The suite in a guest: cgroup v2, and a machine that may run out.

use std::fs;
use std::io::Read as _;
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
        protocol::log("oombench", &format!("{} MiB of programs are in memory", warm(root)? >> 20));
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

/// Reads programs and libraries, so that they are nobody's memory, as on a machine where they run already; the bytes.
///
/// A cgroup that has to hold its program's own text gives it back at the limit and reads it again, for minutes: nobody is killed.
fn warm(directory: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)?.flatten() {
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() && !path.ends_with("lost+found") {
            bytes += warm(&path)?;
        } else if kind.is_file() && is_mapped(&path) {
            bytes += std::io::copy(&mut fs::File::open(&path)?, &mut std::io::sink())?;
        }
    }
    Ok(bytes)
}

/// Programs, libraries, and what a JVM maps beside them.
fn is_mapped(path: &Path) -> bool {
    let mut magic = [0; 4];
    let is_elf =
        fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"\x7fELF";
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    is_elf && !name.ends_with(b".o") || path.ends_with("lib/modules") || name.ends_with(b".jsa")
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
