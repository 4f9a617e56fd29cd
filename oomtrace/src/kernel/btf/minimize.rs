//! Cuts a kernel's BTF (5 MB) down to the types that oomtrace asks for (some kB): the fixtures of the golden test.
//!
//! Structures keep their sizes, and of their members only those on the way to a wanted one; anonymous members stay
//! anonymous, and structures of one name stay as many as they were.

use std::collections::{BTreeMap, BTreeSet};

use super::Btf;
use super::raw::{RawType, kind};
use super::writer::Writer;

/// What a fixture holds.
pub(super) struct Wanted<'a> {
    /// `struct.member[.member]`.
    pub(super) paths: &'a [&'a str],
    /// Names of structures, enumerations, typedefs and functions.
    pub(super) names: &'a [&'a str],
    /// Variants of enumerations without a name.
    pub(super) variants: &'a [&'a str],
}

struct Minimizer<'a> {
    btf: &'a Btf,
    /// Ids to keep.
    kept: BTreeSet<u32>,
    /// Members to keep of each structure.
    members: BTreeMap<u32, BTreeSet<usize>>,
}

/// A blob with what is wanted of `btf`.
pub(super) fn minimize(btf: &Btf, wanted: &Wanted<'_>) -> Vec<u8> {
    let mut min = Minimizer { btf, kept: BTreeSet::new(), members: BTreeMap::new() };
    for path in wanted.paths {
        let (name, members) = path.split_once('.').unwrap();
        let ids: Vec<u32> = btf.named(name, is_compound).map(|(id, _)| id).collect();
        for id in ids {
            min.mark(id, members);
        }
    }
    let named = wanted.names.iter().flat_map(|name| btf.named(name, |_| true).map(|(id, _)| id));
    let anonymous = (1..).zip(btf.all()).filter(|(_, raw)| {
        raw.kind() == kind::ENUM
            && raw.name == 0
            && min.names_of(raw).iter().any(|name| wanted.variants.contains(&name.as_str()))
    });
    let roots: Vec<u32> =
        min.members.keys().copied().chain(named).chain(anonymous.map(|(id, _)| id)).collect();
    roots.into_iter().for_each(|id| min.keep(id));
    min.write()
}

impl Minimizer<'_> {
    fn names_of(&self, raw: &RawType) -> Vec<String> {
        (0..raw.vlen()).map(|nth| self.btf.text(self.btf.word(raw, nth * 2).unwrap())).collect()
    }

    /// Marks the members on the way from `id` to `members`; false when there is no such way.
    fn mark(&mut self, id: u32, members: &str) -> bool {
        let Some((id, raw)) = self.btf.peel(id) else { return false };
        if !is_compound(raw.kind()) {
            return false;
        }
        let (wanted, rest) = members.split_once('.').unwrap_or((members, ""));
        let mut found = false;
        for nth in 0..raw.vlen() {
            let (name, type_id) =
                (self.btf.word(&raw, nth * 3).unwrap(), self.btf.word(&raw, nth * 3 + 1).unwrap());
            let here = match name {
                0 => self.mark(type_id, members),
                _ => {
                    self.btf.text(name) == wanted && {
                        self.mark(type_id, rest);
                        true
                    }
                }
            };
            if here {
                self.members.entry(id).or_default().insert(nth);
                found = true;
            }
        }
        found
    }

    /// Keeps `id` and every type it needs.
    fn keep(&mut self, id: u32) {
        if id != 0 && self.kept.insert(id) {
            let raw = self.btf.raw(id).unwrap();
            self.needs(id, &raw).into_iter().for_each(|id| self.keep(id));
        }
    }

    fn needs(&self, id: u32, raw: &RawType) -> Vec<u32> {
        let word = |n| self.btf.word(raw, n).unwrap();
        match raw.kind() {
            kind::STRUCT | kind::UNION => {
                self.members.get(&id).into_iter().flatten().map(|nth| word(nth * 3 + 1)).collect()
            }
            kind::ARRAY => vec![word(0), word(1)],
            kind::FUNC_PROTO => {
                (0..raw.vlen()).map(|nth| word(nth * 2 + 1)).chain([raw.size_or_type]).collect()
            }
            kind::INT | kind::ENUM | kind::ENUM64 | kind::FWD | kind::FLOAT => vec![],
            _ => vec![raw.size_or_type],
        }
    }

    fn write(&self) -> Vec<u8> {
        let new: BTreeMap<u32, u32> = self.kept.iter().copied().zip(1..).collect();
        let id = |old: u32| new.get(&old).copied().unwrap_or(0);
        let mut writer = Writer::new();
        for old in &self.kept {
            self.write_one(&mut writer, *old, id);
        }
        writer.finish()
    }

    fn write_one(&self, writer: &mut Writer, old: u32, id: impl Fn(u32) -> u32) {
        let raw = self.btf.raw(old).unwrap();
        let word = |n| self.btf.word(&raw, n).unwrap();
        let name = |offset| self.btf.text(offset);
        let no_members = BTreeSet::new();
        let (target, vlen, payload): (u32, usize, Vec<u32>) = match raw.kind() {
            kind::STRUCT | kind::UNION => {
                let kept = self.members.get(&old).unwrap_or(&no_members);
                let member = |nth: &usize| {
                    [writer.string(&name(word(nth * 3))), id(word(nth * 3 + 1)), word(nth * 3 + 2)]
                };
                (raw.size_or_type, kept.len(), kept.iter().flat_map(member).collect())
            }
            kind::ENUM | kind::ENUM64 => {
                let words = if raw.kind() == kind::ENUM { 2 } else { 3 };
                let value = |n| if n % words == 0 { writer.string(&name(word(n))) } else { word(n) };
                (raw.size_or_type, raw.vlen(), (0..raw.vlen() * words).map(value).collect())
            }
            kind::FUNC_PROTO => {
                let param = |n| if n % 2 == 0 { 0 } else { id(word(n)) };
                (id(raw.size_or_type), raw.vlen(), (0..raw.vlen() * 2).map(param).collect())
            }
            kind::ARRAY => (0, 0, vec![id(word(0)), id(word(1)), word(2)]),
            kind::INT => (raw.size_or_type, 0, vec![word(0)]),
            kind::FLOAT => (raw.size_or_type, 0, vec![]),
            kind::FWD => (0, 0, vec![]),
            // The linkage of a function is in place of its number of members.
            _ => (id(raw.size_or_type), raw.vlen(), vec![]),
        };
        writer.add(&name(raw.name), raw.kind(), raw.kflag(), target, vlen, &payload);
    }
}

fn is_compound(kind: u32) -> bool {
    matches!(kind, kind::STRUCT | kind::UNION)
}
