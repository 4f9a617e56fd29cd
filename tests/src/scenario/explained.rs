//! The same kills told by `oomtrace explain` from the kernel's log, compared with the kernel's report as the tracer's are.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::stage::{Evidence, concerns_record};
use crate::compare::{self, Rung};
use crate::kmsg::Line;
use crate::report::Report;

/// Compares; findings begin with `explain:`.
pub(super) fn compare(evidence: &Evidence, findings: &mut Vec<String>) {
    let Some(binary) = &evidence.tracer else { return };
    match explain(binary, &evidence.log) {
        Ok(records) => compare_all(evidence, &records, findings),
        Err(error) => findings.push(format!("explain: {error:#}")),
    }
}

fn compare_all(evidence: &Evidence, records: &[Value], findings: &mut Vec<String>) {
    let kills: Vec<&Value> = records
        .iter()
        .filter(|record| record["type"] == "oom_kill")
        .filter(|kill| concerns_record(evidence.native, &evidence.prefix, kill))
        .collect();
    if kills.len() != evidence.reports.len() {
        findings.push(format!("explain: {} records for {} kills", kills.len(), evidence.reports.len()));
    }
    for report in &evidence.reports {
        let Some(record) = kills.iter().find(|kill| super::judge::same(kill, report)) else {
            findings.push(format!("explain: no record for {:?}", pid_of(report)));
            continue;
        };
        let outcome = compare::compare(record, report, &evidence.machine, Rung::Log);
        findings.extend(outcome.mismatches.iter().map(|mismatch| format!("explain: {mismatch}")));
    }
}

fn pid_of(report: &Report) -> Option<u32> {
    report.killed.first().map(|killed| killed.pid)
}

/// Runs it on the log as /dev/kmsg had it.
fn explain(binary: &std::path::Path, log: &[Line]) -> Result<Vec<Value>> {
    let mut child = Command::new(binary)
        .args(["explain", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("it can't be started")?;
    let mut input = child.stdin.take().context("it has no input")?;
    let text: Vec<u8> = log.iter().enumerate().flat_map(|(at, line)| record(at, line)).collect();
    // It writes while it reads, and a pipe holds little.
    let writer = std::thread::spawn(move || input.write_all(&text));
    let output = child.wait_with_output()?;
    writer.join().map_err(|_| anyhow::anyhow!("the writer panicked"))??;
    ensure!(output.status.success(), "it ended with {}", output.status);
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).context("a line is no JSON")).collect()
}

/// `6,SEQUENCE,MICROSECONDS,-;TEXT` with the kernel's escapes. Pieces of a line were put together, so records are numbered
/// anew.
fn record(at: usize, line: &Line) -> Vec<u8> {
    let mut out = format!("6,{at},{},-;", line.time_us).into_bytes();
    for byte in &line.text {
        match byte {
            b' '..=b'~' if *byte != b'\\' => out.push(*byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out.push(b'\n');
    out
}
