//! The heap: one arena, trimmed after loading, with a reserve for the event path.

use std::hint::black_box;

/// Heap that is kept at hand, so that an incident needs no new memory of the kernel: several times what the largest
/// one takes (32 candidates, 16 cgroup levels, 64 victims).
pub const RESERVE: usize = 768 * 1024;
/// Pieces of the reserve stay below the size from which malloc maps each block by itself.
const PIECE: usize = 48 * 1024;
/// Free memory at the end of the heap up to which malloc keeps it: the reserve and as much again.
const KEEP: i32 = 2 * 1024 * 1024;
/// Size from which malloc maps a block by itself. Its usual adjustment upwards would let a block as large as the
/// kernel's BTF (6 MiB) stay in the heap, and, once the heap is locked, in memory.
const MAP_FROM: i32 = 128 * 1024;

/// Tells malloc to keep one arena. Call it before the first thread: each thread would get an arena of its own, and a
/// locked one is resident as a whole.
pub fn one_arena() {
    // SAFETY: plain calls that set parameters of malloc.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAP_FROM);
    }
}

/// Gives freed memory back, e.g. what loading took. It must come before [`lock_memory`](super::lock_memory): locked
/// pages can't be given back from the middle of the heap.
pub fn trim_heap() {
    // SAFETY: a plain call.
    unsafe { libc::malloc_trim(0) };
}

/// Makes [`RESERVE`] bytes of heap resident and leaves them to malloc.
pub fn reserve_heap() {
    // SAFETY: a plain call that sets a parameter of malloc.
    unsafe { libc::mallopt(libc::M_TRIM_THRESHOLD, KEEP) };
    // A non-zero fill touches every page; zeroed memory would come untouched.
    let pieces: Vec<Vec<u8>> = (0..RESERVE / PIECE).map(|_| black_box(vec![1; PIECE])).collect();
    drop(pieces);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_whole_pieces_that_malloc_does_not_map_singly() {
        assert_eq!(RESERVE % PIECE, 0);
        assert!(PIECE < usize::try_from(MAP_FROM).unwrap() && RESERVE < usize::try_from(KEEP).unwrap());
        one_arena();
        trim_heap();
        reserve_heap();
    }
}
