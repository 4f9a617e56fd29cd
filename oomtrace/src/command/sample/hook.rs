//! What the allocation hook costs per page on this machine.

use anyhow::{Context as _, Result, ensure};
use aya::Ebpf;
use oomtrace_common::Layout;
use serde_json::{Value, json};

use super::cost::cpu_ns;
use crate::{
    kernel::host::page_size,
    sample::{AllocHook, EmptyHook},
};

/// Memory that a pass touches, bytes.
const SIZE: usize = 4 << 20;
/// Passes per group.
const PASSES: usize = 48;

/// Rounds of passes without a hook, with an empty program in its place, with the hook and without one again; each round's
/// differences in ns per page.
pub(super) fn measure(ebpf: &mut Ebpf, layout: &Layout, rounds: u32) -> Result<Value> {
    let mut hook = AllocHook::take(ebpf, layout)?;
    let empty_hook = EmptyHook::take(ebpf)?;
    let (mut steps, mut told) = (Vec::new(), 0u64);
    let [mut bare, mut nothing, mut empty, mut hooked, mut own] = [const { Vec::new() }; 5];
    for _ in 0..rounds.max(1) {
        let before = group()?;
        let attached = empty_hook.arm().context("attaching an empty program")?;
        let without_work = group()?;
        drop(attached);
        hook.arm().context("arming the allocation hook")?;
        let with = group()?;
        hook.disarm();
        let after = group()?;
        told += hook.steps(&mut steps) + steps.len() as u64;
        bare.push(before.midpoint(after));
        empty.push(without_work - before.midpoint(after));
        hooked.push(with - before.midpoint(after));
        own.push(with - without_work);
        nothing.push(after - before);
    }
    let pages = SIZE as u64 / page_size();
    Ok(json!({
        "pages": pages,
        "bare_ns_per_page": quartiles(&mut bare),
        "empty_ns_per_page": quartiles(&mut empty),
        "hook_ns_per_page": quartiles(&mut hooked),
        "hook_above_empty_ns_per_page": quartiles(&mut own),
        "null_ns_per_page": quartiles(&mut nothing),
        "steps_per_page": told as f64 / (pages * (PASSES as u64 + 1) * u64::from(rounds.max(1))) as f64,
    }))
}

/// The 20th percentile of a group of passes, ns per page.
fn group() -> Result<f64> {
    let mut times = Vec::with_capacity(PASSES);
    touch()?;
    for _ in 0..PASSES {
        times.push(touch()?);
    }
    times.sort_unstable();
    Ok(times[PASSES / 5] as f64 / (SIZE as u64 / page_size()) as f64)
}

/// Maps memory, touches each page, and gives it back; CPU time in ns.
fn touch() -> Result<u64> {
    let begin = cpu_ns();
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping at an address of the kernel's choice.
    let memory =
        unsafe { libc::mmap(std::ptr::null_mut(), SIZE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    ensure!(memory != libc::MAP_FAILED, "no memory to touch: {}", std::io::Error::last_os_error());
    // SAFETY: our own mapping. Huge pages would be one event for 512 pages.
    unsafe { libc::madvise(memory, SIZE, libc::MADV_NOHUGEPAGE) };
    let step = usize::try_from(page_size()).unwrap_or(4096);
    for at in (0..SIZE).step_by(step) {
        // SAFETY: within the mapping.
        unsafe { memory.cast::<u8>().add(at).write_volatile(1) };
    }
    // SAFETY: our own mapping, to which no reference is left.
    unsafe { libc::munmap(memory, SIZE) };
    Ok(cpu_ns() - begin)
}

/// First quartile, median, third quartile.
fn quartiles(values: &mut [f64]) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let at =
        |share: usize| (values[values.len() * share / 4 - usize::from(share == 4)] * 10.0).round() / 10.0;
    [at(1), at(2), at(3)]
}
