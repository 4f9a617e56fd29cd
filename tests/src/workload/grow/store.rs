//! Where the bytes go.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use super::kernel::Kernel;
use super::pages::Pages;
use super::spec::{Kind, Spec};
use crate::sys;

const BLOCK: usize = 4096;

/// Memory of one kind.
#[derive(Debug)]
pub(super) struct Store {
    held: u64,
    into: Into,
}

#[derive(Debug)]
enum Into {
    Pages(Pages),
    /// Pages that are locked as they are touched, and the file they are of.
    Locked(Pages, File),
    File(File),
    Kernel(Kernel),
}

impl Store {
    pub(super) fn new(spec: &Spec) -> Result<Self> {
        let into = match spec.kind {
            Kind::Anon => Into::Pages(Pages::anon(spec.most(), false)?),
            Kind::Huge => Into::Pages(Pages::anon(spec.most(), true)?),
            Kind::Shared => Into::Pages(Pages::map(spec.most(), libc::MAP_SHARED | libc::MAP_ANONYMOUS, -1)?),
            Kind::SysV => Into::Pages(segment(spec.most().min(1 << 30))?),
            Kind::Memfd => Into::File(memfd()?),
            Kind::Tmpfs => Into::File(create(&own(spec, "tmpfs")?.join("log"))?),
            Kind::Ramfs => Into::File(create(&own(spec, "ramfs")?.join("log"))?),
            Kind::Locked => locked(spec)?,
            Kind::Inode => Into::Kernel(Kernel::inodes(own(spec, "tmpfs")?)),
            Kind::Pipe => Into::Kernel(Kernel::pipes()),
            Kind::Socket => Into::Kernel(Kernel::sockets()),
        };
        Ok(Self { held: 0, into })
    }

    /// Bytes taken so far.
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    /// Takes `bytes`, rounded up to what comes in one piece.
    pub(super) fn take(&mut self, bytes: u64) -> Result<()> {
        let bytes = bytes.next_multiple_of(BLOCK as u64);
        self.held += match &mut self.into {
            Into::Pages(pages) => {
                pages.take(bytes);
                bytes
            }
            Into::Locked(pages, file) => {
                file.set_len(self.held + bytes)?;
                let start = pages.end();
                pages.take(bytes);
                // SAFETY: pages of our own, just touched.
                let result = unsafe { libc::mlock(start.cast(), usize::try_from(bytes)?) };
                ensure!(result == 0, "can't lock memory: {}", std::io::Error::last_os_error());
                bytes
            }
            Into::File(file) => write(file, bytes)?,
            Into::Kernel(kernel) => kernel.take(bytes)?,
        };
        Ok(())
    }

    /// Gives back all but `keep` bytes, where that is possible.
    pub(super) fn give_back(&mut self, keep: u64) {
        if let Into::Pages(pages) = &mut self.into {
            pages.give_back(keep);
            self.held = keep.next_multiple_of(BLOCK as u64);
        }
    }
}

/// A write to shmem fails when its cgroup is full and the killed one has not gone yet: tried until it works.
fn write(file: &mut File, bytes: u64) -> Result<u64> {
    let block = [1_u8; BLOCK];
    let mut written = 0;
    while written < bytes {
        match file.write(&block) {
            Ok(length) => written += length as u64,
            Err(error) if error.raw_os_error() == Some(libc::ENOMEM) => {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            Err(error) => return Err(error).context("can't write"),
        }
    }
    Ok(written)
}

fn memfd() -> Result<File> {
    // SAFETY: the name is a C string.
    let descriptor = unsafe { libc::memfd_create(c"buffer".as_ptr(), 0) };
    if descriptor < 0 {
        bail!("no memfd: {}", std::io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new and nobody else's.
    Ok(unsafe { File::from_raw_fd(descriptor) })
}

fn create(path: &Path) -> Result<File> {
    let file = File::options().read(true).write(true).create(true).truncate(true).open(path);
    file.with_context(|| format!("can't make {}", path.display()))
}

/// A file system of this process's own, which goes with it.
fn own(spec: &Spec, kind: &str) -> Result<PathBuf> {
    sys::own_mounts().context("can't have mounts of its own")?;
    let at = spec.directory.join(format!("fs-{}", std::process::id()));
    std::fs::create_dir_all(&at)?;
    let options = if kind == "tmpfs" { "size=16g,nr_inodes=0" } else { "" };
    sys::mount("oombench", &at, kind, options)
        .with_context(|| format!("can't mount {kind} on {}", at.display()))?;
    Ok(at)
}

/// A file without a name, which goes with its last user.
fn locked(spec: &Spec) -> Result<Into> {
    let path = spec.directory.join(format!("locked-{}", std::process::id()));
    let file = create(&path)?;
    std::fs::remove_file(&path)?;
    Ok(Into::Locked(Pages::map(spec.most(), libc::MAP_SHARED, file.as_raw_fd())?, file))
}

/// A System V segment that goes with its last user.
fn segment(size: u64) -> Result<Pages> {
    // SAFETY: makes a new segment, no memory of ours is involved.
    let id = unsafe {
        libc::shmget(libc::IPC_PRIVATE, usize::try_from(size)?, 0o600 | libc::IPC_CREAT | libc::SHM_NORESERVE)
    };
    ensure!(id >= 0, "no System V segment: {}", std::io::Error::last_os_error());
    // SAFETY: attaches at an address of the kernel's choice.
    let start = unsafe { libc::shmat(id, std::ptr::null(), 0) };
    // SAFETY: marks it to be removed after the last detach; no buffer is needed.
    unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) };
    ensure!(start as isize != -1, "can't attach: {}", std::io::Error::last_os_error());
    Ok(Pages::at(start.cast(), size))
}
