//! JSON of any shape: every text in it that is a line of a log, with what the objects around it say.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::line::LogLine;
use super::needles::Needles;
use super::{beginning, clean, json, text, words};

/// Deeper is no log.
const DEPTH: usize = 32;
/// Lines of one record.
const LINES: usize = 1 << 16;
/// Texts of these names are no lines of a log.
const NO_LINES: [&str; 8] =
    ["_CMDLINE", "cmdline", "command", "query", "expr", "queryString", "_COMM", "comm"];

type Object = Map<String, Value>;

/// Whether a text is JSON to its end.
pub(super) fn is_json(text: &[u8]) -> bool {
    let text = text.strip_suffix(b",").unwrap_or(text);
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// The lines in a record; where a report is being read, also those without any of the words.
pub(super) fn lines(record: &[u8], busy: bool, needles: &Needles) -> Vec<LogLine<'static>> {
    let record = record.strip_suffix(b",").unwrap_or(record);
    let Some(value) = json::value(record) else { return Vec::new() };
    let mut walk = Walk { busy, needles, out: Vec::new() };
    walk.value(&value, &mut Vec::new());
    walk.out
}

struct Walk<'a> {
    busy: bool,
    needles: &'a Needles,
    out: Vec<LogLine<'static>>,
}

impl Walk<'_> {
    fn value<'v>(&mut self, value: &'v Value, around: &mut Vec<&'v Object>) {
        if around.len() > DEPTH || self.out.len() > LINES {
            return;
        }
        match value {
            Value::Object(object) => self.object(object, around),
            Value::Array(list) => self.list(list, around),
            Value::String(text) => self.text(text, around),
            _ => {}
        }
    }

    fn object<'v>(&mut self, object: &'v Object, around: &mut Vec<&'v Object>) {
        if let Some(rows) = table(object) {
            for row in &rows {
                self.object(row, &mut around.clone());
            }
            return;
        }
        let all = json::around(object, around);
        if let Some(message) = json::message(&all) {
            let wanted = self.needles.find(&message).is_some();
            if json::is_journal(&all) || wanted || (self.busy && !self.is_in(object)) {
                return self.message(&message, &all);
            }
        }
        around.push(object);
        for (_, value) in object.iter().filter(|(name, _)| !NO_LINES.contains(&name.as_str())) {
            self.value(value, around);
        }
        around.pop();
    }

    /// Whether any text in it has one of the words.
    fn is_in(&self, object: &Object) -> bool {
        serde_json::to_vec(object).is_ok_and(|text| self.needles.find(&text).is_some())
    }

    fn list<'v>(&mut self, list: &'v [Value], around: &mut Vec<&'v Object>) {
        if let Some(object) = named(list) {
            return self.object(&object, &mut around.clone());
        }
        if list.len() > 1 && list.iter().all(is_scalar) && list.iter().any(Value::is_string) {
            let siblings = siblings(list);
            let mut around = around.clone();
            around.push(&siblings);
            list.iter().filter_map(Value::as_str).for_each(|text| self.text(text, &around));
            return;
        }
        // Newest first, as Loki and Elasticsearch give them: a report is read forwards.
        if is_backwards(list) {
            list.iter().rev().for_each(|value| self.value(value, around));
        } else {
            list.iter().for_each(|value| self.value(value, around));
        }
    }

    fn text(&mut self, text: &str, around: &[&Object]) {
        if self.needles.find(text.as_bytes()).is_none() && !self.busy {
            return;
        }
        let trimmed = text.trim_start();
        // What stands in a text anyone may have written.
        if trimmed.starts_with(['{', '['])
            && is_json(trimmed.as_bytes())
            && let Some(value) = json::value(trimmed.as_bytes())
        {
            let mut inner = Walk { busy: self.busy, needles: self.needles, out: Vec::new() };
            inner.value(&value, &mut around.to_vec());
            self.out.extend(inner.out.into_iter().map(LogLine::without_findings));
            return;
        }
        let all: Vec<&Object> = around.iter().rev().copied().collect();
        self.message(text.as_bytes(), &all);
    }

    /// The lines of a text: the journal's records are one, of several lines; other texts may hold a whole report.
    fn message(&mut self, message: &[u8], all: &[&Object]) {
        if json::is_journal(all) {
            return self.out.push(json::line(all, message, 1));
        }
        let cleaned = clean::clean(message, false);
        let whole = lines_of(&cleaned);
        for piece in whole.split(|b| *b == b'\n').filter(|piece| !piece.is_empty()) {
            let mut line = json::line(all, piece, 1);
            if !words::begins(&line.text)
                && line.writer == super::line::Writer::Unknown
                && let Some((at, Some(false))) = beginning::found(piece)
            {
                line.text = Cow::Owned(text::bare(&piece[at..]).text.into_owned());
            }
            self.out.push(line);
        }
    }
}

