//! The kernel's BTF: its structures, enumerations and functions, as raw BTF (not an ELF section).
//!
//! Answers are `None` when the kernel has no such thing and also when it has several of one name that disagree: a wrong
//! offset would be worse than none. Input is not trusted: any bytes give an error or answers, in bounded time.

mod blob;
mod enums;
mod index;
mod member;
mod named;
mod proto;
mod raw;

#[cfg(test)]
mod garbage;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod minimize;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod writer;

use std::path::Path;

use anyhow::Context as _;

use blob::Blob;
use index::Index;

pub use member::MemberKind;
pub use named::{Named, Numbered, blob_of};
pub use proto::FirstArg;

/// Type information of one kernel. Holds the blob: drop it once everything was asked.
#[derive(Debug)]
pub struct Btf {
    blob: Blob,
    index: Index,
}

impl Btf {
    /// Opens `path`, normally [`super::Roots::vmlinux_btf`].
    ///
    /// # Errors
    /// When the file can't be read, with the remedy where it is absent, and as for [`Btf::parse`].
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let blob = Blob::open(path).with_context(|| {
            format!(
                "can't read the kernel's type information {}: the kernel needs CONFIG_DEBUG_INFO_BTF=y",
                path.display()
            )
        })?;
        Self::new(blob).with_context(|| format!("{} is not usable BTF", path.display()))
    }

    /// Takes a blob in this machine's byte order.
    ///
    /// # Errors
    /// When it is not BTF, is of the other byte order, is cut, or holds kinds of types that are not known here.
    pub fn parse(bytes: Vec<u8>) -> anyhow::Result<Self> {
        Self::new(Blob::from(bytes))
    }

    fn new(blob: Blob) -> anyhow::Result<Self> {
        let index = Index::new(&blob)?;
        Ok(Self { blob, index })
    }

    /// Number of types, without `void`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is no type at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the kernel has the function `name`, under exactly this name, as far as BTF knows.
    ///
    /// A function that BTF lists can still be refused by the kernel when it is attached to.
    #[must_use]
    pub fn has_func(&self, name: &str) -> bool {
        self.named(name, |kind| kind == raw::kind::FUNC).next().is_some()
    }
}

/// The common answer of all `answers`: `None` when there is none, when one of them is `None`, or when they differ.
fn unanimous<T: PartialEq>(mut answers: impl Iterator<Item = Option<T>>) -> Option<T> {
    let first = answers.next()??;
    answers.all(|answer| answer.as_ref() == Some(&first)).then_some(first)
}
