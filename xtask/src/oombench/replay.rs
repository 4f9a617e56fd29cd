//! The diagnosis of stored records, made anew by the product.

use super::store::Stored;
use crate::{paths, sh};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Replaces each record's diagnosis by the one that the working tree's oomtrace makes of it.
pub(crate) fn diagnose(kills: &mut [Stored]) -> Result<()> {
    sh::run(sh::cargo().args(["build", "--quiet", "--package", "oomtrace", "--bin", "oomtrace"]))?;
    let mut child = Command::new(paths::target().join("debug/oomtrace"))
        .args(["diagnose-record", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start oomtrace")?;
    let mut input = child.stdin.take().context("oomtrace has no input")?;
    let lines: Vec<String> = kills.iter().map(|kill| kill.record.to_string()).collect();
    // Written from a thread of its own: oomtrace answers before it has read all.
    let writer = std::thread::spawn(move || lines.iter().try_for_each(|line| writeln!(input, "{line}")));
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "oomtrace diagnose-record ended with {}", output.status);
    writer.join().map_err(|_| anyhow::anyhow!("the writer has panicked"))??;
    let text = String::from_utf8(output.stdout).context("oomtrace wrote no text")?;
    let answers: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(answers.len() == kills.len(), "{} records gave {} answers", kills.len(), answers.len());
    for (kill, mut answer) in kills.iter_mut().zip(answers) {
        ensure!(kill.record["id"] == answer["id"], "the answers are out of order");
        kill.record["diagnosis"] = answer["diagnosis"].take();
    }
    Ok(())
}
