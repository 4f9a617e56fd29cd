//! Swap in use, on the empty disk that a guest is given.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::MIB;
use super::judge::Plan;
use super::memcg::finish;
use super::stage::Stage;
use super::worker::{Worker, arguments};
use crate::protocol::Verdict;
use crate::{disk, sys};

/// Where there is no disk; it needs the module brd.
const RAM_DISK: &str = "/dev/ram0";
/// The disk is overwritten: it has to be the one that was made for that.
const SERIAL: &str = "oomtrace-swap";

/// A limit on memory and one on swap (v1: on both together): the victim has filled both.
pub(super) fn in_use(stage: &Stage) -> Result<Verdict> {
    let Some(device) = device() else {
        return Ok(Verdict::Skip(format!("no disk with serial number {SERIAL}, no {RAM_DISK}")));
    };
    if stage.v1() && !stage.hierarchy.root.join("memory.memsw.limit_in_bytes").exists() {
        return Ok(Verdict::Skip("no swap accounting (swapaccount=1)".into()));
    }
    make_swap(&device)?;
    sys::swap_on(&device).context("swapon")?;
    let result = swapping(stage);
    sys::swap_off(&device).context("swapoff")?;
    result
}

fn device() -> Option<PathBuf> {
    disk::of_serial(SERIAL).or_else(|| Some(PathBuf::from(RAM_DISK)).filter(|device| device.exists()))
}

fn swapping(stage: &Stage) -> Result<Verdict> {
    let cgroup = stage.cgroup()?;
    cgroup.limit_with_swap(12 * MIB, 6 * MIB)?;
    let watch = stage.watch(&[])?;
    let mut worker = Worker::start(arguments(&[&cgroup.join(), &"anon", &"33554432"]))?;
    let verdict = finish(stage, watch, &mut worker, &cgroup, &cgroup, &Plan::memcg())?;
    let events = std::fs::read_to_string("/proc/vmstat").unwrap_or_default();
    let swapped = events.lines().find_map(|line| line.strip_prefix("pswpout ")?.parse::<u64>().ok());
    ensure!(swapped.is_some_and(|pages| pages > 0), "nothing was swapped out");
    Ok(verdict)
}

/// How a swap area's first page ends.
const SIGNATURE: &[u8] = b"SWAPSPACE2";

/// What mkswap(8) writes: version, last page, signature at the end of the first page.
fn make_swap(device: &Path) -> Result<()> {
    let page = sys::page_size();
    let mut file = File::options().read(true).write(true).open(device)?;
    let mut first = vec![0_u8; usize::try_from(page)?];
    file.read_exact(&mut first)?;
    let empty = first.iter().all(|byte| *byte == 0) || first.ends_with(SIGNATURE);
    ensure!(empty, "{} is not empty: it is left alone", device.display());
    let size = file.seek(SeekFrom::End(0))?;
    let last_page = u32::try_from(size / page)? - 1;
    let mut header = vec![0_u8; usize::try_from(page)?];
    header[1024..1028].copy_from_slice(&1_u32.to_ne_bytes());
    header[1028..1032].copy_from_slice(&last_page.to_ne_bytes());
    let end = header.len();
    header[end - 10..].copy_from_slice(SIGNATURE);
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&header)?;
    file.sync_all().context("can't write the swap header")
}
