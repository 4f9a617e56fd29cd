//! The page size of the machine that wrote a report.

use super::Report;

/// Bytes, where the report has the same size in pages and in kB, or lists free blocks, of which the smallest is a page.
#[must_use]
pub fn of(report: &Report) -> Option<u64> {
    by_victim(report).or_else(|| by_blocks(report)).or_else(|| by_release(report))
}

/// The address space: in kB in the line of the kill, in pages in the table.
fn by_victim(report: &Report) -> Option<u64> {
    report.killed.iter().find_map(|killed| {
        let row = report.tasks.iter().find(|row| row.pid == killed.pid && row.total_vm > 0)?;
        let kb = killed.total_vm_kb?;
        valid(kb.checked_div(row.total_vm)?).filter(|_| kb % row.total_vm == 0)
    })
}

fn by_blocks(report: &Report) -> Option<u64> {
    valid(report.machine.zones.iter().find_map(|zone| zone.blocks.first()).map(|blocks| blocks.kb)?)
}

/// x86 has no other.
fn by_release(report: &Report) -> Option<u64> {
    let release = report.kernel_release.as_deref()?;
    [".x86_64", "-amd64", "-686", ".i686"].iter().any(|part| release.contains(part)).then_some(4096)
}

fn valid(kb: u64) -> Option<u64> {
    matches!(kb, 4 | 8 | 16 | 64 | 256).then(|| kb * 1024)
}
