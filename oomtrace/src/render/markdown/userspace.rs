//! Kills by programs that watch memory.

use super::{escape, line, table};
use crate::model::UserspaceKill;
use crate::render::answers::userspace;

/// Rows.
const SHOWN: usize = 50;

pub(super) fn write(out: &mut String, kills: &[UserspaceKill]) {
    if kills.is_empty() {
        return;
    }
    line(out, "\n## Killed for memory by programs, not by the OOM killer\n");
    let rows = kills.iter().take(SHOWN).map(|kill| {
        let end = userspace::end(kill).map_or(String::new(), |end| format!(" {end}"));
        let notes: Vec<_> =
            std::iter::once(userspace::witness(kill)).chain(kill.notes.iter().cloned()).collect();
        vec![
            escape::prose(&userspace::when(kill)),
            escape::prose(&format!("{}.{end}", userspace::deed(kill))),
            escape::prose(&userspace::reason(&kill.reason)),
            escape::prose(&notes.join("; ")),
        ]
    });
    table(out, &["When", "What", "Why", "Told by"], rows);
    if kills.len() > SHOWN {
        line(out, &format!("\n{} more are not shown here.", kills.len() - SHOWN));
    }
}
