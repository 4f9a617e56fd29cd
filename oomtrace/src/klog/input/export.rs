//! The journal's export format: `FIELD=value` lines, or a field, its length in 8 bytes and its bytes; an empty line ends an
//! entry.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

use super::line::{LogLine, Writer};
use super::{json, stamp};
use crate::klog::userspace::Program;

/// Longest field kept.
const FIELD_MAX: u64 = 1 << 20;
/// Fields that are looked at.
const NAMES: [&str; 14] = [
    "MESSAGE",
    "_TRANSPORT",
    "SYSLOG_FACILITY",
    "_HOSTNAME",
    "_BOOT_ID",
    "_SOURCE_MONOTONIC_TIMESTAMP",
    "_SOURCE_REALTIME_TIMESTAMP",
    "__REALTIME_TIMESTAMP",
    "SYSLOG_IDENTIFIER",
    "_COMM",
    "_EXE",
    "_SYSTEMD_UNIT",
    "_PID",
    "_UID",
];

/// The fields of an entry that are looked at.
#[derive(Debug, Default)]
pub(super) struct Entry {
    fields: BTreeMap<&'static str, Vec<u8>>,
}

impl Entry {
    /// Reads the next entry, also one without its end; `None` at the end. Also gives how many bytes were read.
    ///
    /// # Errors
    /// Those of reading.
    pub(super) fn read(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<(Option<Self>, u64)> {
        let (mut entry, mut bytes) = (Self::default(), 0);
        loop {
            line.clear();
            let read = input.by_ref().take(FIELD_MAX).read_until(b'\n', line)? as u64;
            bytes += read;
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            if read == 0 || text.is_empty() {
                let some = read > 0 || !entry.fields.is_empty();
                return Ok((some.then_some(entry), bytes));
            }
            match text.iter().position(|b| *b == b'=') {
                Some(at) => entry.set(&text[..at], &text[at + 1..]),
                None => bytes += entry.binary(text, input)?,
            }
        }
    }

    fn set(&mut self, name: &[u8], value: &[u8]) {
        if let Some(name) = NAMES.iter().find(|known| known.as_bytes() == name) {
            self.fields.insert(name, value.to_vec());
        }
    }

    fn binary(&mut self, name: &[u8], input: &mut impl BufRead) -> io::Result<u64> {
        let mut length = [0; 8];
        input.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        let mut value = Vec::new();
        let kept = input.by_ref().take(length.min(FIELD_MAX)).read_to_end(&mut value)? as u64;
        let rest = io::copy(
            &mut input.by_ref().take((length - length.min(FIELD_MAX)).saturating_add(1)),
            &mut io::sink(),
        )?;
        self.set(name, &value);
        Ok(8 + kept + rest)
    }

    pub(super) fn message(&self) -> &[u8] {
        self.fields.get("MESSAGE").map_or(&[], Vec::as_slice)
    }

    fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.fields.get(name)?).ok()
    }

    /// The entry as a line.
    pub(super) fn line(&self) -> LogLine<'_> {
        let kernel = self.text("_TRANSPORT") == Some("kernel")
            && self.text("SYSLOG_FACILITY").is_none_or(|facility| facility == "0");
        let time = self.text("_SOURCE_REALTIME_TIMESTAMP").or_else(|| self.text("__REALTIME_TIMESTAMP"));
        let owned = |name: &str| self.text(name).map(str::to_owned);
        let program = Program {
            tag: owned("SYSLOG_IDENTIFIER").or_else(|| owned("_COMM")),
            exe: owned("_EXE"),
            unit: owned("_SYSTEMD_UNIT"),
            uid: self.text("_UID").and_then(|uid| uid.parse().ok()),
            pid: self.text("_PID").and_then(|pid| pid.parse().ok()),
        };
        // What comes through the ring buffer has no program.
        let by_process = self.text("_TRANSPORT").is_some_and(|transport| transport != "kernel");
        LogLine {
            program: by_process.then_some(program),
            format: "journal",
            writer: if kernel { Writer::Kernel } else { Writer::Process },
            host: self.text("_HOSTNAME").map(str::to_owned),
            boot_id: self.text("_BOOT_ID").map(json::dashed),
            stamp: time.and_then(stamp::field),
            usec: self.text("_SOURCE_MONOTONIC_TIMESTAMP").and_then(|usec| usec.parse().ok()),
            text: self.message().into(),
            ..LogLine::default()
        }
    }
}
