//! The ids of a few types, in a blob that a reader of all types gets through in little time and memory.

use super::Btf;
use super::raw::kind;

/// Begin of a blob: magic number, version 1, no flags.
const BEGIN: u32 = u32::from_ne_bytes(
    // One word in this machine's order: 16 bits of magic number, then two bytes.
    if cfg!(target_endian = "little") { [0x9f, 0xeb, 1, 0] } else { [0xeb, 0x9f, 1, 0] },
);
const HEADER_LEN: u32 = 24;
/// Bytes of a type without anything behind its head.
const BARE: u32 = 12;

/// A type by name, of the kinds that programs are attached by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A function.
    Function(String),
    /// A typedef; typed tracepoints are some.
    Typedef(String),
}

impl Named {
    fn parts(&self) -> (&str, u32) {
        match self {
            Self::Function(name) => (name, kind::FUNC),
            Self::Typedef(name) => (name, kind::TYPEDEF),
        }
    }
}

/// A type with its id in a kernel's BTF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    id: u32,
    /// The type.
    pub named: Named,
}

impl Btf {
    /// The id of each type that there is; of several of one name the first counts.
    #[must_use]
    pub fn number(&self, wanted: impl IntoIterator<Item = Named>) -> Vec<Numbered> {
        let id = |named: &Named| {
            let (name, kind) = named.parts();
            self.named(name, |found| found == kind).next().map(|(id, _)| id)
        };
        wanted.into_iter().filter_map(|named| Some(Numbered { id: id(&named)?, named })).collect()
    }
}

/// A blob in which these types have the ids that they have in the kernel's own. All others are pointers to void, and those
/// behind the last one are left out.
///
/// The kernel asks for nothing but the id of what a program is attached to.
#[must_use]
pub fn blob_of<'a>(types: impl IntoIterator<Item = &'a Numbered>) -> Vec<u8> {
    let mut types: Vec<_> = types.into_iter().map(|one| (one.id, one.named.parts())).collect();
    types.sort_unstable();
    types.dedup();
    let count = types.last().map_or(0, |(id, _)| *id);
    let types_len = count * BARE;
    let strings_len: usize = 1 + types.iter().map(|(_, (name, _))| name.len() + 1).sum::<usize>();
    let mut blob = Vec::with_capacity((HEADER_LEN + types_len) as usize + strings_len);
    let mut words = |words: [u32; 3]| words.iter().for_each(|word| blob.extend(word.to_ne_bytes()));
    words([BEGIN, HEADER_LEN, 0]);
    words([types_len, types_len, u32::try_from(strings_len).unwrap_or(1)]);
    let mut strings = vec![0];
    let mut next = types.iter().peekable();
    for id in 1..=count {
        match next.next_if(|(wanted, _)| *wanted == id) {
            Some((_, (name, kind))) => {
                words([u32::try_from(strings.len()).unwrap_or(0), kind << 24, 0]);
                strings.extend_from_slice(name.as_bytes());
                strings.push(0);
            }
            None => words([0, kind::PTR << 24, 0]),
        }
    }
    blob.extend(strings);
    blob
}

#[cfg(test)]
mod tests {
    use super::super::writer::Writer;
    use super::*;

    #[test]
    fn ids_stay_what_they_are() {
        let mut writer = Writer::new();
        for nth in 0..50 {
            writer.members(&format!("s{nth}"), kind::STRUCT, false, 8, &[("a", 0, 0), ("b", 0, 32)]);
        }
        let proto = writer.add("", kind::FUNC_PROTO, false, 0, 0, &[]);
        let one = writer.add("one", kind::FUNC, false, proto, 1, &[]);
        writer.add("one", kind::STRUCT, false, 0, 0, &[]);
        let two = writer.add("btf_trace_two", kind::TYPEDEF, false, proto, 0, &[]);
        writer.add("one", kind::FUNC, false, proto, 1, &[]);
        writer.add("three", kind::FUNC, false, proto, 1, &[]);
        let whole = Btf::parse(writer.finish()).unwrap();
        let wanted = ["one", "none"].map(|name| Named::Function(name.into()));
        let numbered = whole.number(wanted.into_iter().chain([Named::Typedef("btf_trace_two".into())]));
        assert_eq!(numbered.len(), 2);
        let blob = blob_of(&numbered);
        let few = Btf::parse(blob.clone()).unwrap();
        assert_eq!(few.len(), two as usize, "what comes after is left out");
        let id = |name, kind| few.named(name, |found| found == kind).map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!((id("one", kind::FUNC), id("btf_trace_two", kind::TYPEDEF)), (vec![one], vec![two]));
        assert!(!few.has_func("three") && !few.has_func("none"));
        // And for the library that attaches by it.
        assert!(aya::Btf::parse(&blob, aya::Endianness::default()).is_ok());
        assert!(Btf::parse(blob_of([])).unwrap().is_empty());
    }
}
