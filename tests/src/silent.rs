//! A file that can be opened and mapped and whose content never comes: FUSE without anybody who reads for it.
//!
//! The protocol is spoken here, not by a library: a library takes every request, and the kernel lets nobody go who waits for
//! one that was taken, not even by SIGKILL. What lies in the queue can be given up.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::sys;

/// Where the kernel asks.
const DEVICE: &str = "/dev/fuse";
/// Bytes of the file.
const SIZE: u64 = 4096;
/// The only node is the root, and that is the file.
const MODE: u32 = libc::S_IFREG | 0o444;

// Of include/uapi/linux/fuse.h.
const GETATTR: u32 = 3;
const OPEN: u32 = 14;
const READ: u32 = 15;
const FLUSH: u32 = 25;
const INIT: u32 = 26;
const IN_HEADER: usize = 40;
/// The kernel gives nothing to a reader with less room, whatever is asked.
const ROOM: usize = 128 << 10;

/// The file, mounted; when dropped it is unmounted and everybody who waits for it gets an error.
#[derive(Debug)]
pub struct SilentFile {
    place: PathBuf,
    /// Closing it ends the connection.
    device: Option<File>,
}

/// Whether this machine has what it takes.
#[must_use]
pub fn possible() -> bool {
    OpenOptions::new().read(true).write(true).open(DEVICE).is_ok()
}

impl SilentFile {
    /// Mounts it in `directory`, over a file of that name.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn mount(directory: &Path, name: &str) -> Result<Self> {
        let place = directory.join(name);
        File::create(&place).with_context(|| format!("can't make {}", place.display()))?;
        let device = OpenOptions::new().read(true).write(true).open(DEVICE);
        let device = device.with_context(|| format!("can't open {DEVICE}"))?;
        let options = format!("fd={},rootmode={MODE:o},user_id=0,group_id=0", device.as_raw_fd());
        sys::mount("oomtrace-test", &place, "fuse", &options).context("can't mount the silent file")?;
        Ok(Self { place, device: Some(device) })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.place
    }

    /// Answers until the first who has opened the file has closed it again, then never more.
    ///
    /// # Errors
    /// When nobody comes within `patience`, or somebody reads.
    pub fn serve_one(&mut self, patience: Duration) -> Result<()> {
        let mut request = vec![0; ROOM];
        loop {
            ensure!(self.asked(patience)?, "nobody opens the silent file");
            let device = self.device()?;
            let length = device.read(&mut request).context("can't read requests of FUSE")?;
            ensure!(length >= IN_HEADER, "a request of {length} bytes");
            let number = |at: usize| request[at..at + 4].iter().rev().fold(0, |n, b| n << 8 | u32::from(*b));
            let (opcode, unique) = (number(4), request[8..16].to_vec());
            let (error, body) = match opcode {
                INIT => (0, init()),
                GETATTR => (0, attributes()),
                OPEN => (0, vec![0; 16]),
                READ => bail!("the silent file is read too early"),
                _ => (-libc::ENOSYS, Vec::new()),
            };
            let mut answer = u32::try_from(16 + body.len())?.to_ne_bytes().to_vec();
            answer.extend(error.to_ne_bytes());
            answer.extend(unique);
            answer.extend(body);
            device.write_all(&answer).with_context(|| format!("can't answer request {opcode} of FUSE"))?;
            if opcode == FLUSH {
                return Ok(());
            }
        }
    }

    /// Whether somebody waits for an answer; waits for that as long as `patience`.
    ///
    /// # Errors
    /// When it is not mounted any more.
    pub fn asked(&mut self, patience: Duration) -> Result<bool> {
        let fd = self.device()?.as_raw_fd();
        let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let ms = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: one pollfd that outlives the call.
        let ready = unsafe { libc::poll(&raw mut poll, 1, ms) };
        ensure!(ready >= 0, "can't poll {DEVICE}: {}", std::io::Error::last_os_error());
        ensure!(poll.revents & libc::POLLERR == 0, "the connection of FUSE is gone");
        Ok(ready == 1)
    }

    fn device(&mut self) -> Result<&mut File> {
        self.device.as_mut().context("the silent file is closed")
    }
}

impl Drop for SilentFile {
    fn drop(&mut self) {
        // First this: who waits gets ENOTCONN, and unmounting waits for nobody.
        drop(self.device.take());
        if let Err(error) = sys::unmount(&self.place) {
            eprintln!("{} could not be unmounted: {error}", self.place.display());
        }
        let _ = std::fs::remove_file(&self.place);
    }
}

/// `struct fuse_init_out`: protocol 7.31, nothing special, writes of a page.
fn init() -> Vec<u8> {
    let mut words = [0_u32; 16];
    (words[0], words[1], words[2], words[5]) = (7, 31, 4096, 4096);
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// `struct fuse_attr_out`: valid for an hour.
fn attributes() -> Vec<u8> {
    let mut answer = Vec::new();
    answer.extend(3600_u64.to_ne_bytes());
    answer.extend([0; 8]);
    for long in [1, SIZE, SIZE / 512, 0, 0, 0] {
        answer.extend(long.to_ne_bytes());
    }
    for word in [0, 0, 0, MODE, 1, 0, 0, 0, 4096, 0] {
        answer.extend(u32::to_ne_bytes(word));
    }
    answer
}
