//! The memory report of the whole machine (`show_mem`): what pages are used for, zones with their watermarks, free blocks.

use super::scan::{ascii, digits, number, split};
use crate::klog::report::{FreeBlocks, Machine, ZoneReport};

/// Kept; a machine of 64 nodes has four kinds of zone.
const ZONES_MAX: usize = 256;
/// Kept; there are about 25.
const USES_MAX: usize = 64;
/// Kept; there are 11.
const BLOCKS_MAX: usize = 32;

/// Takes the line when it is of that report; true when it was.
pub(super) fn take(text: &[u8], machine: &mut Machine) -> bool {
    if let Some(list) = text.strip_prefix(b"lowmem_reserve[]:") {
        return reserve(list, machine);
    }
    if let Some(rest) = text.strip_prefix(b"Node ") {
        return node(rest, machine);
    }
    // A kernel without NUMA prints no node.
    zone_or_blocks(0, text, machine) || uses(text, machine)
}

/// `active_anon:52747 inactive_anon:0 isolated_anon:0`, several lines, in one record or in as many.
fn uses(text: &[u8], machine: &mut Machine) -> bool {
    // The first record begins with it, the others follow a record of their own in old kernels.
    let starts: [&[u8]; 9] = [
        b"active_anon:",
        b"active_file:",
        b"unevictable:",
        b"slab_reclaimable:",
        b"mapped:",
        b"free:",
        b"sec_pagetables:",
        b"kernel_misc_reclaimable:",
        b"dirty:",
    ];
    let first = text.trim_ascii_start();
    if !starts.iter().any(|start| first.starts_with(start)) {
        return false;
    }
    let mut any = false;
    for word in text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
        let Some((name, value)) = pair(word) else { continue };
        any = true;
        push_use(machine, name, value);
    }
    any
}

/// Keeps a use of memory; the first of a name counts.
pub(super) fn push_use(machine: &mut Machine, name: String, pages: u64) {
    if machine.uses.len() < USES_MAX && !machine.uses.iter().any(|(known, _)| *known == name) {
        machine.uses.push((name, pages));
    }
}

/// `free:73889`
fn pair(word: &[u8]) -> Option<(String, u64)> {
    let (name, value) = split(word, b":")?;
    Some((ascii(name)?, number(value)?))
}

fn reserve(list: &[u8], machine: &mut Machine) -> bool {
    let pages: Option<Vec<u64>> =
        list.split(|b| *b == b' ').filter(|word| !word.is_empty()).take(8).map(number).collect();
    match (machine.zones.last_mut(), pages) {
        (Some(zone), Some(pages)) if zone.reserve_pages.is_empty() => zone.reserve_pages = pages,
        _ => return false,
    }
    true
}

/// Behind `Node `: a zone, its free blocks, or huge pages.
fn node(text: &[u8], machine: &mut Machine) -> bool {
    let Some((node, rest)) = digits(text) else { return false };
    let (Some(node), Some(rest)) = (number::<u32>(node), rest.strip_prefix(b" ")) else { return false };
    if rest.starts_with(b"hugepages_total=") {
        return huge(rest, machine);
    }
    zone_or_blocks(node, rest, machine)
}

/// `DMA32 free:...` or `DMA32: 1*4kB ...`
fn zone_or_blocks(node: u32, text: &[u8], machine: &mut Machine) -> bool {
    let named = split(text, b" ").filter(|(name, _)| is_zone(name.strip_suffix(b":").unwrap_or(name)));
    let Some((name, rest)) = named else { return false };
    match name.strip_suffix(b":") {
        Some(name) => blocks(node, name, rest, machine),
        None => zone(node, name, rest, machine),
    }
}

fn is_zone(name: &[u8]) -> bool {
    [&b"DMA"[..], b"DMA32", b"Normal", b"HighMem", b"Movable", b"Device"].contains(&name)
}

/// `free:9944kB boost:0kB min:11724kB low:14652kB ...`
fn zone(node: u32, name: &[u8], text: &[u8], machine: &mut Machine) -> bool {
    let value = |field: &[u8]| {
        let mut words = text.split(|b| *b == b' ');
        words.find_map(|word| {
            let value = word.strip_prefix(field)?;
            number(value.strip_suffix(b"kB").or_else(|| value.strip_suffix(b"KB"))?)
        })
    };
    let (Some(free_kb), Some(min_kb), Some(name)) = (value(b"free:"), value(b"min:"), ascii(name)) else {
        return false;
    };
    if machine.zones.len() == ZONES_MAX
        || machine.zones.iter().any(|zone| zone.node == node && zone.name == name)
    {
        return false;
    }
    machine.zones.push(ZoneReport {
        node,
        name,
        free_kb,
        min_kb,
        low_kb: value(b"low:"),
        high_kb: value(b"high:"),
        present_kb: value(b"present:"),
        managed_kb: value(b"managed:"),
        free_cma_kb: value(b"free_cma:"),
        highatomic_kb: value(b"free_highatomic:").or_else(|| value(b"reserved_highatomic:")),
        slab_unreclaimable_kb: value(b"slab_unreclaimable:"),
        ..ZoneReport::default()
    });
    true
}

