//! Lines of a log about memory that are no report of the OOM killer.

use super::{escape, line, table};
use crate::model::Sign;
use crate::render::answers::signs;

pub(super) fn write(out: &mut String, all: &[Sign]) {
    if all.is_empty() {
        return;
    }
    line(out, &format!("\n## {}\n", signs::HEADING));
    let rows = all.iter().map(|sign| {
        vec![
            escape::prose(&signs::count(sign)),
            escape::prose(&format!("{}.", signs::what(sign))),
            escape::prose(&signs::first(sign)),
        ]
    });
    table(out, &["Lines", "What they mean", "The first"], rows);
}
