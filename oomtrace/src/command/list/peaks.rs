//! The table of peaks.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;

use crate::agent::spool::PeakOf;
use crate::model::Text;
use crate::words::{bytes, escape};

/// A row.
#[derive(Serialize)]
struct Row {
    /// Path of the cgroup; absent for the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    cgroup: Option<Text>,
    peak_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_bytes: Option<u64>,
    /// The hour of the peak, RFC 3339 UTC.
    hour: String,
}

/// The highest of each cgroup, the largest first.
pub(super) fn table(peaks: &[PeakOf], json: bool) -> Result<Vec<u8>> {
    let mut highest: BTreeMap<&[u8], &PeakOf> = BTreeMap::new();
    for peak in peaks {
        let known = highest.entry(&peak.path).or_insert(peak);
        if peak.peak.bytes > known.peak.bytes {
            *known = peak;
        }
    }
    let mut rows: Vec<&PeakOf> = highest.into_values().collect();
    rows.sort_by_key(|peak| std::cmp::Reverse(peak.peak.bytes));
    let mut text = Vec::new();
    for peak in rows {
        if json {
            serde_json::to_writer(&mut text, &row(peak))?;
            text.push(b'\n');
        } else {
            text.extend_from_slice(line(peak).as_bytes());
        }
    }
    Ok(text)
}

fn row(peak: &PeakOf) -> Row {
    Row {
        cgroup: Some(Text::new(peak.path.clone())).filter(|path| !path.as_bytes().is_empty()),
        peak_bytes: peak.peak.bytes,
        limit_bytes: Some(peak.peak.limit).filter(|limit| *limit > 0),
        hour: hour(peak.hour),
    }
}

fn line(peak: &PeakOf) -> String {
    let path = if peak.path.is_empty() { "the machine".into() } else { escape::bytes(&peak.path) };
    let limit = match peak.peak.limit {
        0 => "no limit".to_owned(),
        limit => format!("of {}", bytes::size(limit)),
    };
    let hour = hour(peak.hour);
    let hour = hour.get(..13).unwrap_or(&hour).replace('T', " ");
    format!("{:>10}  {limit:<14}  {hour}h  {path}\n", bytes::size(peak.peak.bytes))
}

fn hour(hour: u32) -> String {
    Timestamp::from_second(i64::from(hour) * 3600).map_or_else(|_| String::new(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::spool::Peak;

    #[test]
    fn the_highest_of_each() {
        let peak =
            |hour, path: &[u8], bytes| PeakOf { hour, path: path.to_vec(), peak: Peak { bytes, limit: 0 } };
        let peaks = [peak(1, b"/a", 5), peak(2, b"/a", 9), peak(3, b"/a", 7), peak(1, b"", 99)];
        let text = String::from_utf8(table(&peaks, true).unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], r#"{"peak_bytes":99,"hour":"1970-01-01T01:00:00Z"}"#);
        assert_eq!(lines[1], r#"{"cgroup":"/a","peak_bytes":9,"hour":"1970-01-01T02:00:00Z"}"#);
        assert_eq!(lines.len(), 2);
    }
}
