//! Kernel side of oomtrace: the programs that see an OOM kill happen.
//!
//! One hook per file under `hooks/`; twins of a hook share one body. `kread` is the only file that reads kernel memory
//! (and `typed`, for iterators),
//! `emit` the only one that writes to the ring buffer. No program allocates: map entries are preallocated, and a record
//! that does not fit into the ring is counted.
#![no_std]
#![no_main]
// For the one atomic addition, in `state`.
#![feature(asm_experimental_arch)]

mod candidates;
mod chain;
mod emit;
mod hooks;
mod kread;
mod layout;
mod maps;
mod state;
mod task;
mod trigger;
mod typed;

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
