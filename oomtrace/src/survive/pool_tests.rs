use super::*;

/// A pool of `size` bytes that is a test's own.
fn pool(size: usize) -> Pool {
    let pool = Pool::new();
    let memory = vec![0u128; size / 16 + PAGE / 16].leak();
    let start = memory.as_mut_ptr().cast::<u8>();
    let start = start.wrapping_add(start.align_offset(PAGE));
    pool.start.store(start, Ordering::Relaxed);
    pool.size.store(size, Ordering::Relaxed);
    pool
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

fn offset(pool: &Pool, block: NonNull<u8>) -> usize {
    pool.offset(block.as_ptr()).unwrap()
}

#[test]
fn a_block_is_as_large_and_aligned_as_asked_and_nobody_elses() {
    let pool = pool(2 << 20);
    let asked = [(1, 1), (33, 8), (100, 64), (4096, 4096), (1, 512), (5000, 8), (65_536, 16), (32, 32)];
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for (size, align) in asked.into_iter().cycle().take(24) {
        let Some(block) = pool.take(layout(size, align)) else { continue };
        let at = offset(&pool, block);
        assert!(block.as_ptr().addr().is_multiple_of(align), "{size} {align}");
        assert!(taken.iter().all(|(other, end)| at + size <= *other || *end <= at), "{at} {taken:?}");
        taken.push((at, at + size));
    }
    assert!(taken.len() == 24, "{taken:?}");
}

#[test]
fn what_is_given_back_serves_again_and_the_end_is_told() {
    let pool = pool(8 << 10);
    let one = layout(1000, 8);
    let blocks: Vec<_> = std::iter::from_fn(|| pool.take(one)).collect();
    assert_eq!(blocks.len(), 8);
    assert!(pool.take(layout(1, 1)).is_none(), "malloc takes over");
    let [first, second] = [offset(&pool, blocks[3]), offset(&pool, blocks[5])];
    pool.give(first, one);
    pool.give(second, one);
    assert_eq!(pool.used.load(Ordering::Relaxed), 6 << 10);
    let again = [pool.take(one).unwrap(), pool.take(one).unwrap()].map(|block| offset(&pool, block));
    assert_eq!(again, [second, first]);
    assert!(pool.take(one).is_none());
}

#[test]
fn without_a_pool_and_for_what_is_too_large_malloc_serves() {
    let none = Pool::new();
    assert!(none.take(layout(8, 8)).is_none());
    assert!(none.offset(ptr::null_mut()).is_none() && none.offset(ptr::dangling_mut()).is_none());
    assert!(pool(2 << 20).take(layout(LARGEST + 1, 8)).is_none());
    assert!(pool(2 << 20).take(layout(8, 2 * PAGE)).is_none());
}

/// The allocator as a whole, by a thread that uses the pool and one that does not.
#[test]
fn blocks_go_back_to_where_they_came_from() {
    keep_pool().unwrap();
    let ours = |block: *mut u8| POOL.offset(block).is_some();
    let small = layout(64, 8);
    std::thread::spawn(move || {
        // SAFETY: each block is used within its size, and freed once, with its layout.
        unsafe {
            let from_malloc = Allocator.alloc(small);
            from_malloc.write_bytes(7, 64);
            use_pool();
            // It moves into the pool as it grows, and stays where it is within a block's size.
            let moved = Allocator.realloc(from_malloc, small, 200);
            assert!(!ours(from_malloc) && ours(moved) && (0..64).all(|at| moved.add(at).read() == 7));
            assert_eq!(Allocator.realloc(moved, layout(200, 8), 256), moved);
            let zeroed = Allocator.alloc_zeroed(small);
            assert!(ours(zeroed) && (0..64).all(|at| zeroed.add(at).read() == 0));
            let [moved, zeroed] = [moved, zeroed].map(<*mut u8>::expose_provenance);
            std::thread::spawn(move || {
                let [moved, zeroed] = [moved, zeroed].map(ptr::with_exposed_provenance_mut::<u8>);
                let grown = Allocator.realloc(zeroed, small, 300);
                assert!(!ours(grown), "this thread does not use the pool");
                Allocator.dealloc(grown, layout(300, 8));
                Allocator.dealloc(moved, layout(256, 8));
            })
            .join()
            .unwrap();
            assert_eq!(POOL.used.load(Ordering::Relaxed), 0);
        }
    })
    .join()
    .unwrap();
}
