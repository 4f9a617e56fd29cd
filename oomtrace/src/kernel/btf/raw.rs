//! The format: header, types, strings (Documentation/bpf/btf.rst).
//!
//! Since 2026 a blob can tell the length of each kind of type in a layout section, so that readers can step over kinds
//! which they do not know; the same change widened the number of members to 24 bits and the kind to 7, out of bits that
//! were always zero before.

use std::ops::Range;

use anyhow::{Context as _, bail};

/// Kinds of types.
pub(super) mod kind {
    pub(crate) const INT: u32 = 1;
    pub(crate) const PTR: u32 = 2;
    pub(crate) const ARRAY: u32 = 3;
    pub(crate) const STRUCT: u32 = 4;
    pub(crate) const UNION: u32 = 5;
    pub(crate) const ENUM: u32 = 6;
    pub(crate) const FWD: u32 = 7;
    pub(crate) const TYPEDEF: u32 = 8;
    pub(crate) const VOLATILE: u32 = 9;
    pub(crate) const CONST: u32 = 10;
    pub(crate) const RESTRICT: u32 = 11;
    pub(crate) const FUNC: u32 = 12;
    pub(crate) const FUNC_PROTO: u32 = 13;
    pub(crate) const VAR: u32 = 14;
    pub(crate) const DATASEC: u32 = 15;
    pub(crate) const FLOAT: u32 = 16;
    pub(crate) const DECL_TAG: u32 = 17;
    pub(crate) const TYPE_TAG: u32 = 18;
    pub(crate) const ENUM64: u32 = 19;
}

const MAGIC: u16 = 0xeb9f;
/// Length of the header without and with a layout section.
const HEADER_LEN: usize = 24;
const HEADER_LEN_LAYOUT: usize = 32;
/// Bytes that every type starts with.
pub(super) const TYPE_LEN: usize = 12;

/// Where the sections lie in the blob.
#[derive(Clone, Debug)]
pub(super) struct Sections {
    pub(super) types: Range<usize>,
    pub(super) strings: Range<usize>,
    /// Empty where there is none.
    pub(super) layout: Range<usize>,
}

/// The head of one type; `payload` is the offset, in the types section, of what follows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawType {
    pub(super) name: u32,
    info: u32,
    /// Size in bytes or id of another type, by kind.
    pub(super) size_or_type: u32,
    pub(super) payload: usize,
}

/// A `u32` of this machine's byte order at `at`, `None` outside of `bytes`.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let end = at.checked_add(4)?;
    Some(u32::from_ne_bytes(bytes.get(at..end)?.try_into().ok()?))
}

impl Sections {
    pub(super) fn find(blob: &[u8]) -> anyhow::Result<Self> {
        let magic = blob.get(..2).and_then(|m| m.try_into().ok()).map(u16::from_ne_bytes);
        match magic {
            Some(MAGIC) => {}
            Some(m) if m == MAGIC.swap_bytes() => {
                bail!("it was made for a machine of the other byte order")
            }
            _ => bail!("it does not begin with the magic number of BTF"),
        }
        if blob[2..].first() != Some(&1) {
            bail!("only version 1 of the format is known");
        }
        let word = |at| u32_at(blob, at).map(|w| w as usize).context("the header is cut");
        let header = word(4)?;
        if header < HEADER_LEN {
            bail!("the header is too short");
        }
        let at = |nth: usize| -> anyhow::Result<_> {
            let (offset, len) = (word(8 + nth * 8)?, word(12 + nth * 8)?);
            Ok(section(blob, header, offset, len))
        };
        let layout = if header < HEADER_LEN_LAYOUT { Some(0..0) } else { at(2)? };
        Ok(Self {
            types: at(0)?.context("the types are cut")?,
            strings: at(1)?.context("the strings are cut")?,
            layout: layout.context("the layout is cut")?,
        })
    }
}

fn section(blob: &[u8], header: usize, offset: usize, len: usize) -> Option<Range<usize>> {
    let start = header.checked_add(offset)?;
    let end = start.checked_add(len)?;
    (end <= blob.len()).then_some(start..end)
}

impl RawType {
    /// The type whose head is at `at`.
    pub(super) fn read(types: &[u8], at: usize) -> Option<Self> {
        Some(Self {
            name: u32_at(types, at)?,
            info: u32_at(types, at + 4)?,
            size_or_type: u32_at(types, at + 8)?,
            payload: at + TYPE_LEN,
        })
    }

    pub(super) fn kind(&self) -> u32 {
        self.info >> 24 & 0x7f
    }

    /// Number of members, enumerators or parameters.
    pub(super) fn vlen(&self) -> usize {
        (self.info & 0x00ff_ffff) as usize
    }

    /// Structures: offsets carry the width of a bit field. Enumerations: values are signed.
    pub(super) fn kflag(&self) -> bool {
        self.info >> 31 == 1
    }

    /// Bytes that follow the head; `None` for a kind that neither this program nor `layout` knows.
    pub(super) fn payload_len(&self, layout: &[u8]) -> Option<usize> {
        let (once, each) = match self.kind() {
            kind::INT | kind::VAR | kind::DECL_TAG => (4, 0),
            kind::ARRAY => (12, 0),
            kind::STRUCT | kind::UNION | kind::DATASEC | kind::ENUM64 => (0, 12),
            kind::ENUM | kind::FUNC_PROTO => (0, 8),
            kind::PTR | kind::FWD | kind::TYPEDEF | kind::VOLATILE | kind::CONST => (0, 0),
            kind::RESTRICT | kind::FUNC | kind::FLOAT | kind::TYPE_TAG => (0, 0),
            // Four bytes per kind: both lengths and 16 bits of flags.
            0 => return None,
            other => match layout.get(other as usize * 4..)? {
                [once, each, _, _, ..] => (usize::from(*once), usize::from(*each)),
                _ => return None,
            },
        };
        Some(once + each * self.vlen())
    }
}
