//! What the generator writes down of itself: the truth that a diagnosis is measured against.
//!
//! A page shared with the runner, so that what a killed process wrote is still there. The runner touches it first: no
//! memory cgroup of a case is charged for it.

use std::fs::File;
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

/// Bytes of the page.
const SIZE: usize = 4096;
/// Numbers of a slot.
const FIELDS: usize = 8;
/// Slots of a ledger.
pub const SLOTS: usize = SIZE / (FIELDS * 8);

/// What one process wrote down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its process id.
    pub pid: u64,
    /// Bytes it held before it began to grow.
    pub base: u64,
    /// When it began to grow, `CLOCK_BOOTTIME` ns; 0 while it has not.
    pub onset_ns: u64,
    /// By how much it has grown since.
    pub grown: u64,
    /// When it had grown so far, `CLOCK_BOOTTIME` ns.
    pub last_ns: u64,
    /// It is as far as it was to come before the others go on.
    pub ready: u64,
}

impl Entry {
    /// Bytes per second since its onset.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let ns = self.last_ns.checked_sub(self.onset_ns)?;
        (self.onset_ns > 0 && ns > 0).then(|| self.grown as f64 * 1e9 / ns as f64)
    }
}

/// The shared page.
#[derive(Debug)]
pub struct Ledger {
    file: File,
    page: *mut u64,
}

// SAFETY: the page lives as long as the ledger and every access is a volatile read or write of a number.
unsafe impl Send for Ledger {}
// SAFETY: as above.
unsafe impl Sync for Ledger {}

impl Ledger {
    /// A new one, touched.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn new() -> Result<Self> {
        // SAFETY: the name is a C string.
        let descriptor = unsafe { libc::memfd_create(c"ledger".as_ptr(), libc::MFD_CLOEXEC) };
        if descriptor < 0 {
            bail!("no memfd: {}", std::io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new and nobody else's.
        let file = unsafe { File::from_raw_fd(descriptor) };
        file.set_len(SIZE as u64)?;
        let ledger = Self::map(file)?;
        (0..SLOTS * FIELDS).for_each(|at| ledger.write(at, 0));
        Ok(ledger)
    }

    /// The one of another process, by the path that [`Ledger::path`] gave.
    ///
    /// # Errors
    /// When it can't be opened or mapped.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::options().read(true).write(true).open(path);
        Self::map(file.with_context(|| format!("can't open the ledger {}", path.display()))?)
    }

    fn map(file: File) -> Result<Self> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
        let page = unsafe {
            libc::mmap(std::ptr::null_mut(), SIZE, protection, libc::MAP_SHARED, file.as_raw_fd(), 0)
        };
        ensure!(page != libc::MAP_FAILED, "can't map the ledger: {}", std::io::Error::last_os_error());
        Ok(Self { file, page: page.cast() })
    }

    /// Where other processes find it, as long as this one lives.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd()).into()
    }

    /// What was written down in a slot.
    #[must_use]
    pub fn entry(&self, slot: usize) -> Entry {
        let field = |at: usize| self.read((slot % SLOTS) * FIELDS + at);
        Entry {
            pid: field(0),
            base: field(1),
            onset_ns: field(2),
            grown: field(3),
            last_ns: field(4),
            ready: field(5),
        }
    }

    /// Writes it down.
    pub fn put(&self, slot: usize, entry: &Entry) {
        let fields = [entry.pid, entry.base, entry.onset_ns, entry.grown, entry.last_ns, entry.ready];
        for (at, value) in fields.into_iter().enumerate() {
            self.write((slot % SLOTS) * FIELDS + at, value);
        }
    }

    fn read(&self, at: usize) -> u64 {
        // SAFETY: inside the page: slots and fields are taken modulo their number.
        unsafe { self.page.add(at).read_volatile() }
    }

    fn write(&self, at: usize, value: u64) {
        // SAFETY: as for reading.
        unsafe { self.page.add(at).write_volatile(value) };
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // SAFETY: mapped by `map`, and nobody has the address.
        unsafe { libc::munmap(self.page.cast(), SIZE) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_mapping_sees_what_was_written_down() {
        let ledger = Ledger::new().unwrap();
        let entry =
            Entry { pid: 7, base: 1, onset_ns: 1_000_000_000, grown: 10, last_ns: 3_000_000_000, ready: 1 };
        Ledger::open(&ledger.path()).unwrap().put(3, &entry);
        assert_eq!(ledger.entry(3), entry);
        assert_eq!(ledger.entry(2), Entry::default());
        assert_eq!(ledger.entry(3).rate(), Some(5.0));
        assert_eq!(Entry::default().rate(), None);
    }
}
