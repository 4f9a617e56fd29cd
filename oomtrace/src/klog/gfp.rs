//! Names of allocation flags where the log has nothing but their number: before 4.6, and where a line was changed on its way.

use super::report::Report;
use crate::kernel::gfp::GfpNames;

/// Flags up to 4.3, by bit.
const UP_TO_4_3: [&str; 25] = [
    "__GFP_DMA",
    "__GFP_HIGHMEM",
    "__GFP_DMA32",
    "__GFP_MOVABLE",
    "__GFP_WAIT",
    "__GFP_HIGH",
    "__GFP_IO",
    "__GFP_FS",
    "__GFP_COLD",
    "__GFP_NOWARN",
    "__GFP_REPEAT",
    "__GFP_NOFAIL",
    "__GFP_NORETRY",
    "__GFP_MEMALLOC",
    "__GFP_COMP",
    "__GFP_ZERO",
    "__GFP_NOMEMALLOC",
    "__GFP_HARDWALL",
    "__GFP_THISNODE",
    "__GFP_RECLAIMABLE",
    "0x100000",
    "__GFP_NOTRACK",
    "__GFP_NO_KSWAPD",
    "__GFP_OTHER_NODE",
    "__GFP_WRITE",
];
/// Those of 4.4 and 4.5.
const SINCE_4_4: [&str; 26] = [
    "__GFP_DMA",
    "__GFP_HIGHMEM",
    "__GFP_DMA32",
    "__GFP_MOVABLE",
    "__GFP_RECLAIMABLE",
    "__GFP_HIGH",
    "__GFP_IO",
    "__GFP_FS",
    "__GFP_COLD",
    "__GFP_NOWARN",
    "__GFP_REPEAT",
    "__GFP_NOFAIL",
    "__GFP_NORETRY",
    "__GFP_MEMALLOC",
    "__GFP_COMP",
    "__GFP_ZERO",
    "__GFP_NOMEMALLOC",
    "__GFP_HARDWALL",
    "__GFP_THISNODE",
    "__GFP_ATOMIC",
    "__GFP_ACCOUNT",
    "__GFP_NOTRACK",
    "__GFP_DIRECT_RECLAIM",
    "__GFP_OTHER_NODE",
    "__GFP_WRITE",
    "__GFP_KSWAPD_RECLAIM",
];
/// What the combinations are of: waiting is one bit up to 4.3, two since.
const COMBINATIONS: [(&str, u32); 6] = [
    ("GFP_HIGHUSER_MOVABLE", 0x2_00ca),
    ("GFP_HIGHUSER", 0x2_00c2),
    ("GFP_USER", 0x2_00c0),
    ("GFP_KERNEL", 0xc0),
    ("GFP_NOFS", 0x40),
    ("GFP_NOIO", 0),
];
const WAIT_UP_TO_4_3: u32 = 0x10;
const WAIT_SINCE_4_4: u32 = 0x240_0000;

/// Gives the trigger's flags their names.
pub(super) fn name(report: &mut Report) {
    let release = report.kernel_release.as_deref().and_then(release);
    let Some(trigger) = &mut report.trigger else { return };
    if trigger.gfp_names.is_none() {
        trigger.gfp_names =
            trigger.gfp_mask.and_then(|mask| names(mask, release)).filter(|names| !names.is_empty());
    }
}

/// The names of `mask` as the kernel of this release would print them; `None` where its flags are not known here.
fn names(mask: u32, release: Option<(u32, u32)>) -> Option<String> {
    let old = match release {
        Some(release) if release >= (5, 10) => {
            return (release < (6, 10)).then(|| GfpNames::default().names(mask));
        }
        Some(release) if release >= (4, 6) => return None,
        Some(release) => release < (4, 4),
        // What asks for memory so that it may kill for it may wait, so that one of the two is there.
        None if mask & WAIT_SINCE_4_4 == WAIT_SINCE_4_4 => false,
        None if mask & WAIT_UP_TO_4_3 != 0 && mask < 1 << 25 => true,
        None => return None,
    };
    let (flags, wait) = if old { (&UP_TO_4_3[..], WAIT_UP_TO_4_3) } else { (&SINCE_4_4[..], WAIT_SINCE_4_4) };
    let mut left = mask;
    let mut parts = Vec::new();
    if let Some((name, bits)) = COMBINATIONS.iter().find(|(_, bits)| left & (bits | wait) == bits | wait) {
        parts.push((*name).to_owned());
        left &= !(bits | wait);
    }
    for (bit, name) in flags.iter().enumerate() {
        if left & (1 << bit) != 0 {
            parts.push((*name).to_owned());
            left &= !(1 << bit);
        }
    }
    if left != 0 {
        parts.push(format!("{left:#x}"));
    }
    Some(parts.join("|"))
}

fn release(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_version() {
        for (mask, release, expected) in [
            (0x201da, "3.10.0-514.el7.x86_64", "GFP_HIGHUSER_MOVABLE|__GFP_COLD"),
            (0x280da, "2.6.32", "GFP_HIGHUSER_MOVABLE|__GFP_ZERO"),
            (0xd0, "3.2.0", "GFP_KERNEL"),
            (0x84d0, "3.13.0", "GFP_KERNEL|__GFP_REPEAT|__GFP_ZERO"),
            (0x24_201ca, "4.4.0-210-generic", "GFP_HIGHUSER_MOVABLE|__GFP_COLD"),
            (0x24_000c0, "4.5.1", "GFP_KERNEL"),
            (0x26_000c0, "4.4.0", "GFP_KERNEL|__GFP_NOTRACK"),
            (0xcc0, "6.1.0", "GFP_KERNEL"),
            (0x140_cca, "5.10.0", "GFP_HIGHUSER_MOVABLE|__GFP_COMP"),
        ] {
            assert_eq!(
                names(mask, super::release(release)).as_deref(),
                Some(expected),
                "{mask:#x} {release}"
            );
        }
        assert_eq!(names(0xcc0, Some((4, 19))), None);
        assert_eq!(names(0xcc0, Some((6, 12))), None);
    }

    #[test]
    fn by_their_bits_where_the_version_is_not_known() {
        assert_eq!(names(0x201da, None).as_deref(), Some("GFP_HIGHUSER_MOVABLE|__GFP_COLD"));
        assert_eq!(names(0x24_000c0, None).as_deref(), Some("GFP_KERNEL"));
        assert_eq!(names(0xcc0, None), None);
    }
}
