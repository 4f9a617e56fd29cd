//! The record as it is, for those who want to check.

use serde_json::Value;

use crate::model::{Event, Incident};
use crate::render::markup::Markup;

/// Arrays and objects that are no longer than this stay on one line.
const LINE: usize = 100;
/// A longer record is not put into a page.
const RECORD: usize = 1 << 20;

pub(super) fn write(page: &mut Markup, incident: &Incident) {
    let Ok(record) = serde_json::to_value(Event::OomKill(Box::new(incident.clone()))) else { return };
    if record.to_string().len() > RECORD {
        let text = format!(
            "The raw record is too large for this page: `oomtrace report -f json` writes it, its id is {}.",
            incident.id
        );
        page.text_tag("p", &[("class", "dim")], &text);
        return;
    }
    let mut text = String::new();
    pretty(&mut text, &record, 0);
    page.tag("section", &[("class", "card")], |page| {
        page.tag("details", &[], |page| {
            page.text_tag("summary", &[], "Raw record (JSON)");
            page.tag("pre", &[("tabindex", "0")], |page| {
                page.lines(&ascii(&text));
            });
        });
    });
}

/// JSON in as few lines as can be read.
fn pretty(out: &mut String, value: &Value, depth: usize) {
    let compact = value.to_string();
    if compact.len() + 2 * depth <= LINE {
        out.push_str(&compact);
        return;
    }
    match value {
        Value::Array(items) => {
            let items = items.iter().map(|item| (String::new(), item));
            block(out, '[', ']', items, depth);
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, item)| (format!("{}: ", Value::from(key.as_str())), item));
            block(out, '{', '}', fields, depth);
        }
        _ => out.push_str(&compact),
    }
}

/// Items below each other; short ones side by side.
fn block<'a>(
    out: &mut String,
    open: char,
    close: char,
    items: impl Iterator<Item = (String, &'a Value)>,
    depth: usize,
) {
    out.push(open);
    let mut room = 0;
    for (at, (key, item)) in items.enumerate() {
        let mut text = key;
        pretty(&mut text, item, depth + 1);
        let beside = open == '[' && text.len() < room;
        out.push_str(if at == 0 { "" } else { "," });
        if beside {
            out.push(' ');
        } else {
            new_line(out, depth + 1);
            room = LINE.saturating_sub(2 * depth);
        }
        room = room.saturating_sub(text.len() + 2);
        out.push_str(&text);
    }
    new_line(out, depth);
    out.push(close);
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// What is not ASCII as JSON's own escapes: nothing hides, and what is copied stays the same record.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || (' '..='~').contains(&c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pretty_is_the_same_json() {
        let points: Vec<_> = (0..500).map(|n| serde_json::json!([n, n * 7])).collect();
        let value = serde_json::json!({"a": {"b": points}, "c": "\u{202e}\u{1f980}\u{7f}", "d": [], "e": "x".repeat(200)});
        let mut text = String::new();
        pretty(&mut text, &value, 0);
        let text = ascii(&text);
        assert!(text.is_ascii() && text.lines().count() > 20, "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
