//! nohang, 0.1 and later. It writes blocks of lines: whom it has chosen, then what it sends.

use super::Meaning;
use super::scan::{NAME_MAX, decimal, nanoseconds, number, once};
use crate::model::{KillSignal, KillTarget, Text};

pub(super) fn read(text: &[u8]) -> Option<Meaning> {
    let text = text.trim_ascii();
    if let Some(rest) = text.strip_prefix(b"PID: ") {
        return chosen(rest).map(|target| Meaning::Chosen(Box::new(target)));
    }
    match text {
        b"Sending SIGTERM to the victim" => return Some(Meaning::Sent(KillSignal::Term)),
        b"Sending SIGKILL to the victim" => return Some(Meaning::Sent(KillSignal::Kill)),
        b"Selected process died before corrective action" => return Some(Meaning::NotKilled),
        _ => {}
    }
    if text.starts_with(b"Cannot send a signal: ") {
        return Some(Meaning::NotKilled);
    }
    let (seconds, rest) = decimal(text.strip_prefix(b"The victim died in ")?)?;
    (rest == b"s").then(|| Meaning::Exited(None, nanoseconds(seconds)))
}

/// `4711, Name: java, badness: 800`, of the process with the highest badness; the status that follows has no capital.
fn chosen(text: &[u8]) -> Option<KillTarget> {
    let (pid, rest) = number::<u32>(text)?;
    let (name, badness) = once(rest.strip_prefix(b", Name: ")?, b", badness: ")?;
    let (_, b"") = number::<i64>(badness)? else { return None };
    if name.len() > NAME_MAX {
        return None;
    }
    Some(KillTarget { pid: Some(pid), comm: Some(Text::new(name)), ..KillTarget::default() })
}
