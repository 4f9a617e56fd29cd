//! Lines of a collector: a tag of its own, and the record in JSON.

use super::json;
use super::line::{LogLine, Writer};

/// `kernel.messages: {"ident":"kernel","message":"..."}`: a collector's tag has parts, and what follows is a record. It is no proof
/// of its writer.
pub(super) fn record(text: &[u8], depth: u8) -> Option<LogLine<'_>> {
    // A zone stands apart.
    let zone = matches!(text, [b'+' | b'-', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ', ..]);
    let text = if zone { &text[6..] } else { text };
    let end = text.iter().take(128).position(|b| matches!(b, b' ' | b'\t'))?;
    let (tag, rest) = (&text[..end], &text[end..]);
    let tag = tag.strip_suffix(b":").unwrap_or(tag);
    let record = rest.trim_ascii();
    let is_record = record.starts_with(b"{") && record.ends_with(b"}");
    if !is_record || !tag.contains(&b'.') || tag.contains(&b'[') {
        return None;
    }
    let inner = json::parse(record, depth + 1)?.without_findings();
    let writer = if inner.writer == Writer::Process { Writer::Process } else { Writer::Unknown };
    Some(LogLine { writer, ..inner })
}
