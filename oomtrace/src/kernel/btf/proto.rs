//! Arguments of raw tracepoints.

use super::raw::{RawType, kind};
use super::{Btf, unanimous};

/// The first argument that a raw tracepoint gives its programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstArg {
    /// `struct task_struct *`.
    Task,
    /// An integer.
    Int,
}

impl Btf {
    /// First argument of the raw tracepoint `name`, from the typedef `btf_trace_<name>`.
    ///
    /// `None` when the kernel does not have the tracepoint or its argument is something else. It decides by what the
    /// kernel is, since `mark_victim`'s change from pid to task (6.9) was carried back to 5.4, 5.10, 5.15, 6.1 and 6.6.
    #[must_use]
    pub fn raw_tracepoint_first_arg(&self, name: &str) -> Option<FirstArg> {
        self.ask_prototype(name, |proto| {
            // Parameters are pairs of name and type; the first is the `void *` of the tracepoint's own data.
            let (_, arg) = self.peel(self.word(proto, 3)?)?;
            match arg.kind() {
                kind::INT => Some(FirstArg::Int),
                kind::PTR if self.struct_name(arg.size_or_type) == "task_struct" => Some(FirstArg::Task),
                _ => None,
            }
        })
    }

    /// Number of arguments that the raw tracepoint `name` gives its programs.
    #[must_use]
    pub fn raw_tracepoint_args(&self, name: &str) -> Option<usize> {
        self.ask_prototype(name, |proto| proto.vlen().checked_sub(1))
    }

    fn ask_prototype<T: PartialEq>(&self, name: &str, answer: impl Fn(&RawType) -> Option<T>) -> Option<T> {
        let typedef = format!("btf_trace_{name}");
        unanimous(self.named(&typedef, |kind| kind == kind::TYPEDEF).map(|(id, _)| {
            let (_, pointer) = self.peel(id)?;
            let (_, proto) = self.peel(pointer.size_or_type).filter(|_| pointer.kind() == kind::PTR)?;
            if proto.kind() == kind::FUNC_PROTO && proto.vlen() >= 2 { answer(&proto) } else { None }
        }))
    }
}
