//! Flags and their combinations where the kernel does not list them itself.

/// Combinations as `include/linux/gfp_types.h` has had them since 5.10, in the order of the kernel's list.
const COMBINATIONS: [(&str, &str); 13] = [
    ("GFP_TRANSHUGE", "DIRECT_RECLAIM IO FS HARDWALL HIGHMEM MOVABLE SKIP_KASAN COMP NOMEMALLOC NOWARN"),
    ("GFP_TRANSHUGE_LIGHT", "IO FS HARDWALL HIGHMEM MOVABLE SKIP_KASAN COMP NOMEMALLOC NOWARN"),
    ("GFP_HIGHUSER_MOVABLE", "DIRECT_RECLAIM KSWAPD_RECLAIM IO FS HARDWALL HIGHMEM MOVABLE SKIP_KASAN"),
    ("GFP_HIGHUSER", "DIRECT_RECLAIM KSWAPD_RECLAIM IO FS HARDWALL HIGHMEM"),
    ("GFP_USER", "DIRECT_RECLAIM KSWAPD_RECLAIM IO FS HARDWALL"),
    ("GFP_KERNEL_ACCOUNT", "DIRECT_RECLAIM KSWAPD_RECLAIM IO FS ACCOUNT"),
    ("GFP_KERNEL", "DIRECT_RECLAIM KSWAPD_RECLAIM IO FS"),
    ("GFP_NOFS", "DIRECT_RECLAIM KSWAPD_RECLAIM IO"),
    // `ATOMIC` is there on 6.1 and gone on 6.6; it counts where it exists.
    ("GFP_ATOMIC", "HIGH ATOMIC KSWAPD_RECLAIM"),
    ("GFP_NOIO", "DIRECT_RECLAIM KSWAPD_RECLAIM"),
    // QUIET: `NOWARN` on 6.12, nothing on 6.6. Kernels with the enumeration of bits have it, the fixed table does not.
    ("GFP_NOWAIT", "KSWAPD_RECLAIM QUIET"),
    ("GFP_DMA", "DMA"),
    ("GFP_DMA32", "DMA32"),
];

/// The kernel's list up to 6.12, which was ordered by hand.
const BY_HAND: &str = "GFP_TRANSHUGE GFP_TRANSHUGE_LIGHT GFP_HIGHUSER_MOVABLE GFP_HIGHUSER GFP_USER \
    GFP_KERNEL_ACCOUNT GFP_KERNEL GFP_NOFS GFP_ATOMIC GFP_NOIO GFP_NOWAIT GFP_DMA __GFP_HIGHMEM GFP_DMA32 __GFP_HIGH \
    __GFP_ATOMIC __GFP_IO __GFP_FS __GFP_NOWARN __GFP_RETRY_MAYFAIL __GFP_NOFAIL __GFP_NORETRY __GFP_COMP __GFP_ZERO \
    __GFP_NOMEMALLOC __GFP_MEMALLOC __GFP_HARDWALL __GFP_THISNODE __GFP_RECLAIMABLE __GFP_MOVABLE __GFP_ACCOUNT \
    __GFP_WRITE __GFP_RECLAIM __GFP_DIRECT_RECLAIM __GFP_KSWAPD_RECLAIM __GFP_ZEROTAGS __GFP_SKIP_ZERO __GFP_SKIP_KASAN";

/// Flags of 5.10 to 6.9 from bit 0 on. `ATOMIC` is unused on later ones of them, `ZEROTAGS` on 5.10.
///
/// Bits above depend on `CONFIG_KASAN_HW_TAGS` and `CONFIG_LOCKDEP`: they stay hex. Later kernels of this range know
/// GFP_ATOMIC and GFP_NOWAIT by other masks: requests that never wait, and so never end in a kill.
const FIXED: &str = "DMA HIGHMEM DMA32 MOVABLE RECLAIMABLE HIGH IO FS ZERO ATOMIC DIRECT_RECLAIM KSWAPD_RECLAIM WRITE \
    NOWARN RETRY_MAYFAIL NOFAIL NORETRY MEMALLOC COMP NOMEMALLOC HARDWALL THISNODE ACCOUNT ZEROTAGS";

/// The list of 5.10 to 6.9.
pub(super) fn fixed() -> Vec<(u32, String)> {
    let mask =
        |flag: &str| FIXED.split(' ').zip(0..).find(|(name, _)| *name == flag).map_or(0, |(_, bit)| 1 << bit);
    entries(BY_HAND.split(' '), &mask)
}

/// The list from the enumerators `___GFP_<flag>_BIT` and their values.
pub(super) fn from_bits(bits: &[(String, u64)], in_bit_order: bool) -> Vec<(u32, String)> {
    let mask = |flag: &str| {
        let flag = if flag == "QUIET" { "NOWARN" } else { flag };
        let bit = bits.iter().find(|(name, _)| flag_of(name) == Some(flag)).map(|(_, bit)| *bit);
        bit.and_then(|bit| 1_u32.checked_shl(u32::try_from(bit).ok()?)).unwrap_or(0)
    };
    if !in_bit_order {
        return entries(BY_HAND.split(' '), &mask);
    }
    let single =
        bits.iter().filter_map(|(name, _)| flag_of(name)).filter(|flag| !matches!(*flag, "UNUSED" | "LAST"));
    let single: Vec<String> = single.map(|flag| format!("__GFP_{flag}")).collect();
    let combined = COMBINATIONS.iter().map(|(name, _)| *name).chain(["__GFP_RECLAIM"]);
    entries(combined.chain(single.iter().map(String::as_str)), &mask)
}

/// `IO` of `___GFP_IO_BIT`.
fn flag_of(enumerator: &str) -> Option<&str> {
    enumerator.strip_prefix("___GFP_")?.strip_suffix("_BIT")
}

/// The entries of `names` that have any bit on this kernel; `mask` gives that of one flag.
fn entries<'a>(names: impl Iterator<Item = &'a str>, mask: &dyn Fn(&str) -> u32) -> Vec<(u32, String)> {
    let of = |name: &str| match name.strip_prefix("__GFP_") {
        Some("RECLAIM") => mask("DIRECT_RECLAIM") | mask("KSWAPD_RECLAIM"),
        Some(flag) => mask(flag),
        None => {
            let parts = COMBINATIONS.iter().find(|(known, _)| *known == name).map_or("", |(_, parts)| parts);
            parts.split(' ').fold(0, |all, flag| all | mask(flag))
        }
    };
    names.map(|name| (of(name), name.to_owned())).filter(|(mask, _)| *mask != 0).collect()
}
