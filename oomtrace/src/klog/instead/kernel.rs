//! The kernel's words besides the OOM killer's.

use super::sign::{By, Sign, sign};
use crate::model::SignMeaning::Refused;
use crate::words::bytes;

/// Bytes of a page on nearly all machines.
const PAGE: u64 = 4096;

pub(super) const SIGNS: [Sign; 4] = [
    sign(
        "page_allocation_failure",
        Refused,
        &[&["page allocation failure"]],
        "the kernel could not serve an allocation at once, and nothing was killed for it. Blocks of several pages fail when free \
         memory is in small pieces, those for an interrupt when too little is kept free (vm.min_free_kbytes)",
    )
    .by(By::Kernel)
    .detail(order),
    sign(
        "vmalloc_failure",
        Refused,
        &[
            &["vmap allocation for size"],
            &["vmalloc: allocation failure"],
            &["vmalloc error: size"],
            &["vmalloc_node_range"],
        ],
        "the kernel found no room in its own address space or no pages for it, and nothing was killed for it",
    )
    .by(By::Kernel)
    .detail(vmalloc),
    sign(
        "allocation_stall",
        Refused,
        &[&["page allocation stalls for"]],
        "an allocation waited for long, and nothing was killed for it: memory was short",
    )
    .by(By::Kernel),
    sign(
        "slab_failure",
        Refused,
        &[&["SLUB: Unable to allocate memory"], &["SLAB: Unable to allocate memory"]],
        "the kernel got no memory for objects of its own, often because the memory cgroup that they count for was full; nothing \
         was killed for it",
    )
    .by(By::Kernel),
];

fn number(text: &[u8], after: &[u8]) -> Option<u64> {
    let at = memchr::memmem::find(text, after)? + after.len();
    let digits: Vec<u8> = text[at..].iter().copied().take_while(u8::is_ascii_digit).take(18).collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

/// A size that is most often a whole number of units.
fn exact(size: u64) -> String {
    match size {
        0 => bytes::size(0),
        whole if whole.is_multiple_of(1 << 20) => format!("{} MiB", whole >> 20),
        whole if whole.is_multiple_of(1 << 10) => format!("{} KiB", whole >> 10),
        other => bytes::size(other),
    }
}

/// `order:4`, before 2.6.39 `order:4` behind a full stop.
fn order(text: &[u8]) -> Option<String> {
    let order = number(text, b"order:").filter(|order| *order <= 18)?;
    Some(format!("an allocation of {} (order {order}) failed", exact(PAGE << order)))
}

fn vmalloc(text: &[u8]) -> Option<String> {
    let size = number(text, b"for size ")
        .or_else(|| number(text, b"allocation failure: "))
        .or_else(|| number(text, b"error: size "))?;
    Some(format!("an allocation of {} failed", exact(size)))
}
