//! The ring buffer as a readiness-driven source.

use anyhow::{Context, Result};
use aya::{
    Ebpf,
    maps::{MapData, RingBuf},
};
use tokio::io::{Interest, unix::AsyncFd};

use super::{Decoded, decode};

/// The reading end of the ring buffer.
pub struct Ring {
    fd: AsyncFd<RingBuf<MapData>>,
}

impl Ring {
    /// Takes the ring out of the loaded object. Must be called inside a runtime.
    ///
    /// # Errors
    /// When the object has no such map or the descriptor can't be polled.
    pub fn take(ebpf: &mut Ebpf) -> Result<Self> {
        let map = ebpf.take_map("EVENTS").context("the BPF object holds no map EVENTS")?;
        let ring = RingBuf::try_from(map).context("the map EVENTS is no ring buffer")?;
        // SAFETY: the map owns its descriptor, always gives the same one, and closes it only when it is dropped, after
        // `AsyncFd` has deregistered it.
        let fd = unsafe { AsyncFd::register_with_interest(ring, Interest::READABLE) }
            .map_err(std::io::Error::from)
            .context("polling the ring buffer")?;
        Ok(Self { fd })
    }

    /// Waits until there is something to read, then hands every record to `each`; returns how many could not be decoded.
    ///
    /// # Errors
    /// When polling fails.
    pub async fn drain(&mut self, mut each: impl FnMut(Decoded)) -> Result<u64> {
        let mut guard = self.fd.readable_mut().await.context("polling the ring buffer")?;
        let undecoded = empty(guard.get_inner_mut(), &mut each);
        // Only after the ring was seen empty: the registration is edge-triggered.
        guard.clear_ready();
        Ok(undecoded)
    }

    /// Reads what is there, without waiting.
    pub fn drain_now(&mut self, mut each: impl FnMut(Decoded)) -> u64 {
        empty(self.fd.get_mut(), &mut each)
    }
}

fn empty(ring: &mut RingBuf<MapData>, each: &mut impl FnMut(Decoded)) -> u64 {
    let mut undecoded = 0;
    while let Some(item) = ring.next() {
        match decode(&item) {
            Some(record) => each(record),
            None => undecoded += 1,
        }
    }
    undecoded
}
