//! The running kernel's types as far as programs are attached by them: an id for each.

use std::borrow::Cow;
use std::path::Path;

use aya::Btf;
use oomtrace_common::{ABSENT, Layout};

use super::{LADDERS, Rung, SAMPLING, ladder::Kind};
use crate::kernel::{self, Named, Numbered, Roots, blob_of};

/// The tracepoint of the allocation hook.
const HOOK: &str = "rss_stat";

/// What programs are attached to by types. The library that attaches wants all types up to the one that it looks for; those of
/// functions come late in the kernel's list, so they are made up one at a time and not kept: while the kernel verifies a
/// program, memory may be short.
pub struct Types {
    tracepoints: Btf,
    functions: Vec<Numbered>,
}

impl Types {
    /// Those of the running kernel, read anew; `None` where it has none.
    ///
    /// With a BTF `file` given they are left alone: one gives a file because the kernel's own are absent or wrong.
    #[must_use]
    pub fn own(layout: &Layout, file: Option<&Path>) -> Option<Self> {
        if layout.task_tgid == ABSENT || file.is_some() {
            return None;
        }
        Self::of(&kernel::Btf::open(&Roots::default().vmlinux_btf()).ok()?)
    }

    /// Those among `types`.
    #[must_use]
    pub fn of(types: &kernel::Btf) -> Option<Self> {
        let rungs = || LADDERS.iter().chain(SAMPLING).flat_map(|(_, rungs)| rungs.iter());
        let tracepoints = rungs().filter(|rung| rung.kind == Kind::TpBtf).map(|rung| rung.target);
        let tracepoints = types.number(tracepoints.chain([HOOK]).map(tracepoint));
        Some(Self {
            tracepoints: parse(&tracepoints)?,
            functions: types.number(rungs().filter_map(function)),
        })
    }

    /// Those of tracepoints.
    #[must_use]
    pub fn tracepoints(&self) -> &Btf {
        &self.tracepoints
    }

    /// Those that a rung is attached by; `None` where it needs none, or there are none.
    pub(super) fn of_rung(&self, rung: &Rung) -> Option<Cow<'_, Btf>> {
        if rung.kind == Kind::TpBtf {
            return Some(Cow::Borrowed(&self.tracepoints));
        }
        let wanted = function(rung)?;
        parse(self.functions.iter().filter(|function| function.named == wanted)).map(Cow::Owned)
    }
}

fn parse<'a>(types: impl IntoIterator<Item = &'a Numbered>) -> Option<Btf> {
    Btf::parse(&blob_of(types), aya::Endianness::default()).ok()
}

fn tracepoint(name: &str) -> Named {
    Named::Typedef(format!("btf_trace_{name}"))
}

/// The function that a rung is attached to by its type.
fn function(rung: &Rung) -> Option<Named> {
    match rung.kind {
        Kind::Fentry | Kind::Fexit => Some(Named::Function(rung.target.to_owned())),
        Kind::Iter => Some(Named::Function(format!("bpf_iter_{}", rung.target))),
        Kind::TpBtf | Kind::Kprobe | Kind::Kretprobe | Kind::RawTp | Kind::Tp => None,
    }
}
