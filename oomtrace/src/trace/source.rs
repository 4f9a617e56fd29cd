//! What the event path waits for: the ring buffer, the kernel side's own log, and the kernel's log where that is all
//! there is.

use std::os::fd::{BorrowedFd, OwnedFd, RawFd};

use anyhow::{Context, Result};
use aya_log::EbpfLogger;
use tokio::io::{Interest, unix::AsyncFd};

use super::session::Session;
use crate::collect::{Decoded, LossReader, Ring};

/// The kernel side's reading ends.
pub(super) struct Source {
    pub(super) ring: Option<Ring>,
    pub(super) loss: Option<LossReader>,
    pub(super) log: Option<AsyncFd<EbpfLogger<&'static dyn log::Log>>>,
    /// The kernel's log, when it is the only witness.
    pub(super) kmsg: Option<AsyncFd<OwnedFd>>,
}

/// Waits for the kernel's log by a descriptor of its own for the same open file.
pub(super) fn watch(fd: RawFd) -> Result<AsyncFd<OwnedFd>> {
    // SAFETY: the descriptor is open: its owner is borrowed by the caller.
    let fd =
        unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned().context("watching the kernel's log")?;
    // SAFETY: an owned descriptor is one and the same until it is dropped.
    unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }
        .map_err(std::io::Error::from)
        .context("watching the kernel's log")
}

impl Source {
    pub(super) fn take(session: &mut Session) -> Result<Self> {
        let Some(ebpf) = session.ebpf.as_mut() else {
            return Ok(Self { ring: None, loss: None, log: None, kmsg: None });
        };
        let log = if session.layout.debug == 1 { kernel_side_log(ebpf) } else { None };
        Ok(Self { ring: Some(Ring::take(ebpf)?), loss: Some(LossReader::take(ebpf)?), log, kmsg: None })
    }
}

/// The log of the programs, for `-vv`.
fn kernel_side_log(ebpf: &mut aya::Ebpf) -> Option<AsyncFd<EbpfLogger<&'static dyn log::Log>>> {
    let logger =
        EbpfLogger::init(ebpf).map_err(|e| log::warn!("the kernel side's log can't be read: {e}")).ok()?;
    // SAFETY: the logger owns its map's descriptor, always gives the same one, and closes it only when dropped.
    unsafe { AsyncFd::register_with_interest(logger, Interest::READABLE) }.ok()
}

pub(super) async fn drain(ring: Option<&mut Ring>, each: impl FnMut(Decoded)) -> Result<u64> {
    match ring {
        Some(ring) => ring.drain(each).await,
        None => std::future::pending().await,
    }
}

pub(super) async fn readable(kmsg: Option<&AsyncFd<OwnedFd>>) {
    let Some(kmsg) = kmsg else { return std::future::pending().await };
    if let Ok(mut guard) = kmsg.readable().await {
        guard.clear_ready();
    }
}

pub(super) async fn flush(log: Option<&mut AsyncFd<EbpfLogger<&'static dyn log::Log>>>) {
    let Some(log) = log else { return std::future::pending().await };
    if let Ok(mut guard) = log.readable_mut().await {
        guard.get_inner_mut().flush();
        guard.clear_ready();
    }
}
