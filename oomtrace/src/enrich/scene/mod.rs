//! The machine's memory around a kill, read from files that were opened before it.

mod dying;
mod pressure;
mod top;
mod zoneinfo;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use self::dying::Dying;
pub(super) use self::dying::add_victims;
use self::zoneinfo::ZoneParser;
use crate::kernel::proc::{Dir, Meminfo};
use crate::kernel::{Roots, host};
use crate::model::{Captured, System, TopProcess, Zone};

/// Time that reading the processes may take for one incident.
pub const TOP_BUDGET: Duration = Duration::from_millis(10);
/// A list of the largest processes younger than this is used again, so that a storm of kills is not answered with a
/// storm of scans.
const TOP_FRESH: Duration = Duration::from_millis(200);
/// Piece in which the files are read; `meminfo` (1.6 KiB) and `pressure` fit as a whole.
const PIECE: usize = 16 * 1024;

/// The files of the scene, kept open.
#[derive(Debug)]
pub struct Scene {
    meminfo: Option<File>,
    zoneinfo: Option<File>,
    pressure: Option<File>,
    proc: Option<Dir>,
    page_size: u64,
    buf: Vec<u8>,
    budget: Duration,
    last_top: Option<(Instant, Vec<TopProcess>)>,
    dying: Dying,
}

/// A scene and what a reader must know about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// The scene.
    pub system: System,
    /// E.g. that the list of processes is partial.
    pub notes: Vec<String>,
}

impl Scene {
    /// Opens what there is; a file that is missing, such as `pressure/memory` where PSI is off, leaves its part absent.
    ///
    /// Every file is read once: the kernel then has its buffers and needs no memory for them at the kill.
    #[must_use]
    pub fn open(roots: &Roots) -> Self {
        let open = |name: &str| File::open(roots.proc.join(Path::new(name))).ok();
        let mut scene = Self {
            meminfo: open("meminfo"),
            zoneinfo: open("zoneinfo"),
            pressure: open("pressure/memory"),
            proc: Dir::open(&roots.proc).ok(),
            page_size: host::page_size(),
            buf: vec![0; PIECE],
            budget: TOP_BUDGET,
            last_top: None,
            dying: Dying::new(),
        };
        let _ = (scene.memory(), scene.zones());
        scene
    }

    #[cfg(test)]
    /// Sets the time that reading the processes may take instead of [`TOP_BUDGET`].
    #[must_use]
    pub fn with_budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Keeps process `pid`, which is being killed, out of what is read from now on.
    pub fn leave_alone(&mut self, pid: u32) {
        self.dying.add(pid);
    }

    /// Whether process `pid` was killed a short time ago.
    #[must_use]
    pub fn leaves_alone(&self, pid: u32) -> bool {
        self.dying.has(pid)
    }

    /// Takes the scene as it is now, `age_ns` after the kill.
    pub fn take(&mut self, age_ns: u64) -> Taken {
        let mut notes = Vec::new();
        let mut system = self.memory();
        system.captured = Captured::AfterKill;
        system.age_ns = Some(age_ns);
        system.zones = self.zones();
        system.top_processes = self.top(&mut notes);
        Taken { system, notes }
    }

    /// The machine's swap in bytes, used or not.
    pub fn total_swap_bytes(&mut self) -> Option<u64> {
        self.memory().swap_total_bytes
    }

    fn memory(&mut self) -> System {
        let mut system = System::default();
        if let Some(file) = &self.meminfo
            && let Ok(len) = read_start(file, &mut self.buf)
        {
            fill(&mut system, &Meminfo::parse(&self.buf[..len]));
        }
        if let Some(file) = &self.pressure
            && let Ok(len) = read_start(file, &mut self.buf)
        {
            system.psi = pressure::pressure(&self.buf[..len]);
        }
        system
    }

    fn zones(&mut self) -> Vec<Zone> {
        let Some(file) = &self.zoneinfo else { return Vec::new() };
        let mut parser = ZoneParser::new(self.page_size);
        // What was read before an error is as true as without it.
        let _ = read_pieces(file, &mut self.buf, |piece| parser.feed(piece));
        parser.finish()
    }

