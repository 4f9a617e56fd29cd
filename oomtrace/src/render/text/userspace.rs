//! A kill by a program that watches memory.

use super::page::{Page, Rich, Tone};
use super::words;
use crate::model::UserspaceKill;
use crate::render::answers::userspace;

pub(super) fn write(page: &mut Page, kill: &UserspaceKill) {
    page.gap();
    let mut text = Rich::from(format!("{} ", userspace::when(kill)));
    if !kill.host.name.is_empty() {
        text.push(Tone::Plain, format!("{} ", words::safe(&kill.host.name)));
    }
    text.push(Tone::Bold, "Not the OOM killer: ");
    text.push(Tone::Red, userspace::deed(kill));
    text.push(Tone::Plain, format!(": {}.", userspace::reason(&kill.reason)));
    if let Some(end) = userspace::end(kill) {
        text.push(Tone::Plain, format!(" {end}"));
    }
    page.para(text.with(Tone::Dim, format!(" ({})", userspace::witness(kill))), 2);
    for note in &kill.notes {
        page.para(Rich::new().with(Tone::Yellow, format!("note: {}", words::safe(note))), 2);
    }
}
