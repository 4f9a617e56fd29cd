//! What is said before and after the reports, for people.

use std::fmt::Write as _;

use super::held::Written;
use crate::model::{Footer, SignMeaning};
use crate::render::{TextStyle, overview};
use crate::words::{bytes, escape};

/// The kinds of kills, when there are several, and which of them follow in full.
pub(super) fn before(held: &Written, is_all: bool, style: TextStyle) -> String {
    let mut out = overview(&held.kills, style);
    if held.kills.len() < 2 {
        return out;
    }
    if !is_all {
        out.insert_str(0, "The first of more:\n");
    }
    let all = held.kills.len() as u64 + held.left_out;
    if held.left_out > 0 {
        let _ = writeln!(out, "{} kills more are counted below and not listed here.", held.left_out);
    }
    let which = match held.in_full {
        in_full if in_full as u64 >= all => String::new(),
        0 => "None".to_owned(),
        1 => "The last one".to_owned(),
        several => format!("The last {several}"),
    };
    if !which.is_empty() {
        let _ = writeln!(out, "\n{which} in full (--last N for the last N, --all for all {all}):");
    }
    if held.dropped > 0 {
        let _ = writeln!(
            out,
            "{} older records of other kinds are left out: --all prints them, -f json writes them.",
            held.dropped
        );
    }
    out
}

/// What was read, by name.
pub(super) fn names(sources: &[(String, u64)]) -> String {
    let names: Vec<_> = sources.iter().take(4).map(|(name, _)| escape::text(name).into_owned()).collect();
    let mut read = names.join(", ");
    if sources.len() > names.len() {
        let _ = write!(read, " and {} more", sources.len() - names.len());
    }
    read
}

fn proves(footer: &Footer) -> bool {
    footer.signs.iter().any(|sign| sign.meaning == SignMeaning::OomKill)
}

/// The sums, and whether they can be trusted.
pub(super) fn after(footer: &Footer, userspace: u64, no_kills: u64, sources: &[(String, u64)]) -> String {
    let read = names(sources);
    let total: u64 = sources.iter().map(|(_, bytes)| bytes).sum();
    let mut out = match footer.kills {
        0 if proves(footer) => format!(
            "No report of the kernel's OOM killer in {read} ({} read), but other lines say that it killed.",
            bytes::size(total)
        ),
        0 if no_kills > 0 => {
            format!(
                "No OOM kill in {read} ({} read); what the OOM killer did instead is above.",
                bytes::size(total)
            )
        }
        0 => format!("No OOM kill in {read} ({} read).", bytes::size(total)),
        1 => format!("\n1 OOM kill in {read} ({} read)", bytes::size(total)),
        kills => format!("\n{kills} OOM kills in {read} ({} read)", bytes::size(total)),
    };
    if footer.kills > 0 {
        match footer.filtered {
            0 => out.push('.'),
            filtered => {
                let matched = footer.kills.saturating_sub(filtered);
                let _ = write!(out, ", {matched} of them selected.");
            }
        }
    }
    match userspace {
        0 => {}
        1 => out.push_str(" 1 kill by a program that watches memory."),
        kills => drop(write!(out, " {kills} kills by programs that watch memory.")),
    }
    out.push('\n');
    for note in &footer.notes {
        let _ = writeln!(out, "note: {}", escape::text(note));
    }
    out
}