    fn top(&mut self, notes: &mut Vec<String>) -> Vec<TopProcess> {
        if let Some((when, top)) = &self.last_top
            && when.elapsed() < TOP_FRESH
        {
            let age = when.elapsed().as_millis();
            notes.push(format!(
                "top_processes was read {age} ms before the rest of the scene, for an earlier kill"
            ));
            return top.clone();
        }
        let Some(proc) = &self.proc else { return Vec::new() };
        let scan = top::scan(proc, self.budget, self.page_size, &mut self.buf, |pid| self.dying.has(pid));
        if let Some(pid) = scan.stopped_at {
            notes.push(format!(
                "top_processes is partial: {} processes were read within {} ms, those from pid {pid} on were not",
                scan.read,
                self.budget.as_millis()
            ));
        }
        let others = scan.left_alone.iter().filter(|pid| self.dying.latest() != Some(**pid)).count();
        if others > 0 {
            notes.push(format!(
                "top_processes lacks processes killed shortly before and still exiting ({others}), unless they are a victim \
                 of this kill"
            ));
        }
        self.last_top = Some((Instant::now(), scan.top.clone()));
        scan.top
    }
}

/// The parts of `meminfo` that an incident shows.
fn fill(system: &mut System, meminfo: &Meminfo) {
    system.mem_total_bytes = meminfo.total;
    system.mem_free_bytes = meminfo.free;
    system.mem_available_bytes = meminfo.available;
    system.swap_total_bytes = meminfo.swap_total;
    system.swap_free_bytes = meminfo.swap_free;
    system.shmem_bytes = meminfo.shmem;
    system.slab_bytes = meminfo.slab;
}

/// Reads the start of a file, as much as fits; `/proc` files of one buffer are made anew by a read at 0.
fn read_start(file: &File, buf: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buf.len() {
        match file.read_at(&mut buf[filled..], filled as u64)? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

/// Reads a whole file in pieces.
fn read_pieces(file: &File, buf: &mut [u8], mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut at = 0;
    loop {
        match file.read_at(buf, at)? {
            0 => return Ok(()),
            n => {
                each(&buf[..n]);
                at += n as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_real_machine() {
        let mut scene = Scene::open(&Roots::default());
        let Taken { system, notes } = scene.take(7);
        assert_eq!((system.captured, system.age_ns), (Captured::AfterKill, Some(7)));
        assert!(system.mem_total_bytes > system.mem_free_bytes && system.mem_free_bytes.is_some());
        assert!(!system.zones.is_empty() && !system.top_processes.is_empty(), "{notes:?}");
        assert_eq!(system.psi.is_some(), fs::read("/proc/pressure/memory").is_ok());
    }

    #[test]
    fn nothing_at_all_is_not_an_error() {
        let tmp = tempfile::tempdir().unwrap();
        let roots = Roots { proc: tmp.path().join("none"), ..Roots::default() };
        let mut scene = Scene::open(&roots);
        let only_age = System { age_ns: Some(1), ..System::default() };
        assert_eq!(scene.take(1), Taken { system: only_age, notes: vec![] });
    }

    #[test]
    fn reads_anew_each_time() {
        let tmp = tempfile::tempdir().unwrap();
        let roots = Roots { proc: tmp.path().into(), ..Roots::default() };
        fs::write(tmp.path().join("meminfo"), "MemFree: 10 kB\n").unwrap();
        let mut scene = Scene::open(&roots);
        assert_eq!(scene.take(0).system.mem_free_bytes, Some(10240));
        fs::write(tmp.path().join("meminfo"), "MemFree: 9 kB\n").unwrap();
        assert_eq!(scene.take(0).system.mem_free_bytes, Some(9216));
    }

    #[test]
    fn says_when_the_list_is_partial_or_older() {
        let mut scene = Scene::open(&Roots::default()).with_budget(Duration::ZERO);
        let notes = scene.take(0).notes;
        assert!(notes[0].starts_with("top_processes is partial: 0 processes were read"), "{notes:?}");
        let notes = scene.take(0).notes;
        assert!(notes[0].contains("for an earlier kill"), "{notes:?}");
    }
}
