//! A line or record in JSON: `journalctl -o json`, `dmesg --json`, logs of containers and exports of clouds.
//!
//! None of them shares its names with another, so names are tried from the most to the least telling.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::line::{LogLine, Stamp, Writer};
use super::{stamp, text};
use crate::klog::userspace::Program;

/// Objects in which the record may be wrapped.
const WRAPPERS: [&str; 6] = ["jsonPayload", "_source", "fields", "event", "record", "log"];
/// Objects looked at for what they say about a message.
const OBJECTS: usize = 48;
/// Names of the message.
const MESSAGES: [&str; 17] = [
    "MESSAGE",
    "message",
    "msg",
    "log",
    "textPayload",
    "@message",
    "line",
    "_raw",
    "body",
    "event",
    "SyslogMessage",
    "Message",
    "_msg",
    "full_message",
    "short_message",
    "content",
    "text",
];
/// Names of who wrote it.
const WRITERS: [&str; 11] = [
    "SYSLOG_IDENTIFIER",
    "ident",
    "appname",
    "app_name",
    "programname",
    "program",
    "syslogtag",
    "ProcessName",
    "process.name",
    "syslog_identifier",
    "tag",
];
/// Of those, the names that nothing but the program's tag is called by.
const TAGS: [&str; 8] = [
    "SYSLOG_IDENTIFIER",
    "appname",
    "programname",
    "syslogtag",
    "program",
    "ProcessName",
    "process.name",
    "syslog_identifier",
];
/// Names of the machine.
const HOSTS: [&str; 8] =
    ["_HOSTNAME", "hostname", "host", "nodename", "node", "node_name", "instance_id", "Computer"];
/// Names of the wall clock.
const TIMES: [&str; 13] = [
    "TimeGenerated",
    "_time",
    "_SOURCE_REALTIME_TIMESTAMP",
    "__REALTIME_TIMESTAMP",
    "@timestamp",
    "timestamp",
    "timereported",
    "time",
    "ts",
    "eventTime",
    "date",
    "receiveTimestamp",
    "timeUnixNano",
];

/// Reads an object; `None` when it is none, or has no message.
pub(super) fn parse(line: &[u8], depth: u8) -> Option<LogLine<'static>> {
    let Value::Object(object) = value(line)? else { return None };
    let all = around(&object, &[]);
    Some(self::line(&all, &message(&all)?, depth))
}

/// Any value. Names of processes need not be UTF-8, and not everything that writes JSON minds that.
pub(super) fn value(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(text).or_else(|_| serde_json::from_str(&String::from_utf8_lossy(text))).ok()
}

/// The object, those in it that wrap the record or tell about it, and those around it, from the most to the least telling.
pub(super) fn around<'a>(
    object: &'a Map<String, Value>,
    outer: &[&'a Map<String, Value>],
) -> Vec<&'a Map<String, Value>> {
    let mut all: Vec<&Map<String, Value>> =
        WRAPPERS.iter().filter_map(|name| object.get(*name)?.as_object()).collect();
    all.push(object);
    let mut at = 0;
    while at < all.len() && all.len() < OBJECTS {
        let inner: Vec<_> = all[at].values().filter_map(Value::as_object).collect();
        all.extend(
            inner
                .into_iter()
                .filter(|inner| !all.iter().any(|known| std::ptr::eq(*known, *inner)))
                .collect::<Vec<_>>(),
        );
        at += 1;
    }
    all.extend(outer.iter().rev());
    all
}

/// The record's message.
pub(super) fn message(all: &[&Map<String, Value>]) -> Option<Vec<u8>> {
    all.iter().find_map(|object| MESSAGES.iter().find_map(|name| bytes(object.get(*name)?)))
}

/// Whether the journal wrote it.
pub(super) fn is_journal(all: &[&Map<String, Value>]) -> bool {
    string(all, &["_TRANSPORT"]).is_some()
}

/// For comparing times of records: nanoseconds.
pub(super) fn order(object: &Map<String, Value>) -> Option<i128> {
    time(&[object]).and_then(|stamp| stamp.order_usec()).map(i128::from)
}

/// A message with what the objects around it say.
pub(super) fn line(all: &[&Map<String, Value>], message: &[u8], depth: u8) -> LogLine<'static> {
    let journal = string(all, &["_TRANSPORT"]);
    let mut line = into_owned(match journal.as_deref() {
        // The journal keeps no stamp in a message; what forwards it to a cloud may put one before it.
        Some(transport) if transport != "kernel" || !message.starts_with(b"[") => {
            LogLine { text: Cow::Borrowed(message), writer: Writer::Unknown, ..LogLine::default() }
        }
        _ => text::at_depth(message, depth.max(1)),
    });
    line.format = if journal.is_some() { "journal" } else { "JSON" };
    line.writer = writer(all, journal.as_deref(), line.writer);
    line.program = match journal.as_deref() {
        Some("kernel") => None,
        Some(_) => Some(program(all).unwrap_or_default()),
        None => program(all).or(line.program).filter(|_| line.writer != Writer::Kernel),
    };
    line.host = line.host.or_else(|| string(all, &HOSTS)).filter(|host| !host.is_empty());
    line.boot_id = string(all, &["_BOOT_ID"]).map(|id| dashed(&id));
    line.usec = line.usec.or_else(|| printk(all));
    line.stamp = match line.stamp.take() {
        Some(stamp) if stamp.utc_ns.is_some() => Some(stamp),
        other => time(all).or(other),
    };
    line
}