/// `1*4kB (M) 0*8kB 2*16kB (UM) = 1284kB`
fn blocks(node: u32, name: &[u8], text: &[u8], machine: &mut Machine) -> bool {
    let list = split(text, b" = ").map_or(text, |(list, _)| list);
    let mut found: Vec<FreeBlocks> = Vec::new();
    for word in list.split(|b| *b == b' ') {
        if let Some(types) = word.strip_prefix(b"(").and_then(|word| word.strip_suffix(b")")) {
            if let (Some(last), Some(types)) = (found.last_mut(), ascii(types)) {
                last.types = types;
            }
        } else if let Some(block) = block(word).filter(|_| found.len() < BLOCKS_MAX) {
            found.push(block);
        }
    }
    let zone = machine.zones.iter_mut().find(|zone| zone.node == node && zone.name.as_bytes() == name);
    match zone {
        Some(zone) if zone.blocks.is_empty() && !found.is_empty() => zone.blocks = found,
        _ => return false,
    }
    true
}

/// `2*16kB`
fn block(word: &[u8]) -> Option<FreeBlocks> {
    let (count, size) = split(word, b"*")?;
    Some(FreeBlocks {
        kb: number(size.strip_suffix(b"kB")?)?,
        count: number(count)?,
        ..FreeBlocks::default()
    })
}

/// `hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB`
fn huge(text: &[u8], machine: &mut Machine) -> bool {
    let value = |field: &[u8]| {
        let word = text.split(|b| *b == b' ').find_map(|word| word.strip_prefix(field))?;
        number::<u64>(word.strip_suffix(b"kB").unwrap_or(word))
    };
    let kb = value(b"hugepages_total=")
        .zip(value(b"hugepages_size="))
        .and_then(|(count, size)| count.checked_mul(size));
    machine.huge_kb = machine.huge_kb.saturating_add(kb.unwrap_or(0));
    kb.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(kb: u64, count: u64, types: &str) -> FreeBlocks {
        FreeBlocks { kb, count, types: types.into() }
    }

    #[test]
    fn a_kernel_without_numa_names_no_node() {
        let mut machine = Machine::default();
        for line in [
            "DMA free:249000kB min:20480kB low:24576kB present:786432kB managed:679380kB free_cma:240000kB",
            "lowmem_reserve[]: 0 0 7188 7188",
            "HighMem free:2630824kB min:512kB low:10168kB free_cma:0kB",
            "lowmem_reserve[]: 0 0 0 0",
            "DMA: 100*4kB (UMEC) 30*8kB (UMEC) 0*16kB = 640kB",
            "HighMem: 2*4kB (UM) 1*8kB (M) = 16kB",
        ] {
            assert!(take(line.as_bytes(), &mut machine), "{line}");
        }
        let [dma, high] = machine.zones.as_slice() else { panic!("{:?}", machine.zones) };
        assert_eq!((dma.name.as_str(), dma.free_cma_kb), ("DMA", Some(240_000)));
        assert_eq!(dma.reserve_pages, [0, 0, 7188, 7188]);
        assert_eq!(dma.blocks[0], free(4, 100, "UMEC"));
        assert_eq!((high.name.as_str(), high.blocks.len()), ("HighMem", 2));
        for other in ["Normal", "Normal free", "DMA: none", "Normal: 1*4kB = 4kB", "java free:1kB min:1kB"] {
            assert!(!take(other.as_bytes(), &mut machine), "{other}");
        }
    }

    #[test]
    fn a_machine_with_two_zones() {
        let mut machine = Machine::default();
        for line in [
            "active_anon:52747 inactive_anon:1 isolated_anon:0\n slab_reclaimable:160 slab_unreclaimable:1950\n free:73889 free_pcp:3515",
            "Node 0 DMA free:1284kB boost:0kB min:104kB low:128kB high:152kB present:15992kB managed:15360kB free_cma:0kB",
            "lowmem_reserve[]: 0 309 309 309 309",
            "Node 0 DMA32 free:1868kB min:2196kB low:2744kB high:3292kB reserved_highatomic:0KB present:393084kB",
            "lowmem_reserve[]: 0 0 0 0 0",
            "Node 0 DMA: 1*4kB (M) 0*8kB 2*16kB (UM) = 1284kB",
            "Node 0 hugepages_total=3 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB",
        ] {
            assert!(take(line.as_bytes(), &mut machine), "{line}");
        }
        assert_eq!(machine.pages_of(&["active_anon", "inactive_anon"]), Some(52748));
        assert_eq!(machine.pages_of(&["free", "missing"]), None);
        assert_eq!(machine.huge_kb, 6144);
        let zone = &machine.zones[0];
        assert_eq!(
            (zone.free_kb, zone.min_kb, zone.low_kb, zone.managed_kb),
            (1284, 104, Some(128), Some(15360))
        );
        assert_eq!(
            (zone.reserve_pages.as_slice(), zone.blocks.as_slice()),
            (&[0, 309, 309, 309, 309][..], &[free(4, 1, "M"), free(8, 0, ""), free(16, 2, "UM")][..])
        );
        assert_eq!((zone.free_cma_kb, machine.zones[1].highatomic_kb), (Some(0), Some(0)));
        assert_eq!((machine.zones.len(), machine.zones[1].managed_kb), (2, None));
        for other in [
            "Node 0 active_anon:4kB mapped:1kB",
            "Node x",
            "lowmem_reserve[]: x",
            "free pages",
            "Node 0 DMA free:1",
        ] {
            assert!(!take(other.as_bytes(), &mut machine), "{other}");
        }
    }
}
