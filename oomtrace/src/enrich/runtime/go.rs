//! Whether an executable was built by Go, from its first page alone: that is in memory while the program runs.

/// Type of a segment with notes.
const PT_NOTE: u32 = 4;
/// Type of Go's note with the build id, whose owner is `Go`.
const GO_BUILD_ID: u32 = 4;

/// Looks for Go's note in the first bytes of an ELF file of 64 bit in this machine's byte order. One that lies further back
/// is not seen.
pub(crate) fn is_go(head: &[u8]) -> bool {
    head.starts_with(b"\x7fELF\x02") && headers(head).is_some_and(|mut notes| notes.any(has_note))
}

/// The segments with notes, as far as they are in `head`.
fn headers(head: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let table = usize::try_from(u64_at(head, 32)?).ok()?;
    let (size, count) = (usize::from(u16_at(head, 54)?), usize::from(u16_at(head, 56)?));
    Some((0..count).filter_map(move |nth| {
        let header = head.get(table.checked_add(nth.checked_mul(size)?)?..)?;
        let (offset, length) = (u64_at(header, 8)?, u64_at(header, 32)?);
        let (offset, length) = (usize::try_from(offset).ok()?, usize::try_from(length).ok()?);
        let segment = head.get(offset..offset.checked_add(length)?);
        segment.filter(|_| u32_at(header, 0) == Some(PT_NOTE))
    }))
}

/// Whether one of a segment's notes is Go's: length of the name, length of the content, type, name, content, each padded
/// to 4 bytes.
fn has_note(mut notes: &[u8]) -> bool {
    while let (Some(name), Some(content), Some(kind)) = (u32_at(notes, 0), u32_at(notes, 4), u32_at(notes, 8))
    {
        if kind == GO_BUILD_ID && notes.get(12..16) == Some(b"Go\0\0") && name == 4 {
            return true;
        }
        let padded = |length: u32| usize::try_from(length).unwrap_or(usize::MAX).checked_next_multiple_of(4);
        let next = padded(name).zip(padded(content)).and_then(|(a, b)| a.checked_add(b)?.checked_add(12));
        match next.and_then(|next| notes.get(next..)) {
            Some(rest) => notes = rest,
            None => return false,
        }
    }
    false
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// The first page of a binary that Go has built.
#[cfg(test)]
pub(crate) fn head() -> Vec<u8> {
    let mut head = vec![0; 4096];
    head[..5].copy_from_slice(b"\x7fELF\x02");
    head[32..40].copy_from_slice(&64_u64.to_ne_bytes());
    head[54..56].copy_from_slice(&56_u16.to_ne_bytes());
    head[56..58].copy_from_slice(&1_u16.to_ne_bytes());
    head[64..68].copy_from_slice(&PT_NOTE.to_ne_bytes());
    head[72..80].copy_from_slice(&1000_u64.to_ne_bytes());
    head[96..104].copy_from_slice(&56_u64.to_ne_bytes());
    // Another note first.
    head[1000..1012].copy_from_slice(&[4_u32, 3, 1].map(u32::to_ne_bytes).concat());
    head[1012..1016].copy_from_slice(b"GNU\0");
    head[1020..1032].copy_from_slice(&[4, 8, GO_BUILD_ID].map(u32::to_ne_bytes).concat());
    head[1032..1036].copy_from_slice(b"Go\0\0");
    head
}
