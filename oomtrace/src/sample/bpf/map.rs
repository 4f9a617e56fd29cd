//! A BPF array that is mapped for reading.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _};

use aya::maps::MapData;
use oomtrace_common::{Record, decode};

/// The values of a mappable array.
#[derive(Debug)]
pub(crate) struct Mapped {
    address: *const u8,
    length: usize,
    /// Keeps the map.
    _map: MapData,
}

// SAFETY: memory of the process, not of a thread.
unsafe impl Send for Mapped {}

impl Mapped {
    /// Maps an array of `entries` values of `value_size` bytes, a multiple of 8.
    ///
    /// # Errors
    /// When the kernel refuses (before 5.5), or for want of address space.
    pub(crate) fn new(map: MapData, entries: usize, value_size: usize) -> io::Result<Self> {
        let length = entries * value_size;
        let fd = map.fd().as_fd().as_raw_fd();
        // SAFETY: a new mapping at an address of the kernel's choice.
        let address =
            unsafe { libc::mmap(core::ptr::null_mut(), length, libc::PROT_READ, libc::MAP_SHARED, fd, 0) };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { address: address.cast_const().cast(), length, _map: map })
    }

    /// The value at `index`; `None` past the end. The kernel side must not be writing it.
    pub(crate) fn get<T: Record>(&self, index: usize) -> Option<T> {
        let at = index.checked_mul(size_of::<T>())?;
        if at.checked_add(size_of::<T>())? > self.length {
            return None;
        }
        // SAFETY: within the mapping, which lives as long as `self`; nobody writes it now.
        let value = unsafe { core::slice::from_raw_parts(self.address.add(at), size_of::<T>()) };
        decode(value)
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: our own mapping, to which no reference is left.
        unsafe { libc::munmap(self.address.cast_mut().cast(), self.length) };
    }
}
