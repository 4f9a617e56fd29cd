//! Values of enumerations.

use super::raw::{RawType, kind};
use super::{Btf, unanimous};

impl Btf {
    /// Value of `variant` in the enumeration called `name`.
    ///
    /// Kernels before 6.0 do not tell whether values are signed: there, a negative one comes out as its 32 unsigned
    /// bits.
    #[must_use]
    pub fn enum_value(&self, name: &str, variant: &str) -> Option<i64> {
        unanimous(self.named(name, is_enum).map(|(_, raw)| self.value_in(&raw, variant)))
    }

    /// All variants of the enumeration called `name`, in order; empty when there is none or when several disagree.
    #[must_use]
    pub fn enum_variants(&self, name: &str) -> Vec<(String, i64)> {
        unanimous(self.named(name, is_enum).map(|(_, raw)| Some(self.variants(&raw)))).unwrap_or_default()
    }

    /// All variants of the one enumeration without a name that holds `variant`; empty as above.
    #[must_use]
    pub fn anonymous_enum_with(&self, variant: &str) -> Vec<(String, i64)> {
        let holders = self
            .all()
            .filter(|raw| is_enum(raw.kind()) && raw.name == 0)
            .filter(|raw| self.value_in(raw, variant).is_some());
        unanimous(holders.map(|raw| Some(self.variants(&raw)))).unwrap_or_default()
    }

    fn value_in(&self, raw: &RawType, variant: &str) -> Option<i64> {
        let nth = (0..raw.vlen()).find(|nth| {
            self.variant(raw, *nth).and_then(|(name, _)| self.string(name)) == Some(variant.as_bytes())
        })?;
        self.variant(raw, nth).map(|(_, value)| value)
    }

    fn variants(&self, raw: &RawType) -> Vec<(String, i64)> {
        (0..raw.vlen())
            .filter_map(|nth| self.variant(raw, nth))
            .map(|(name, value)| (self.text(name), value))
            .collect()
    }

    /// Offset of the name and value of variant `nth`.
    fn variant(&self, raw: &RawType, nth: usize) -> Option<(u32, i64)> {
        let words = if raw.kind() == kind::ENUM64 { 3 } else { 2 };
        let name = self.word(raw, nth * words)?;
        let low = self.word(raw, nth * words + 1)?;
        let value = match raw.kind() {
            kind::ENUM64 => {
                let high = self.word(raw, nth * words + 2)?;
                (u64::from(high) << 32 | u64::from(low)).cast_signed()
            }
            _ if raw.kflag() => i64::from(low.cast_signed()),
            _ => i64::from(low),
        };
        Some((name, value))
    }
}

fn is_enum(kind: u32) -> bool {
    matches!(kind, kind::ENUM | kind::ENUM64)
}
