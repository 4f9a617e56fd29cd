//! What the matrix needs, got while other tests run: they mostly wait for their kills.

use super::{fetch, image, kernels};
use crate::userspace::Profile;
use anyhow::Result;
use std::collections::BTreeSet;
use std::thread::JoinHandle;

/// Starts to build what guests run and to fetch their kernels, where nobody else wants the processors. What goes wrong is
/// told by the matrix, which gets again what is missing.
pub(crate) fn start() -> JoinHandle<()> {
    std::thread::spawn(|| {
        // SAFETY: a plain call. On Linux it is about this thread, and what it starts.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 19) };
        let _ = get();
    })
}

fn get() -> Result<()> {
    let kernels = kernels::read(&[])?;
    for arch in kernels.iter().map(|kernel| kernel.arch).collect::<BTreeSet<_>>() {
        image::binaries(arch, Profile::Guest)?;
    }
    for kernel in &kernels {
        fetch::fetch(kernel, false)?;
    }
    Ok(())
}
