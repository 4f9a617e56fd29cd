//! Names of allocation flags (`gfp_t`) as the running kernel's log prints them.
//!
//! Values and names change between kernels, so they are taken from the kernel itself where that can be done.

mod expression;
mod table;

#[cfg(test)]
mod tests;

use super::{Btf, Roots};

/// Where the names come from, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GfpSource {
    /// The format of a tracepoint, which has the list of the kernel's log.
    Tracefs,
    /// The kernel's enumeration of flags (6.10 and later), and the well-known combinations of them.
    Btf,
    /// The values of 5.10 to 6.9, where neither could be read.
    Fixed,
}

/// Masks with their names, in the order in which the kernel tries them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GfpNames {
    source: GfpSource,
    entries: Vec<(u32, String)>,
}

impl Default for GfpNames {
    fn default() -> Self {
        Self::fixed()
    }
}

impl GfpNames {
    /// Takes the best source there is. `btf` is that of the running kernel.
    #[must_use]
    pub fn detect(roots: &Roots, btf: Option<&Btf>) -> Self {
        Self::from_tracefs(roots, btf).or_else(|| Self::from_btf(roots, btf?)).unwrap_or_else(Self::fixed)
    }

    /// Where the names come from.
    #[must_use]
    pub fn source(&self) -> GfpSource {
        self.source
    }

    /// Names joined by `|`, what has no name in hex at the end; "" for 0.
    ///
    /// The kernel's `%pGg`: the first mask whose bits are all set takes them away from what is left.
    #[must_use]
    pub fn names(&self, flags: u32) -> String {
        let mut left = flags;
        let mut parts = Vec::new();
        for (mask, name) in &self.entries {
            if left & mask == *mask && left != 0 {
                parts.push(name.clone());
                left &= !mask;
            }
        }
        if left != 0 {
            parts.push(format!("{left:#x}"));
        }
        parts.join("|")
    }

    fn from_tracefs(roots: &Roots, btf: Option<&Btf>) -> Option<Self> {
        let format = roots.event_format("kmem", "mm_page_alloc")?;
        // 6.10 to 6.12 print the names of enumerators where later kernels print their values.
        let bits = btf.map(bits_of).unwrap_or_default();
        let value = |name: &str| bits.iter().find(|(bit, _)| bit == name).map(|(_, value)| *value);
        let entries = expression::flag_list(&format, &value)?;
        Some(Self { source: GfpSource::Tracefs, entries })
    }

    fn from_btf(roots: &Roots, btf: &Btf) -> Option<Self> {
        let bits = bits_of(btf);
        if bits.is_empty() {
            return None;
        }
        // BTF does not have the order of the names: by hand on 6.12, by bit on 6.16. It shows only where several single
        // flags are left over.
        let names_in_bit_order = release(roots).is_none_or(|release| release >= (6, 13));
        let entries = table::from_bits(&bits, names_in_bit_order);
        Some(Self { source: GfpSource::Btf, entries })
    }

    fn fixed() -> Self {
        Self { source: GfpSource::Fixed, entries: table::fixed() }
    }
}

/// The enumerators `___GFP_<name>_BIT`.
fn bits_of(btf: &Btf) -> Vec<(String, u64)> {
    let variants = btf.anonymous_enum_with("___GFP_IO_BIT");
    variants.into_iter().filter_map(|(name, bit)| Some((name, u64::try_from(bit).ok()?))).collect()
}

/// Major and minor number of the running kernel.
fn release(roots: &Roots) -> Option<(u32, u32)> {
    let release = std::fs::read_to_string(roots.proc.join("sys/kernel/osrelease")).ok()?;
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
