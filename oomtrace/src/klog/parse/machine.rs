//! The machine's size, from the memory report that accompanies a kill without a memory cgroup.

use super::scan::{kb, number};
use super::zones;
use crate::klog::report::Machine;

/// Takes the line when it tells a size; true when it did.
pub(crate) fn take(text: &[u8], machine: &mut Machine) -> bool {
    if let Some(pages) = text.strip_suffix(b" pages RAM").and_then(number) {
        machine.ram_pages = Some(pages);
    } else if let Some(pages) = text.strip_suffix(b" pages reserved").and_then(number) {
        machine.reserved_pages = Some(pages);
    } else if let Some((total, b"")) = kb(text, b"Total swap = ") {
        machine.total_swap_kb = Some(total);
    } else if let Some((free, b"")) = kb(text, b"Free swap  = ") {
        machine.free_swap_kb = Some(free);
    } else if text.starts_with(b"COMPACTION is disabled") {
        machine.compaction_disabled = true;
    } else if let Some((name, pages)) = count(text) {
        zones::push_use(machine, name.to_owned(), pages);
    } else {
        return zones::take(text, machine);
    }
    true
}

/// Counts in lines of their own, by the names that they get among the uses.
const COUNTS: [(&[u8], &str); 6] = [
    (b" total pagecache pages", "pagecache"),
    (b" pages in swap cache", "swap_cache"),
    (b" pages HighMem/MovableOnly", "highmem_movable_only"),
    (b" pages HighMem", "highmem_movable_only"),
    (b" pages cma reserved", "cma_reserved"),
    (b" pages hwpoisoned", "hwpoisoned"),
];

/// `1906236 total pagecache pages`
fn count(text: &[u8]) -> Option<(&'static str, u64)> {
    COUNTS.iter().find_map(|(words, name)| Some((*name, number(text.strip_suffix(*words)?)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_lines_tell_the_size() {
        let mut machine = Machine::default();
        for line in [
            "Free swap  = 8kB",
            "Total swap = 1020kB",
            "98206 pages RAM",
            "0 pages HighMem/MovableOnly",
            "9000 pages reserved",
        ] {
            assert!(take(line.as_bytes(), &mut machine), "{line}");
        }
        let whole = Machine {
            ram_pages: Some(98206),
            reserved_pages: Some(9000),
            total_swap_kb: Some(1020),
            free_swap_kb: Some(8),
            uses: vec![("highmem_movable_only".into(), 0)],
            ..Machine::default()
        };
        assert_eq!(machine, whole);
        assert!(take(b"COMPACTION is disabled!!!", &mut machine) && machine.compaction_disabled);
    }
}
