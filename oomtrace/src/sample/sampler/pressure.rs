//! Waits, and is woken by the kernel when tasks stall for memory (PSI, 5.2 and later).

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use crate::kernel::Roots;

/// 70 ms of stalls within 1 s: what Android's lmkd acts on.
const TRIGGER: &[u8] = b"some 70000 1000000\0";

/// The trigger; without one it only waits.
#[derive(Debug)]
pub(super) struct Pressure {
    file: Option<File>,
}

impl Pressure {
    /// Sets the trigger. Without PSI, or the right to it, there is none: then the machine's MemAvailable has to tell.
    pub(super) fn open(roots: &Roots) -> Self {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(roots.proc.join("pressure/memory"))
            .and_then(|mut file| file.write_all(TRIGGER).map(|()| file));
        let file = file.map_err(|error| log::info!("no trigger on memory pressure: {error}")).ok();
        Self { file }
    }

    /// Waits for `time` at the most; true when it was ended by pressure.
    pub(super) fn wait(&mut self, time: Duration) -> bool {
        let Some(file) = &self.file else {
            std::thread::sleep(time);
            return false;
        };
        let mut polled = libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLPRI, revents: 0 };
        let ms = i32::try_from(time.as_millis()).unwrap_or(i32::MAX).max(1);
        // SAFETY: one live pollfd.
        let ready = unsafe { libc::poll(&raw mut polled, 1, ms) };
        if ready > 0 && polled.revents & libc::POLLERR != 0 {
            // The trigger is gone, e.g. PSI was switched off: go on without it.
            self.file = None;
            return false;
        }
        ready > 0
    }
}
