//! Loading the object: maps are made and the programs stay unloaded until they are attached one by one.

use anyhow::{Context, Result};
use aya::{Ebpf, EbpfLoader, VerifierLogLevel};
use oomtrace_common::Layout;

/// The kernel side, built by `cargo xtask ebpf`.
static OBJECT: &[u8] = aya::include_bytes_aligned!("../../bpf/oomtrace.bpfel.o");

/// How to load.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// Bytes of the ring buffer: a power of two and a multiple of the page size (rounded up here).
    pub ring_size: u32,
    /// Fields of the running kernel.
    pub layout: Layout,
    /// Tell of every SIGKILL, not only of the OOM killer's.
    pub sigkill: bool,
}

/// The loaded object.
pub struct Loaded {
    /// Programs and maps; dropping it detaches everything.
    pub ebpf: Ebpf,
    /// Bytes of the ring buffer as made.
    pub ring_size: u32,
}

/// Makes the maps and hands the layout to the programs.
///
/// # Errors
/// When the kernel refuses a map or the object: without privileges, or before 5.8 (no ring buffer).
pub fn load(options: &LoadOptions) -> Result<Loaded> {
    raise_memlock();
    let ring_size = ring_size(options.ring_size, page_size());
    let ebpf = loader()
        .override_global("LAYOUT", options.layout.as_bytes(), true)
        .override_global("EVERY_SIGKILL", &u32::from(options.sigkill), true)
        .map_max_entries("EVENTS", ring_size)
        .verifier_log_level(VerifierLogLevel::STATS)
        .load(OBJECT)
        .context("the kernel refused the BPF object; `oomtrace doctor` names what is missing")?;
    Ok(Loaded { ebpf, ring_size })
}

/// A loader that does not read the kernel's types.
///
/// Making one reads them whole, some 20 MiB for a moment, although nothing in the object is relocated by them, and no option
/// prevents it. So for that moment this program may open nothing: call it before there are threads that do.
fn loader() -> EbpfLoader<'static> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a valid pointer to a local.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } == 0;
    let set = |limit: &libc::rlimit| {
        // SAFETY: a valid pointer to a live struct.
        known && unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const *limit) } == 0
    };
    let is_shut = set(&libc::rlimit { rlim_cur: 0, ..limit });
    let mut loader = EbpfLoader::new();
    if is_shut && !set(&limit) {
        log::warn!("the limit on open files can't be raised again: {}", std::io::Error::last_os_error());
    }
    loader.btf(None);
    loader
}

/// A ring buffer's size must be a power of two of whole pages; with 64K pages the smallest is 64 KiB.
fn ring_size(wanted: u32, page: u32) -> u32 {
    wanted.clamp(page, 1 << 30).next_power_of_two()
}

/// Bytes of a page.
fn page_size() -> u32 {
    // SAFETY: no pointers involved.
    u32::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// Before 5.11 maps and programs are charged to `RLIMIT_MEMLOCK`, which is 64 KiB by default. Where it can't be raised,
/// the load says so.
fn raise_memlock() {
    let unlimited = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: a valid pointer to a local.
    let failed = unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const unlimited) } != 0;
    if failed {
        log::debug!("RLIMIT_MEMLOCK can't be raised; it only matters before Linux 5.11");
    }
}

#[cfg(test)]
mod tests {
    use super::ring_size;

    #[test]
    fn ring_is_whole_pages_and_a_power_of_two() {
        assert_eq!(ring_size(4096, 4096), 4096);
        assert_eq!(ring_size(1, 4096), 4096);
        assert_eq!(ring_size(5000, 4096), 8192);
        assert_eq!(ring_size(4096, 65536), 65536);
        assert_eq!(ring_size(u32::MAX, 4096), 1 << 30);
    }
}
