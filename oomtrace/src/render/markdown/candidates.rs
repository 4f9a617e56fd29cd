//! What the kernel chose from.

use super::{escape, line, table};
use crate::model::{Candidate, Incident};
use crate::render::text::score::{self, Unit};
use crate::render::text::words;

/// Candidates that are listed.
const SHOWN: usize = 12;

pub(super) fn write(out: &mut String, incident: &Incident) {
    if incident.candidates.is_empty() {
        return;
    }
    line(out, "\n### Candidates by badness\n");
    let titles = ["", "Process", ">Badness", ">Resident", ">Swap", ">Page tables", ">oom\\_score\\_adj"];
    table(out, &titles, incident.candidates.iter().take(SHOWN).map(|candidate| row(incident, candidate)));
    let more = incident.candidates_scored.map_or(0, |scored| scored as usize);
    let more = more.max(incident.candidates.len()).saturating_sub(SHOWN);
    if more > 0 {
        line(out, &format!("\n{more} more were scored, none higher."));
    }
}

fn row(incident: &Incident, candidate: &Candidate) -> Vec<String> {
    let killed = incident.victims.iter().any(|victim| victim.pid == candidate.pid);
    let size = |size: Option<u64>| size.map_or(String::new(), |size| escape::prose(&words::size(size)));
    vec![
        if killed { "**killed**".into() } else { String::new() },
        format!("{} ({})", escape::name(&candidate.comm), candidate.pid),
        match candidate.points {
            Some(points) => escape::prose(&Unit::of(incident).tied(points)),
            None if candidate.oom_score_adj == Some(score::EXEMPT) => "exempt".into(),
            None => String::new(),
        },
        size(candidate.rss_bytes),
        size(candidate.swap_bytes),
        size(candidate.page_table_bytes),
        candidate.oom_score_adj.map_or(String::new(), |adj| adj.to_string()),
    ]
}
