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
    } else {
        return zones::take(text, machine);
    }
    true
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
            let taken = take(line.as_bytes(), &mut machine);
            assert_eq!(taken, !line.contains("HighMem"), "{line}");
        }
        let whole = Machine {
            ram_pages: Some(98206),
            reserved_pages: Some(9000),
            total_swap_kb: Some(1020),
            free_swap_kb: Some(8),
            ..Machine::default()
        };
        assert_eq!(machine, whole);
    }
}