fn into_owned(line: LogLine<'_>) -> LogLine<'static> {
    LogLine { text: Cow::Owned(line.text.into_owned()), ..line }
}

/// What names the process that wrote it. A collector's `tag` may be anything, and is no known program's name then.
fn program(all: &[&Map<String, Value>]) -> Option<Program> {
    let tag = tag(all).or_else(|| string(all, &["_COMM"]));
    let program = Program {
        tag: tag.map(|tag| tag.trim_end_matches(':').to_owned()),
        exe: string(all, &["_EXE"]),
        unit: string(all, &["_SYSTEMD_UNIT"]),
        uid: string(all, &["_UID"]).and_then(|uid| uid.parse().ok()),
        pid: string(all, &["_PID", "SYSLOG_PID", "procid", "pid"]).and_then(|pid| pid.parse().ok()),
    };
    (program.tag.is_some() || program.exe.is_some() || program.unit.is_some()).then_some(program)
}

/// The journal tells it best; a tag is what syslog would have; a text may hold one itself.
fn writer(all: &[&Map<String, Value>], transport: Option<&str>, inner: Writer) -> Writer {
    let facility = string(
        all,
        &["SYSLOG_FACILITY", "facility", "fac", "syslogfacility", "syslogfacility-text", "Facility"],
    );
    if facility.as_deref().is_some_and(|facility| !matches!(facility, "0" | "kern" | "kernel")) {
        return Writer::Process;
    }
    if let Some(transport) = transport {
        return if transport == "kernel" { Writer::Kernel } else { Writer::Process };
    }
    if facility.is_some() {
        return Writer::Kernel;
    }
    if let Some(transport) = string(all, &["transport", "_transport"]) {
        match transport.as_str() {
            "kernel" if inner != Writer::Process => return Writer::Kernel,
            "syslog" | "stdout" | "journal" | "audit" | "driver" => return Writer::Process,
            _ => {}
        }
    }
    let named = tag(all).filter(|name| !name.is_empty());
    match (named.as_deref().map(|name| name.trim_end_matches(':')), inner) {
        (_, Writer::Process) => Writer::Process,
        // Collectors call their streams as they like: "kern", "node.kernel", "journal".
        (Some("kernel" | "kern"), _) => Writer::Kernel,
        (Some(_), Writer::Kernel | Writer::RingBuffer) => inner,
        (Some(_), _) if has_any(all, &TAGS) || process(all).is_some() => Writer::Process,
        (_, inner) => inner,
    }
}

/// The name of the program.
fn tag(all: &[&Map<String, Value>]) -> Option<String> {
    string(all, &WRITERS).or_else(|| process(all))
}

/// `"process": {"name": "sshd"}`
fn process(all: &[&Map<String, Value>]) -> Option<String> {
    all.iter().find_map(|object| object.get("process")?.get("name")?.as_str()).map(str::to_owned)
}

fn has_any(all: &[&Map<String, Value>], names: &[&str]) -> bool {
    all.iter().any(|object| names.iter().any(|name| object.contains_key(*name)))
}

/// printk's time: the journal has it in µs, dmesg in seconds beside `pri`.
fn printk(all: &[&Map<String, Value>]) -> Option<u64> {
    if let Some(usec) = string(all, &["_SOURCE_MONOTONIC_TIMESTAMP"]) {
        return usec.parse().ok();
    }
    let object = all.iter().find(|object| object.contains_key("pri") && object.contains_key("msg"))?;
    let seconds = object.get("time")?.as_f64()?;
    // Printed with six digits, of which a double of this size keeps all.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked, and saturating")]
    (0.0..1e9).contains(&seconds).then_some((seconds * 1e6).round() as u64)
}

fn time(all: &[&Map<String, Value>]) -> Option<Stamp> {
    all.iter().find_map(|object| {
        TIMES.iter().find_map(|name| {
            let value = object.get(*name)?;
            let text = value.as_str().map_or_else(|| number(value), |text| Some(text.to_owned()))?;
            stamp::field(&text)
        })
    })
}

fn number(value: &Value) -> Option<String> {
    value.is_number().then(|| value.to_string())
}

/// The first of `names` that holds a string or a number.
fn string(all: &[&Map<String, Value>], names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        all.iter().find_map(|object| {
            let value = object.get(*name)?;
            value.as_str().map_or_else(|| number(value), |text| Some(text.to_owned()))
        })
    })
}

/// A text, or an array of bytes: so the journal writes what is not UTF-8 or can't be shown.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.strip_suffix('\n').unwrap_or(text).as_bytes().to_vec()),
        Value::Array(list) => list.iter().map(|byte| u8::try_from(byte.as_u64()?).ok()).collect(),
        _ => None,
    }
}

/// As /proc has it; the journal leaves the dashes out.
pub(super) fn dashed(id: &str) -> String {
    let plain = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
    match plain {
        true => [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-"),
        false => id.to_owned(),
    }
}
