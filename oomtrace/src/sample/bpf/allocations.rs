//! The allocation hook: off until it is armed.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use anyhow::{Context as _, Result, bail, ensure};
use aya::{
    Ebpf,
    maps::{MapData, RingBuf},
    programs::{BtfTracePoint, ProgramError, RawTracePoint},
};
use oomtrace_common::{ABSENT, AllocStep, Layout, decode};

use super::{bytes, loss::Loss};
use crate::probe::{Types, bpf};

/// `kmem:rss_stat`.
const TRACEPOINT: &CStr = c"rss_stat";

/// The hook on `kmem:rss_stat`, which tells each step of 2 MiB in any process's resident memory. While it is armed it is on
/// the path of every page that the machine maps; docs/benchmarks.md says what that costs.
pub struct AllocHook {
    program: OwnedFd,
    /// Of a tracepoint that is attached by name.
    name: Option<&'static CStr>,
    ring: RingBuf<MapData>,
    loss: Loss,
    page_size: u64,
    attached: Option<OwnedFd>,
}

/// One counter of a process has moved by 2 MiB or more since it was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When, `CLOCK_BOOTTIME` ns.
    pub time_ns: u64,
    /// Process that owns the memory; `None` when it is not known.
    pub pid: Option<u32>,
    /// Process in whose context it moved.
    pub by: u32,
    /// Tells apart memories of one process, before and after an exec.
    pub mm: u64,
    /// Which counter.
    pub kind: AllocKind,
    /// Its value now, bytes.
    pub bytes: u64,
}

/// The counters of a process's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllocKind {
    /// Resident file mappings.
    File,
    /// Resident anonymous memory.
    Anon,
    /// Swapped out.
    Swap,
    /// Resident shared memory.
    Shmem,
}

impl AllocHook {
    /// Loads the program and takes its maps; nothing is attached.
    ///
    /// # Errors
    /// When the kernel's structures are not known, the kernel refuses the program, or the hook was taken before.
    pub fn take(ebpf: &mut Ebpf, layout: &Layout) -> Result<Self> {
        ensure!(
            layout.mm_rss_stat != ABSENT,
            "the place of mm_struct.rss_stat is not known: the allocation hook needs the kernel's BTF"
        );
        let (program, name) = match load_typed(ebpf, layout) {
            Some(program) => (program, None),
            None => (load(ebpf, "raw_tp_rss_stat")?, Some(TRACEPOINT)),
        };
        let ring = ebpf.take_map("ALLOCS").context("the allocation hook was taken before")?.try_into()?;
        let Some(loss) = Loss::take(ebpf, "ALLOCS_LOST") else { bail!("the BPF object lacks ALLOCS_LOST") };
        let page_size = 1 << layout.page_shift;
        Ok(Self { program, name, ring, loss, page_size, attached: None })
    }

    /// Attaches it, unless it is. Takes up to some 30 ms.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn arm(&mut self) -> io::Result<()> {
        if self.attached.is_none() {
            self.attached = Some(bpf::attach_raw_tracepoint(self.program.as_fd(), self.name)?);
        }
        Ok(())
    }

    /// Detaches it; what it has told can still be read.
    pub fn disarm(&mut self) {
        self.attached = None;
    }

    /// Puts the steps since the last call into `into`, which is cleared; returns how many more there were.
    pub fn steps(&mut self, into: &mut Vec<Step>) -> u64 {
        into.clear();
        let mut undecoded = 0;
        while let Some(item) = self.ring.next() {
            match decode(&item).and_then(|record| step(&record, self.page_size)) {
                Some(step) => into.push(step),
                None => undecoded += 1,
            }
        }
        undecoded + self.loss.new_ones()
    }
}

/// A program that does nothing, where the hook is: what it costs is the tracepoint's.
pub struct EmptyHook(OwnedFd);

impl EmptyHook {
    /// Loads it; nothing is attached.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn take(ebpf: &mut Ebpf) -> Result<Self> {
        load(ebpf, "raw_tp_rss_stat_empty").map(Self)
    }

    /// Attaches it until the result is dropped.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn arm(&self) -> io::Result<OwnedFd> {
        bpf::attach_raw_tracepoint(self.0.as_fd(), Some(TRACEPOINT))
    }
}

/// The program that the kernel knows the types of, which is the cheaper one; nothing where it does not take it.
fn load_typed(ebpf: &mut Ebpf, layout: &Layout) -> Option<OwnedFd> {
    let types = Types::own(layout, None)?;
    let program: &mut BtfTracePoint = ebpf.program_mut("tp_btf_rss_stat")?.try_into().ok()?;
    let refused = |error: ProgramError| log::info!("the allocation hook goes without types: {error:?}");
    program.load("rss_stat", types.tracepoints()).map_err(refused).ok()?;
    program.fd().ok()?.as_fd().try_clone_to_owned().ok()
}

/// One that the kernel knows no types of: the other one, or the empty one.
fn load(ebpf: &mut Ebpf, name: &str) -> Result<OwnedFd> {
    let program =
        ebpf.program_mut(name).with_context(|| format!("the BPF object holds no program {name}"))?;
    let program: &mut RawTracePoint = program.try_into()?;
    program.load().context("the kernel refuses the allocation hook")?;
    Ok(program.fd()?.as_fd().try_clone_to_owned()?)
}

fn step(record: &AllocStep, page_size: u64) -> Option<Step> {
    let kind = match record.member {
        0 => AllocKind::File,
        1 => AllocKind::Anon,
        2 => AllocKind::Swap,
        3 => AllocKind::Shmem,
        _ => return None,
    };
    Some(Step {
        time_ns: record.time,
        pid: (record.tgid != 0).then_some(record.tgid),
        by: record.current_tgid,
        mm: record.mm,
        kind,
        bytes: bytes(record.pages, page_size),
    })
}
