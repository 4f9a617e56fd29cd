//! `cache: NAME, object size: 208, ...`: a cache of kernel objects that could not be extended (SLUB, SLAB).
//!
//! Up to 5.8 a memory cgroup has caches of its own, named `vm_area_struct(632851:NAME)` after its serial number and name.

use super::scan::{ascii, rsplit, split};
use crate::klog::report::FailedCache;
use crate::model::Text;

/// Longest name that is kept.
const NAME_MAX: usize = 64;

/// Reads the line.
pub(crate) fn cache(text: &[u8]) -> Option<FailedCache> {
    let rest = text.trim_ascii_start().strip_prefix(b"cache: ")?;
    let (whole, _) = rsplit(rest, b", object size: ")?;
    let (name, cgroup) = match split(whole, b"(").and_then(|(name, rest)| Some((name, owner(rest)?))) {
        Some((name, cgroup)) => (name, Some(Text::new(cgroup))),
        None => (whole, None),
    };
    let plain = |b: &u8| b.is_ascii_graphic();
    let sane = !name.is_empty() && name.len() <= NAME_MAX && name.iter().all(plain);
    sane.then(|| Some(FailedCache { name: ascii(name)?, cgroup }))?
}

/// `632851:NAME)`
fn owner(text: &[u8]) -> Option<&[u8]> {
    let (serial, name) = split(text.strip_suffix(b")")?, b":")?;
    let digits = !serial.is_empty() && serial.iter().all(u8::is_ascii_digit);
    (digits && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_and_without_a_cgroup() {
        let own = cache(
            b"  cache: anon_vma(63:3a16), object size: 80, buffer size: 88, default order: 0, min order: 0",
        );
        assert_eq!(own, Some(FailedCache { name: "anon_vma".into(), cgroup: Some(Text::from("3a16")) }));
        let shared =
            cache(b"cache: kmalloc-64, object size: 64, buffer size: 64, default order: 0, min order: 0");
        assert_eq!(shared, Some(FailedCache { name: "kmalloc-64".into(), cgroup: None }));
        for other in [
            "cache: x",
            "node 0: slabs: 1, objs: 2, free: 0",
            "cache: , object size: 1",
            "cache: a b, object size: 1",
        ] {
            assert_eq!(cache(other.as_bytes()), None, "{other}");
        }
    }
}
