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
/// Names of the message.
const MESSAGES: [&str; 10] =
    ["MESSAGE", "message", "msg", "log", "textPayload", "@message", "line", "_raw", "body", "event"];
/// Names of who wrote it.
const WRITERS: [&str; 8] =
    ["SYSLOG_IDENTIFIER", "ident", "appname", "app_name", "programname", "program", "syslogtag", "tag"];
/// Names of the machine.
const HOSTS: [&str; 7] = ["_HOSTNAME", "hostname", "host", "nodename", "node", "node_name", "instance_id"];
/// Names of the wall clock.
const TIMES: [&str; 11] = [
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
    // Names of processes need not be UTF-8, and not everything that writes JSON minds that.
    let value: Value = serde_json::from_slice(line)
        .or_else(|_| serde_json::from_str(&String::from_utf8_lossy(line)))
        .ok()?;
    let Value::Object(object) = value else { return None };
    of_object(&object, depth)
}

/// The same of an object.
pub(super) fn of_object(object: &Map<String, Value>, depth: u8) -> Option<LogLine<'static>> {
    let wrapped: Vec<&Map<String, Value>> =
        WRAPPERS.iter().filter_map(|name| object.get(*name)?.as_object()).collect();
    let all: Vec<&Map<String, Value>> = wrapped.into_iter().chain([object]).collect();
    let message = all.iter().find_map(|object| MESSAGES.iter().find_map(|name| bytes(object.get(*name)?)))?;
    let journal = string(&all, &["_TRANSPORT"]);
    let mut line = into_owned(match journal {
        Some(_) => LogLine { text: Cow::Borrowed(&message), writer: Writer::Unknown, ..LogLine::default() },
        None => text::at_depth(&message, depth.max(1)),
    });
    line.format = if journal.is_some() { "journal" } else { "JSON" };
    line.writer = writer(&all, journal.as_deref(), line.writer);
    line.program = match journal.as_deref() {
        Some("kernel") => None,
        Some(_) => Some(program(&all).unwrap_or_default()),
        None => program(&all).or(line.program).filter(|_| line.writer != Writer::Kernel),
    };
    line.host = line.host.or_else(|| string(&all, &HOSTS)).filter(|host| !host.is_empty());
    line.boot_id = string(&all, &["_BOOT_ID"]).map(|id| dashed(&id));
    line.usec = line.usec.or_else(|| printk(&all));
    line.stamp = match line.stamp.take() {
        Some(stamp) if stamp.utc_ns.is_some() => Some(stamp),
        other => time(&all).or(other),
    };
    Some(line)
}

fn into_owned(line: LogLine<'_>) -> LogLine<'static> {
    LogLine { text: Cow::Owned(line.text.into_owned()), ..line }
}

/// What names the process that wrote it. A collector's `tag` may be anything, and is no known program's name then.
fn program(all: &[&Map<String, Value>]) -> Option<Program> {
    let tag = string(all, &WRITERS).or_else(|| string(all, &["_COMM"]));
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
    let facility =
        string(all, &["SYSLOG_FACILITY", "facility", "fac", "syslogfacility", "syslogfacility-text"]);
    if facility.as_deref().is_some_and(|facility| !matches!(facility, "0" | "kern" | "kernel")) {
        return Writer::Process;
    }
    if let Some(transport) = transport {
        return if transport == "kernel" { Writer::Kernel } else { Writer::Process };
    }
    if facility.is_some() {
        return Writer::Kernel;
    }
    let named = string(all, &WRITERS).filter(|name| !name.is_empty());
    match (named.as_deref().map(|name| name.trim_end_matches(':')), inner) {
        (_, Writer::Process) => Writer::Process,
        // Collectors call their streams as they like: "kern", "node.kernel", "journal".
        (Some("kernel" | "kern"), _) => Writer::Kernel,
        (Some(_), Writer::Kernel | Writer::RingBuffer) => inner,
        (Some(_), _)
            if has_any(all, &["SYSLOG_IDENTIFIER", "appname", "programname", "syslogtag", "program"]) =>
        {
            Writer::Process
        }
        (_, inner) => inner,
    }
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