/// A text of several lines is split only where each of them is one of a log: a record of the kernel may have several, too.
fn lines_of(text: &[u8]) -> Cow<'_, [u8]> {
    let own = |line: &&[u8]| text::exact(line, 0).is_some() || words::begins(line);
    let several = text.split(|b| *b == b'\n').filter(own).take(2).count() > 1;
    if several || !text.contains(&b'\n') {
        return Cow::Borrowed(text);
    }
    // The end of the only line of a container's log.
    Cow::Borrowed(text.strip_suffix(b"\n").unwrap_or(text))
}

fn is_scalar(value: &Value) -> bool {
    value.is_string() || value.is_number() || value.is_null() || value.is_boolean()
}

/// `["1700000000000000000", "kernel", "Out of memory: ..."]`: a time and a tag stand beside the text.
fn siblings(list: &[Value]) -> Object {
    let mut found = Object::new();
    for value in list {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if text == "kernel" {
            found.insert("transport".to_owned(), Value::String(text));
        } else if text.len() <= 40
            && text.starts_with(|c: char| c.is_ascii_digit())
            && !found.contains_key("time")
        {
            found.insert("time".to_owned(), Value::String(text));
        }
    }
    found
}

/// `[{"field":"@message","value":"..."}, ...]` as the object that it means.
fn named(list: &[Value]) -> Option<Object> {
    let mut object = Object::new();
    for value in list {
        let pair = value.as_object().filter(|pair| pair.len() <= 3)?;
        let name =
            ["field", "name", "key", "Key", "Name"].iter().find_map(|name| pair.get(*name)?.as_str())?;
        let value = ["value", "Value", "stringValue"].iter().find_map(|name| pair.get(*name))?;
        // OpenTelemetry has the value in an object of its type.
        let value = value.get("stringValue").unwrap_or(value);
        object.insert(name.to_owned(), value.clone());
    }
    (!object.is_empty()).then_some(object)
}

/// `{"columns":[{"name":"Message"},...],"rows":[["..."],...]}` as the objects that it means.
fn table(object: &Object) -> Option<Vec<Object>> {
    let list = |names: &[&str]| names.iter().find_map(|name| object.get(*name)?.as_array());
    let columns = list(&["columns", "fields", "schema", "headers"])?;
    let rows = list(&["rows", "values", "data", "datarows"])?;
    let names: Vec<&str> = columns
        .iter()
        .map(|column| {
            column.as_str().or_else(|| column.get("name")?.as_str()).or_else(|| column.get("text")?.as_str())
        })
        .collect::<Option<_>>()?;
    let row = |row: &Value| {
        let cells = row.as_array().filter(|cells| cells.len() == names.len())?;
        Some(names.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), cell.clone())).collect())
    };
    let mut rows: Vec<Object> = rows.iter().map(row).collect::<Option<_>>()?;
    if rows.first().zip(rows.last()).is_some_and(|(first, last)| json::order(first) > json::order(last)) {
        rows.reverse();
    }
    (!names.is_empty()).then_some(rows)
}

/// Whether the first element is of a later time than the last.
fn is_backwards(list: &[Value]) -> bool {
    let order = |value: &Value| match value {
        Value::Object(object) => json::order(object),
        Value::Array(cells) => json::order(&siblings(cells)),
        _ => None,
    };
    let ends = list.first().zip(list.last());
    ends.is_some_and(
        |(first, last)| matches!((order(first), order(last)), (Some(first), Some(last)) if first > last),
    )
}
