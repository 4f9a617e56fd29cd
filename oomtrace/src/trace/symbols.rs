//! The kernel's symbols, read once, in the background: all that start-up waits for is one address among them.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};

use crate::kernel::{Roots, layout::PER_CPU_OFFSET, symbols, text_symbols::TextSymbols};

/// Stack of the thread that reads them.
const STACK: usize = 128 * 1024;

/// What is being read.
pub(super) struct Symbols {
    /// The kernel's functions; until they are there, stacks are reported as addresses.
    pub(super) table: Arc<OnceLock<TextSymbols>>,
    /// The address of [`PER_CPU_OFFSET`], 0 where it is not known; nothing comes when there is no thread.
    per_cpu_offset: Receiver<u64>,
}

impl Symbols {
    /// Begins to read.
    pub(super) fn start(roots: &Roots) -> Self {
        let table = Arc::new(OnceLock::new());
        let (found, per_cpu_offset) = sync_channel(2);
        let (roots, filled) = (roots.clone(), Arc::clone(&table));
        let load = move || drop(filled.set(load(&roots, &found)));
        let builder = std::thread::Builder::new().name("oomtrace-syms".to_owned()).stack_size(STACK);
        if let Err(error) = builder.spawn(load) {
            log::warn!("stacks are reported as addresses: no thread could be started: {error}");
        }
        Self { table, per_cpu_offset }
    }

    /// The address of [`PER_CPU_OFFSET`], 0 where it is not known; waits for it.
    pub(super) fn per_cpu_offset(&self, roots: &Roots) -> u64 {
        self.per_cpu_offset.recv().unwrap_or_else(|_| symbols::addresses(roots, [PER_CPU_OFFSET])[0])
    }
}

fn load(roots: &Roots, found: &SyncSender<u64>) -> TextSymbols {
    let table = TextSymbols::load(roots, |name, address| {
        if name == PER_CPU_OFFSET.as_bytes() {
            // Nobody waits for a second one.
            let _ = found.try_send(address);
        }
    });
    let _ = found.try_send(0);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reading_serves_both() {
        let tmp = tempfile::tempdir().unwrap();
        let roots = Roots { proc: tmp.path().into(), ..Roots::default() };
        let read = |text: &str| {
            std::fs::write(tmp.path().join("kallsyms"), text).unwrap();
            let symbols = Symbols::start(&roots);
            let address = symbols.per_cpu_offset(&roots);
            while symbols.table.get().is_none() {
                std::thread::yield_now();
            }
            (address, symbols.table.get().unwrap().name_all(&[0xffff_ffff_8100_0004]))
        };
        let text =
            "ffffffff81000000 T _text\nffffffff82a00000 R __per_cpu_offset\nffffffffc0000000 t x\t[m]\n";
        assert_eq!(read(text), (0xffff_ffff_82a0_0000, vec!["_text+0x4".to_owned()]));
        assert_eq!(read("ffffffff81000000 T _text\n"), (0, vec!["_text+0x4".to_owned()]));
        std::fs::remove_file(tmp.path().join("kallsyms")).unwrap();
        assert_eq!(Symbols::start(&roots).per_cpu_offset(&roots), 0);
    }
}
