//! All that is recorded, as whole logs and as lines.

use std::io::Write as _;

use super::super::fixtures::{bytes, names};
use super::super::wrap;
use super::super::{beginnings, excerpts};
use crate::klog::records;

/// Longer lines are left out of the pool.
const LINE: usize = 4096;

/// What mutations are made of.
pub(super) struct Seeds {
    /// Logs as they are found.
    pub(super) logs: Vec<Vec<u8>>,
    /// Captures of `/dev/kmsg`.
    pub(super) captures: Vec<Vec<u8>>,
    /// Lines of all of them, and the kernel's texts without a beginning.
    pub(super) lines: Vec<Vec<u8>>,
    /// Compressed logs.
    pub(super) compressed: Vec<Vec<u8>>,
}

impl Seeds {
    pub(super) fn new() -> Self {
        let captures: Vec<Vec<u8>> = names().iter().map(|name| bytes(name)).collect();
        let mut logs: Vec<Vec<u8>> = excerpts::names().iter().map(|name| excerpts::log(name)).collect();
        for capture in &captures {
            logs.extend(wrap::FORMS.iter().map(|form| form.log(capture)));
        }
        let mut lines: Vec<Vec<u8>> = logs.iter().chain(&captures).flat_map(|log| split(log)).collect();
        lines.extend(captures.iter().flat_map(|capture| records(capture).map(|record| record.text)));
        lines.sort_unstable();
        lines.dedup();
        assert!(lines.len() > 1000 && logs.len() > captures.len(), "{}", lines.len());
        let compressed = captures.iter().take(4).flat_map(|capture| [gzip(capture), zstd(capture)]).collect();
        Self { logs, captures, lines, compressed }
    }
}

fn split(log: &[u8]) -> Vec<Vec<u8>> {
    log.split(|b| *b == b'\n')
        .filter(|line| !line.is_empty() && line.len() <= LINE)
        .map(<[u8]>::to_vec)
        .collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
}

/// What stands before and behind the words in logs.
pub(super) fn beginnings() -> &'static [&'static str] {
    &beginnings::FORMS
}
