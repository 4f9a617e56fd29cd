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
/// Those of 4.4 to 4.9. Their layout is that of the mask: up to 5.1 it changed three times, see [`Layout`].
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
/// Since 4.10 without `__GFP_OTHER_NODE`; since 4.13 the tenth bit is called `__GFP_RETRY_MAYFAIL`.
const SINCE_4_10: [&str; 25] = [
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
    "__GFP_RETRY_MAYFAIL",
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
    "__GFP_WRITE",
    "__GFP_KSWAPD_RECLAIM",
];
/// Since 4.19, where the bits of flags that had gone were used again.
const SINCE_4_19: [&str; 23] = [
    "__GFP_DMA",
    "__GFP_HIGHMEM",
    "__GFP_DMA32",
    "__GFP_MOVABLE",
    "__GFP_RECLAIMABLE",
    "__GFP_HIGH",
    "__GFP_IO",
    "__GFP_FS",
    "__GFP_WRITE",
    "__GFP_NOWARN",
    "__GFP_RETRY_MAYFAIL",
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
    "__GFP_DIRECT_RECLAIM",
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

/// Which bit is which flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    flags: &'static [&'static str],
    /// The bits of waiting.
    wait: u32,
}

const UP_TO_4_3_LAYOUT: Layout = Layout { flags: &UP_TO_4_3, wait: 0x10 };
/// Newest last. What asks for memory so that it may kill for it may wait, so that its bits of waiting tell the layout; backports
/// of distributions make the version a bad witness for it.
const LAYOUTS: [Layout; 3] = [
    Layout { flags: &SINCE_4_4, wait: 0x240_0000 },
    Layout { flags: &SINCE_4_10, wait: 0x140_0000 },
    Layout { flags: &SINCE_4_19, wait: 0x60_0000 },
];
/// The bits of waiting of later kernels, whose values have not changed since.
const WAIT_NOW: u32 = 0xc00;
/// 6.10 made an enumeration of the flags: beyond these the bits depend on the kernel's configuration, and one has no meaning.
const SINCE_6_10: u32 = 0xff_ffff & !0x200;

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
    let by_bits =
        |layouts: &[Layout]| layouts.iter().find(|layout| mask & layout.wait == layout.wait).copied();
    match release {
        Some(release) if release >= (6, 10) => Some(since_6_10(mask)),
        Some(release) if release >= (5, 10) => Some(GfpNames::default().names(mask)),
        Some(release) if release >= (4, 4) => match by_bits(&LAYOUTS) {
            Some(layout) => Some(in_layout(mask, layout)),
            None => {
                (mask & WAIT_NOW == WAIT_NOW && release > (4, 19)).then(|| GfpNames::default().names(mask))
            }
        },
        Some(_) => Some(in_layout(mask, UP_TO_4_3_LAYOUT)),
        // Later ones print names.
        None => {
            let old = Some(UP_TO_4_3_LAYOUT).filter(|old| mask & old.wait != 0 && mask < 1 << 25);
            by_bits(&LAYOUTS[..1]).or(old).map(|layout| in_layout(mask, layout))
        }
    }
}

fn since_6_10(mask: u32) -> String {
    let unknown = Some(mask & !SINCE_6_10).filter(|bits| *bits != 0).map(|bits| format!("{bits:#x}"));
    let known = Some(GfpNames::default().names(mask & SINCE_6_10)).filter(|names| !names.is_empty());
    known.into_iter().chain(unknown).collect::<Vec<_>>().join("|")
}

fn in_layout(mask: u32, Layout { flags, wait }: Layout) -> String {
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
    parts.join("|")
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
            // As logs of these kernels print them.
            (0x240_0000 | 0x2_00ca, "4.8.0-53-generic", "GFP_HIGHUSER_MOVABLE"),
            (0x142_00ca, "4.15.0-20-generic", "GFP_HIGHUSER_MOVABLE"),
            (0x140_00c0, "4.14.111", "GFP_KERNEL"),
            (0x140_80c0, "4.14.111", "GFP_KERNEL|__GFP_ZERO"),
            (0x62_00ca, "4.19.0-6-amd64", "GFP_HIGHUSER_MOVABLE"),
            (0x60_40c0, "5.0.0", "GFP_KERNEL|__GFP_COMP"),
            (0x10_0cca, "5.4.0-42-generic", "GFP_HIGHUSER_MOVABLE"),
            (0xcc0, "6.12.0", "GFP_KERNEL"),
            (0x14_0cca, "6.18.0", "GFP_HIGHUSER_MOVABLE|__GFP_COMP"),
            (0x100_0cc0, "6.18.0", "GFP_KERNEL|0x1000000"),
        ] {
            assert_eq!(
                names(mask, super::release(release)).as_deref(),
                Some(expected),
                "{mask:#x} {release}"
            );
        }
        assert_eq!(names(0xcc0, Some((4, 19))), None);
        assert_eq!(names(0x0, Some((4, 19))), None);
    }

    #[test]
    fn by_their_bits_where_the_version_is_not_known() {
        assert_eq!(names(0x201da, None).as_deref(), Some("GFP_HIGHUSER_MOVABLE|__GFP_COLD"));
        assert_eq!(names(0x24_000c0, None).as_deref(), Some("GFP_KERNEL"));
        assert_eq!(names(0xcc0, None), None);
    }
}
