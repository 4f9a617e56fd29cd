//! Memory for the threads that may wait for none: a pool that is touched and locked before the first kill, and the program's
//! allocator, which serves these threads from it.
//!
//! A reserve within malloc's heap is not enough: any other thread may use it up, and a thread that waits for a page while it
//! holds malloc's lock holds up all others. The pool has a lock of its own, under which nothing can fault.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of the pool: what the event path keeps of the last 4,096 kills (some 3 MiB), and as much again for kills that wait while
/// nothing else of the program gets on.
const SIZE: usize = 8 << 20;
/// Blocks are powers of two from this to [`LARGEST`]; each is aligned to its size, up to a page.
const SMALLEST: usize = 32;
/// As large as the list of 4,096 kills grows.
const LARGEST: usize = 512 << 10;
const CLASSES: usize = (LARGEST.trailing_zeros() - SMALLEST.trailing_zeros() + 1) as usize;
const PAGE: usize = 4096;
/// No block: the list ends.
const NONE: usize = usize::MAX;

thread_local! {
    /// Whether this thread takes its memory from the pool.
    static POOLED: Cell<bool> = const { Cell::new(false) };
}

static POOL: Pool = Pool::new();

/// Takes the pool's memory from the kernel and touches it. Call it before [`lock_memory`](super::lock_memory).
///
/// # Errors
/// When there is no such memory, or a limit (`ulimit -v`) forbids it. Threads then allocate as they always do.
pub fn keep_pool() -> io::Result<()> {
    // SAFETY: a new mapping that nothing else knows of.
    let start = unsafe {
        libc::mmap(
            ptr::null_mut(),
            SIZE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if start == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    let start = start.cast::<u8>();
    for page in (0..SIZE).step_by(PAGE) {
        // SAFETY: within the mapping.
        unsafe { start.add(page).write_volatile(0) };
    }
    POOL.start.store(start, Ordering::Release);
    POOL.size.store(SIZE, Ordering::Release);
    Ok(())
}

/// Lets the calling thread allocate from the pool from now on, if there is one. What the pool does not have, malloc gives.
pub fn use_pool() {
    POOLED.set(POOL.size.load(Ordering::Acquire) > 0);
}

/// Whether the pool is nearly used up: what can wait or be left out should be.
#[must_use]
pub fn pool_is_low() -> bool {
    let size = POOL.size.load(Ordering::Relaxed);
    size > 0 && POOL.used.load(Ordering::Relaxed) > size / 4 * 3
}

/// The program's allocator: malloc, but for threads that use the pool.
#[derive(Debug)]
pub struct Allocator;

// SAFETY: each block comes from the pool or from malloc, and goes back to where its address says it came from.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let pooled = POOLED.get().then(|| POOL.take(layout)).flatten();
        // SAFETY: the caller's promises are those that malloc asks for.
        pooled.map_or_else(|| unsafe { System.alloc(layout) }, NonNull::as_ptr)
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !POOLED.get() {
            // SAFETY: as above.
            return unsafe { System.alloc_zeroed(layout) };
        }
        // SAFETY: as above; a block has at least the size that was asked for.
        unsafe {
            let block = self.alloc(layout);
            if !block.is_null() {
                block.write_bytes(0, layout.size());
            }
            block
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match POOL.offset(block) {
            Some(offset) => POOL.give(offset, layout),
            // SAFETY: it is not of the pool, so it is malloc's.
            None => unsafe { System.dealloc(block, layout) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let owned = POOL.offset(block).is_some();
        if !owned && !POOLED.get() {
            // SAFETY: as above.
            return unsafe { System.realloc(block, layout, size) };
        }
        // SAFETY: the caller promises that `size`, rounded up to the alignment, does not overflow.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if owned && class(layout) == class(wanted) {
            return block;
        }
        // SAFETY: both blocks have the bytes that are copied, and are different ones.
        unsafe {
            let new = self.alloc(wanted);
            if !new.is_null() {
                ptr::copy_nonoverlapping(block, new, layout.size().min(size));
                self.dealloc(block, layout);
            }
            new
        }
    }
}

/// The number of the smallest kind of block that serves; `None` when none does.
fn class(layout: Layout) -> Option<usize> {
    let size = layout.size().max(layout.align()).max(SMALLEST).checked_next_power_of_two()?;
    let class = (size.trailing_zeros() - SMALLEST.trailing_zeros()) as usize;
    (class < CLASSES && layout.align() <= PAGE).then_some(class)
}

/// Blocks of fixed sizes: cut off the front, given back into a list for each size, never joined again.
struct Pool {
    /// Null and 0 before there is a pool.
    start: AtomicPtr<u8>,
    size: AtomicUsize,
    /// Bytes in blocks that are in use.
    used: AtomicUsize,
    lists: Mutex<Lists>,
}

/// Places are bytes from the pool's start.
struct Lists {
    /// What is beyond was never given out.
    next: usize,
    /// The first free block of each size; a free block begins with the place of the next.
    free: [usize; CLASSES],
}

impl Pool {
    const fn new() -> Self {
        let lists = Lists { next: 0, free: [NONE; CLASSES] };
        Self {
            start: AtomicPtr::new(ptr::null_mut()),
            size: AtomicUsize::new(0),
            used: AtomicUsize::new(0),
            lists: Mutex::new(lists),
        }
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A block for `layout`; `None` when there is no pool, it is used up, or the block would be too large.
    fn take(&self, layout: Layout) -> Option<NonNull<u8>> {
        let class = class(layout)?;
        let size = SMALLEST << class;
        let start = self.start.load(Ordering::Acquire);
        let mut lists = self.lists();
        let offset = match lists.free[class] {
            NONE => {
                let offset = lists.next.next_multiple_of(size.min(PAGE));
                let end = offset.checked_add(size)?;
                if end > self.size.load(Ordering::Acquire) {
                    return None;
                }
                lists.next = end;
                offset
            }
            free => {
                // SAFETY: a free block lies within the pool, is aligned to 32 bytes at least, and holds a place.
                lists.free[class] = unsafe { start.add(free).cast::<usize>().read() };
                free
            }
        };
        self.used.fetch_add(size, Ordering::Relaxed);
        // SAFETY: within the pool.
        NonNull::new(unsafe { start.add(offset) })
    }

    /// Takes back the block at `offset`.
    fn give(&self, offset: usize, layout: Layout) {
        let Some(class) = class(layout) else { return };
        let start = self.start.load(Ordering::Acquire);
        let mut lists = self.lists();
        // SAFETY: the block lies within the pool, is aligned to 32 bytes at least, and nobody uses it any more.
        unsafe { start.add(offset).cast::<usize>().write(lists.free[class]) };
        lists.free[class] = offset;
        self.used.fetch_sub(SMALLEST << class, Ordering::Relaxed);
    }

    /// Where in the pool `block` is; `None` when it is not of the pool.
    fn offset(&self, block: *mut u8) -> Option<usize> {
        let offset = block.addr().wrapping_sub(self.start.load(Ordering::Acquire).addr());
        (offset < self.size.load(Ordering::Acquire)).then_some(offset)
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
