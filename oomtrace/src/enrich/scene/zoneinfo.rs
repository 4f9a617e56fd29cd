//! Parser of `/proc/zoneinfo`, fed piece by piece: on a large machine the file has megabytes.

use crate::model::Zone;

/// Zones that are kept: four kinds on 64 nodes.
const ZONES_MAX: usize = 256;
/// Longest line that means something; the kernel's longest lines are `protection:` lists, which do not.
const LINE_MAX: usize = 256;

/// A parser in the middle of the file.
#[derive(Debug)]
pub(crate) struct ZoneParser {
    page_size: u64,
    zones: Vec<Zone>,
    current: Option<Partial>,
    line: Vec<u8>,
    too_long: bool,
}

/// A zone whose lines are being read, in pages.
#[derive(Debug)]
struct Partial {
    node: u32,
    name: String,
    free: Option<u64>,
    min: Option<u64>,
    managed: Option<u64>,
}

impl ZoneParser {
    /// A parser that turns pages of `page_size` bytes into bytes.
    pub(crate) fn new(page_size: u64) -> Self {
        Self {
            page_size,
            zones: Vec::new(),
            current: None,
            line: Vec::with_capacity(LINE_MAX),
            too_long: false,
        }
    }

    /// Takes the next piece of the file.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte == b'\n' {
                self.end_line();
            } else if self.line.len() == LINE_MAX {
                self.too_long = true;
            } else {
                self.line.push(*byte);
            }
        }
    }

    /// The zones that have pages.
    pub(crate) fn finish(mut self) -> Vec<Zone> {
        self.end_line();
        self.end_zone();
        self.zones
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if !std::mem::take(&mut self.too_long)
            && let Ok(text) = std::str::from_utf8(&line)
        {
            self.line_is(text);
        }
        self.line = line;
        self.line.clear();
    }

    fn line_is(&mut self, line: &str) {
        if let Some((node, name)) = header(line) {
            self.end_zone();
            self.current = Some(Partial { node, name: name.into(), free: None, min: None, managed: None });
            return;
        }
        let Some(zone) = &mut self.current else { return };
        let mut words = line.split_ascii_whitespace();
        let field = match (words.next(), words.clone().count()) {
            (Some("pages"), 2) if words.next() == Some("free") => &mut zone.free,
            (Some("min"), 1) => &mut zone.min,
            (Some("managed"), 1) => &mut zone.managed,
            _ => return,
        };
        // The first wins: later sections of a zone may have lines of the same name.
        *field = field.or(words.next().and_then(|w| w.parse().ok()));
    }

    fn end_zone(&mut self) {
        let Some(Partial { node, name, free, min, managed }) = self.current.take() else { return };
        // Zones without pages (Movable, Device) are listed by the kernel too.
        let (Some(free), Some(min), true) = (free, min, managed != Some(0)) else { return };
        if self.zones.len() < ZONES_MAX {
            let bytes = |pages: u64| pages.saturating_mul(self.page_size);
            let managed_bytes = managed.map(bytes);
            self.zones.push(Zone {
                node,
                name,
                free_bytes: bytes(free),
                min_bytes: bytes(min),
                managed_bytes,
                ..Zone::default()
            });
        }
    }
}

/// "Node 0, zone   Normal".
fn header(line: &str) -> Option<(u32, &str)> {
    let (node, zone) = line.strip_prefix("Node ")?.split_once(',')?;
    Some((node.parse().ok()?, zone.trim().strip_prefix("zone")?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 6.18, shortened; `boost` and `promo` are new, `pagesets` has lines that are not the zone's.
    const NEW: &str = "Node 0, zone      DMA\n  per-node stats\n      nr_inactive_anon 30231\n      nr_shmem     2231\n  \
        pages free     3840\n        boost    0\n        min      28\n        low      35\n        high     42\n        \
        promo    49\n        spanned  4095\n        present  3998\n        managed  3840\n        cma      0\n        \
        protection: (0, 2967, 24091, 24091, 24091)\n      nr_free_pages 3840\n  pagesets\n    cpu: 0\n              \
        count:    0\n              high:     0\n              batch:    1\n  vm stats threshold: 4\n  \
        node_unreclaimable:  0\n  start_pfn:           1\nNode 0, zone   Normal\n  pages free     4862126\n        \
        min      14846\n        managed  5407844\nNode 0, zone  Movable\n  pages free     0\n        min      0\n        \
        low      0\n        high     0\n        spanned  0\n        present  0\n        managed  0\n        \
        protection: (0, 0, 0, 0, 0)\n";

    fn parse(text: &[u8], piece: usize) -> Vec<Zone> {
        let mut parser = ZoneParser::new(4096);
        text.chunks(piece).for_each(|bytes| parser.feed(bytes));
        parser.finish()
    }

    #[test]
    fn zones_with_pages() {
        let zone = |name: &str, free: u64, min: u64, managed: u64| Zone {
            node: 0,
            name: name.into(),
            free_bytes: free * 4096,
            min_bytes: min * 4096,
            managed_bytes: Some(managed * 4096),
            ..Zone::default()
        };
        let all = [zone("DMA", 3840, 28, 3840), zone("Normal", 4_862_126, 14846, 5_407_844)];
        for piece in [1, 7, 4096] {
            assert_eq!(parse(NEW.as_bytes(), piece), all);
        }
    }

    #[test]
    fn nodes_and_an_older_form() {
        // 4.19 and 5.10: no per-zone `boost`; aarch64 has DMA32 alone on small machines.
        let text = "Node 1, zone    DMA32\n  pages free     10\n        min      2\n        low      3\n        high     4\n";
        let zones = parse(text.as_bytes(), 64);
        assert_eq!((zones[0].node, zones[0].managed_bytes, zones[0].free_bytes), (1, None, 40960));
    }

    #[test]
    fn the_machines_own_file() {
        let text = std::fs::read_to_string("/proc/zoneinfo").unwrap();
        let managed =
            |line: &str| line.trim().strip_prefix("managed ").map(|n| n.trim().parse::<u64>().unwrap());
        let all: Vec<u64> = text.lines().filter_map(managed).filter(|n| *n > 0).map(|n| n * 4096).collect();
        let zones = parse(text.as_bytes(), 16 * 1024);
        assert_eq!(zones.iter().filter_map(|z| z.managed_bytes).collect::<Vec<_>>(), all);
        assert!(zones.iter().all(|z| Some(z.min_bytes) < z.managed_bytes));
    }

    #[test]
    fn endless_lines_and_zones_are_bounded() {
        let mut parser = ZoneParser::new(4096);
        (0..1000).for_each(|_| parser.feed(&[b'x'; 1000]));
        for node in 0..10_000 {
            parser.feed(format!("\nNode {node}, zone N\n pages free 1\n min 1\n").as_bytes());
        }
        assert_eq!(parser.line.capacity(), LINE_MAX);
        assert_eq!(parser.finish().len(), ZONES_MAX);
    }

    proptest! {
        #[test]
        fn garbage_never_panics(
            bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..NEW.len(), piece in 1usize..50,
        ) {
            let mut mixed = NEW.as_bytes().to_vec();
            mixed.splice(at.., bytes);
            parse(&mixed, piece);
        }
    }
}
