//! Stored outcomes: NDJSON, gzipped or not, one line a case: `{"label": ..., "record": ...}`.

use crate::sh;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One kill: what is true of it, and what the tracer recorded.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// Where it was: `native v1`, `guest v2`.
    pub(crate) place: String,
    pub(crate) label: Value,
    pub(crate) record: Value,
}

/// All of a directory.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) kills: Vec<Stored>,
    /// Cases that came to no kill or no record, with the reason.
    pub(crate) failed: Vec<(String, String)>,
    /// Kernels, by place.
    pub(crate) kernels: Vec<(String, String)>,
}

impl Store {
    /// Reads every `*.ndjson` and `*.ndjson.gz` of a directory, or one file, in order of their names.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let mut store = Self::default();
        let mut files = files(path)?;
        files.sort();
        ensure!(!files.is_empty(), "there is no *.ndjson or *.ndjson.gz in {}", path.display());
        for file in files {
            store.add(&text(&file)?).with_context(|| format!("in {}", file.display()))?;
        }
        Ok(store)
    }

    fn add(&mut self, text: &str) -> Result<()> {
        let mut place = String::new();
        for (number, line) in text.lines().enumerate() {
            let mut value: Value =
                serde_json::from_str(line).with_context(|| format!("line {} is not JSON", number + 1))?;
            if let Some(header) = value.get("header") {
                place = place_of(&value);
                let kernel = header["host"]["kernel"].as_str().unwrap_or("unknown").to_owned();
                self.kernels.push((place.clone(), kernel));
            } else if let Some(why) = value["failed"].as_str() {
                self.failed
                    .push((value["label"]["id"].as_str().unwrap_or_default().to_owned(), why.to_owned()));
            } else if value.get("record").is_some() {
                let (label, record) = (value["label"].take(), value["record"].take());
                self.kills.push(Stored { place: place.clone(), label, record });
            }
        }
        Ok(())
    }
}

fn place_of(header: &Value) -> String {
    let whole = header["whole_machine"].as_bool().unwrap_or(false);
    let version = header["cgroup"].as_str().unwrap_or("?");
    format!("{} {version}", if whole { "guest" } else { "native" })
}

fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let ours = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".ndjson") || name.ends_with(".ndjson.gz")
    };
    Ok(entries.flatten().map(|entry| entry.path()).filter(ours).collect())
}

fn text(file: &Path) -> Result<String> {
    if file.extension().is_some_and(|ending| ending == "gz") {
        return sh::output(Command::new("gzip").arg("-dc").arg(file));
    }
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_kills_and_failures_are_told_apart() {
        let mut store = Store::default();
        store
            .add(
                "{\"header\":{\"host\":{\"kernel\":\"6.18\"}},\"cgroup\":\"v2\",\"whole_machine\":true}\n\
                 {\"label\":{\"id\":\"a\"},\"record\":{\"id\":\"1\"}}\n\
                 {\"label\":{\"id\":\"b\"},\"failed\":\"no kill\"}\n{\"footer\":{}}\n",
            )
            .unwrap();
        assert_eq!(store.kills.len(), 1);
        assert_eq!(store.kills[0].place, "guest v2");
        assert_eq!(store.failed, [("b".to_owned(), "no kill".to_owned())]);
        assert!(store.add("nonsense").is_err());
    }
}
