//! Members of structures: where they are and what they are.

use super::raw::{RawType, kind};
use super::{Btf, unanimous};

/// Anonymous members nested deeper than this are not searched; the kernel's types stay below 8.
const DEPTH_MAX: u32 = 16;
/// Members looked at for one question; the largest real structure with all it nests has about a thousand.
const BUDGET: u32 = 1 << 16;

/// What a member holds, beneath typedefs and qualifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberKind {
    /// An integer, a boolean or an enumeration.
    Int,
    /// A pointer.
    Pointer,
    /// An array.
    Array {
        /// Name of the structure that its elements are, "" when they are none or it has no name.
        element: String,
        /// Number of elements; 0 for a flexible array.
        len: u32,
    },
    /// A structure by its name, "" when it has none.
    Struct(String),
    /// A union by its name, "" when it has none.
    Union(String),
    /// Something else.
    Other,
}

/// A member that was found, its offset counted from the start of the outermost structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Member {
    bits: u64,
    type_id: u32,
    bitfield: bool,
}

impl Btf {
    /// Offset in bytes of `struct.member[.member...]`, also of members of anonymous structures and unions within.
    ///
    /// `None` for what does not exist, for bit fields, and when structures of one name disagree.
    #[must_use]
    pub fn offset_of(&self, path: &str) -> Option<u32> {
        self.ask(path, |member| {
            (!member.bitfield && member.bits % 8 == 0).then(|| u32::try_from(member.bits / 8).ok())?
        })
    }

    /// What the member at `path` holds.
    #[must_use]
    pub fn member_kind(&self, path: &str) -> Option<MemberKind> {
        self.ask(path, |member| Some(self.kind_of(member.type_id)))
    }

    /// Size in bytes of the structure, union, enumeration or typedef of one of these called `name`.
    #[must_use]
    pub fn size_of(&self, name: &str) -> Option<u32> {
        let sized = |kind| is_compound(kind) || matches!(kind, kind::ENUM | kind::ENUM64 | kind::INT);
        let wanted = |kind| sized(kind) || kind == kind::TYPEDEF;
        unanimous(self.named(name, wanted).map(|(id, _)| {
            let (_, raw) = self.peel(id)?;
            sized(raw.kind()).then_some(raw.size_or_type)
        }))
    }

    fn ask<T: PartialEq>(&self, path: &str, answer: impl Fn(Member) -> Option<T>) -> Option<T> {
        let (name, members) = path.split_once('.')?;
        let mut budget = BUDGET;
        unanimous(
            self.named(name, is_compound)
                .map(|(id, _)| self.walk(id, members, &mut budget).and_then(&answer)),
        )
    }

    /// Follows `members` (`a.b.c`) from the structure `id`.
    fn walk(&self, id: u32, members: &str, budget: &mut u32) -> Option<Member> {
        let mut found = Member { bits: 0, type_id: id, bitfield: false };
        for name in members.split('.') {
            let (_, outer) = self.peel(found.type_id)?;
            let inner = self.find(&outer, name.as_bytes(), DEPTH_MAX, budget)?;
            found = Member { bits: found.bits + inner.bits, ..inner };
        }
        Some(found)
    }

    fn find(&self, outer: &RawType, name: &[u8], depth: u32, budget: &mut u32) -> Option<Member> {
        if !is_compound(outer.kind()) || name.is_empty() {
            return None;
        }
        for nth in 0..outer.vlen() {
            *budget = budget.checked_sub(1)?;
            let (name_at, member) = self.member(outer, nth)?;
            if name_at != 0 && self.string(name_at) == Some(name) {
                return Some(member);
            }
            if name_at == 0
                && depth > 0
                && let Some((_, nested)) = self.peel(member.type_id)
                && let Some(inner) = self.find(&nested, name, depth - 1, budget)
            {
                return Some(Member { bits: member.bits + inner.bits, ..inner });
            }
        }
        None
    }

    /// Member `nth` of `outer` with the offset of its name.
    fn member(&self, outer: &RawType, nth: usize) -> Option<(u32, Member)> {
        let [name, type_id, offset] = [0, 1, 2].map(|word| self.word(outer, nth * 3 + word));
        let (type_id, offset) = (type_id?, offset?);
        let (bits, width) = if outer.kflag() { (offset & 0x00ff_ffff, offset >> 24) } else { (offset, 0) };
        let bitfield = width != 0 || self.is_partial_int(type_id);
        Some((name?, Member { bits: u64::from(bits), type_id, bitfield }))
    }

    /// Whether `id` is an integer that does not fill its bytes: the older way of writing bit fields.
    fn is_partial_int(&self, id: u32) -> bool {
        let Some((_, raw)) = self.peel(id) else { return false };
        let encoding = self.word(&raw, 0).unwrap_or(0);
        raw.kind() == kind::INT
            && (encoding & 0xff != raw.size_or_type.saturating_mul(8) || encoding >> 16 & 0xff != 0)
    }

    fn kind_of(&self, id: u32) -> MemberKind {
        let Some((_, raw)) = self.peel(id) else { return MemberKind::Other };
        match raw.kind() {
            kind::INT | kind::ENUM | kind::ENUM64 => MemberKind::Int,
            kind::PTR => MemberKind::Pointer,
            kind::STRUCT => MemberKind::Struct(self.text(raw.name)),
            kind::UNION => MemberKind::Union(self.text(raw.name)),
            kind::ARRAY => MemberKind::Array {
                element: self.word(&raw, 0).map_or_else(String::new, |id| self.struct_name(id)),
                len: self.word(&raw, 2).unwrap_or(0),
            },
            _ => MemberKind::Other,
        }
    }

    /// Name of the structure that `id` is beneath typedefs and qualifiers, else "".
    pub(super) fn struct_name(&self, id: u32) -> String {
        match self.peel(id) {
            Some((_, raw)) if raw.kind() == kind::STRUCT => self.text(raw.name),
            _ => String::new(),
        }
    }

    pub(super) fn text(&self, offset: u32) -> String {
        String::from_utf8_lossy(self.string(offset).unwrap_or_default()).into_owned()
    }
}

fn is_compound(kind: u32) -> bool {
    matches!(kind, kind::STRUCT | kind::UNION)
}
