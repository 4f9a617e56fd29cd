//! One pass over all types: where each begins, and a sorted table of the names that are asked for.

use anyhow::bail;

use super::raw::{RawType, Sections, TYPE_LEN, kind};
use super::{Btf, raw};

/// Longer names (the kernel's own limit is 512) are not indexed; it keeps hostile blobs from costing quadratic time.
const NAME_MAX: usize = 512;
/// Typedefs and qualifiers that are followed in a row; the kernel allows 32.
const CHAIN_MAX: usize = 64;

/// Where types begin, and the ids of named ones.
#[derive(Debug)]
pub(super) struct Index {
    sections: Sections,
    /// Offset in the types section of the type with id `n + 1`.
    offsets: Vec<u32>,
    /// Hash of the name and id, sorted.
    names: Vec<(u32, u32)>,
}

impl Index {
    pub(super) fn new(blob: &[u8]) -> anyhow::Result<Self> {
        let sections = Sections::find(blob)?;
        let (types, strings) = (&blob[sections.types.clone()], &blob[sections.strings.clone()]);
        let layout = &blob[sections.layout.clone()];
        let mut index = Self { sections, offsets: Vec::new(), names: Vec::new() };
        let mut at = 0;
        while at < types.len() {
            let Some(raw) = RawType::read(types, at) else { bail!("the last type is cut") };
            let Some(payload) = raw.payload_len(layout) else {
                bail!("type {} is of the unknown kind {}", index.offsets.len() + 1, raw.kind());
            };
            index.add(&raw, at, strings)?;
            at += TYPE_LEN + payload;
        }
        if at != types.len() {
            bail!("the last type is cut");
        }
        index.names.sort_unstable();
        Ok(index)
    }

    fn add(&mut self, raw: &RawType, at: usize, strings: &[u8]) -> anyhow::Result<()> {
        self.offsets.push(u32::try_from(at)?);
        if is_indexed(raw.kind())
            && raw.name != 0
            && let Some(name) = string(strings, raw.name)
        {
            self.names.push((hash(name), u32::try_from(self.offsets.len())?));
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.offsets.len()
    }
}

fn is_indexed(kind: u32) -> bool {
    matches!(kind, kind::STRUCT | kind::UNION | kind::ENUM | kind::ENUM64 | kind::TYPEDEF | kind::FUNC)
}

/// The string at `offset` without its NUL; `None` when it does not end within [`NAME_MAX`] bytes.
fn string(strings: &[u8], offset: u32) -> Option<&[u8]> {
    let rest = strings.get(offset as usize..)?;
    let end = rest.iter().take(NAME_MAX).position(|byte| *byte == 0)?;
    Some(&rest[..end])
}

/// FNV-1a.
fn hash(name: &[u8]) -> u32 {
    name.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

impl Btf {
    pub(super) fn types(&self) -> &[u8] {
        &self.blob[self.index.sections.types.clone()]
    }

    /// The type `id`; `None` for `void` (0) and ids that do not exist.
    pub(super) fn raw(&self, id: u32) -> Option<RawType> {
        let at = *self.index.offsets.get((id as usize).checked_sub(1)?)?;
        RawType::read(self.types(), at as usize)
    }

    pub(super) fn string(&self, offset: u32) -> Option<&[u8]> {
        string(&self.blob[self.index.sections.strings.clone()], offset)
    }

    /// Word `n` of what follows the head of `raw`.
    pub(super) fn word(&self, raw: &RawType, n: usize) -> Option<u32> {
        raw::u32_at(self.types(), raw.payload + n * 4)
    }

    /// Types called `name` whose kind is wanted.
    pub(super) fn named(
        &self,
        name: &str,
        wanted: impl Fn(u32) -> bool,
    ) -> impl Iterator<Item = (u32, RawType)> {
        let key = hash(name.as_bytes());
        let names = &self.index.names;
        let first = names.partition_point(|(hash, _)| *hash < key);
        names[first..]
            .iter()
            .take_while(move |(hash, _)| *hash == key)
            .filter_map(|(_, id)| Some((*id, self.raw(*id)?)))
            .filter(move |(_, raw)| wanted(raw.kind()) && self.string(raw.name) == Some(name.as_bytes()))
    }

    /// Every type, in order of their ids.
    pub(super) fn all(&self) -> impl Iterator<Item = RawType> {
        let types = self.types();
        self.index.offsets.iter().filter_map(|at| RawType::read(types, *at as usize))
    }

    /// What `id` is beneath typedefs, qualifiers and tags.
    pub(super) fn peel(&self, mut id: u32) -> Option<(u32, RawType)> {
        for _ in 0..CHAIN_MAX {
            let raw = self.raw(id)?;
            match raw.kind() {
                kind::TYPEDEF | kind::VOLATILE | kind::CONST | kind::RESTRICT | kind::TYPE_TAG => {
                    id = raw.size_or_type;
                }
                _ => return Some((id, raw)),
            }
        }
        None
    }
}
