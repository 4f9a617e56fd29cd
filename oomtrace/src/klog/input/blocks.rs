//! Blocks of a log are read and searched by several threads, and taken in their order by the one that called.
//!
//! Whoever has a free block reads the next one, which also undoes its compression, and then looks for what matters in it while
//! another one reads. So a pipe is read as it comes, and no more than two blocks for each thread are held.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::lines::{Block, Feed, Filled};
use super::marks::{Marks, Search};

/// More threads would wait for the one that reads.
const THREADS: usize = 4;
/// Blocks of each thread: one is taken while it works on the other.
const BLOCKS: usize = 2;

/// As many threads as there are processors for.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(THREADS)
}

/// A block that was searched.
struct Searched {
    number: u64,
    block: Block,
    filled: Filled,
    marks: Marks,
    /// Whose block it is.
    thread: usize,
}

/// Calls `take` for each block in its order; gives the number of lines that were cut.
///
/// # Errors
/// Those of reading, behind the call with what was there before them.
pub(super) fn read(
    feed: Feed,
    search: &Search<'_>,
    threads: usize,
    mut take: impl FnMut(&[u8], &Marks, &Filled),
) -> (u64, io::Result<()>) {
    let mut result = Ok(());
    let mut take = |block: &Block, marks: &Marks, filled: Filled| {
        take(block.text(), marks, &filled);
        if let Filled::Failed(error) = filled {
            result = Err(error);
        }
    };
    let feed = Mutex::new(feed);
    if threads > 0 {
        by_threads(&feed, search, threads, &mut take);
    }
    // All of it, or what is left where no thread could be started.
    let mut block = Block::default();
    while let Some((_, filled)) = next(&feed, &mut block) {
        let marks = search.marks(block.text());
        take(&block, &marks, filled);
    }
    let feed = feed.into_inner().unwrap_or_else(PoisonError::into_inner);
    (feed.cut, result)
}

fn next(feed: &Mutex<Feed>, block: &mut Block) -> Option<(u64, Filled)> {
    feed.lock().unwrap_or_else(PoisonError::into_inner).next(block)
}

fn by_threads(
    feed: &Mutex<Feed>,
    search: &Search<'_>,
    threads: usize,
    take: &mut dyn FnMut(&Block, &Marks, Filled),
) {
    thread::scope(|scope| {
        let (done, searched) = channel();
        let mut free = Vec::new();
        for thread in 0..threads {
            let (give, blocks) = channel();
            (0..BLOCKS).for_each(|_| drop(give.send(Block::default())));
            let done = done.clone();
            let worker = move || work(feed, search, thread, &blocks, &done);
            if thread::Builder::new().name("oomtrace-read".to_owned()).spawn_scoped(scope, worker).is_err() {
                break;
            }
            free.push(give);
        }
        drop(done);
        in_order(&searched, &free, take);
    });
}

fn work(
    feed: &Mutex<Feed>,
    search: &Search<'_>,
    thread: usize,
    blocks: &Receiver<Block>,
    done: &Sender<Searched>,
) {
    for mut block in blocks {
        let Some((number, filled)) = next(feed, &mut block) else { return };
        let marks = search.marks(block.text());
        if done.send(Searched { number, block, filled, marks, thread }).is_err() {
            return;
        }
    }
}

fn in_order(
    searched: &Receiver<Searched>,
    free: &[Sender<Block>],
    take: &mut dyn FnMut(&Block, &Marks, Filled),
) {
    let mut waiting: Vec<Searched> = Vec::new();
    let mut next = 0;
    for one in searched {
        waiting.push(one);
        while let Some(at) = waiting.iter().position(|one| one.number == next) {
            let one = waiting.swap_remove(at);
            take(&one.block, &one.marks, one.filled);
            next += 1;
            // The thread has ended when there is nothing more to read.
            if let Some(free) = free.get(one.thread) {
                let _ = free.send(one.block);
            }
        }
    }
}
