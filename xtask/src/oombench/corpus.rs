//! Recorded kills that are part of the repository: what `--replay` and the tests need, without what tells of the machine.

use super::store::{Store, Stored};
use crate::{paths, sh};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// Where they are.
pub(super) fn directory() -> PathBuf {
    paths::root().join("tests/oombench/corpus")
}

/// Writes all kills of `store`, a gzipped file for each suite and place, in place of what was there.
pub(super) fn keep(store: &Store) -> Result<()> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for kill in &store.kills {
        let suite = kill.label["suite"].as_str().unwrap_or("x");
        let name = format!("{suite}-{}.ndjson", kill.place.replace(' ', "-"));
        let text = files.entry(name).or_insert_with(|| header(kill));
        let line = json!({ "label": kill.label, "record": anonymous(kill) });
        text.push_str(&format!("{line}\n"));
    }
    let _ = std::fs::remove_dir_all(directory());
    std::fs::create_dir_all(directory())?;
    for (name, text) in files {
        let file = directory().join(name);
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        // Without name and time: the same content gives the same bytes.
        sh::run(Command::new("gzip").args(["-9", "-n", "-f"]).arg(&file))?;
    }
    Ok(())
}

fn header(kill: &Stored) -> String {
    let whole = kill.place.starts_with("guest");
    let version = kill.place.rsplit(' ').next().unwrap_or_default();
    let kernel = release(&kill.record);
    format!(
        "{}\n",
        json!({ "header": {"host": {"kernel": kernel}}, "cgroup": version, "whole_machine": whole })
    )
}

/// The kernel's version without what its builder appended.
fn release(record: &Value) -> String {
    let kernel = record["host"]["kernel"].as_str().unwrap_or("unknown");
    kernel.split(['-', '+']).next().unwrap_or_default().to_owned()
}

/// The record without names of the machine and of what else ran on it.
fn anonymous(kill: &Stored) -> Value {
    let mut record = kill.record.clone();
    record["host"] = json!({
        "name": "host", "boot_id": "", "kernel": release(&kill.record),
        "machine": kill.record["host"]["machine"], "page_size": kill.record["host"]["page_size"],
        "cgroup_version": kill.record["host"]["cgroup_version"],
    });
    if let Some(system) = record["system"].as_object_mut() {
        system.remove("top_processes");
    }
    if let Some(fields) = record.as_object_mut() {
        // Made anew whenever it is needed.
        fields.remove("diagnosis");
    }
    let own = kill.label["cgroup"].as_str().unwrap_or_default().to_owned();
    for entity in record["history"]["entities"].as_array_mut().into_iter().flatten() {
        let is_own = entity["path"].as_str().is_some_and(|path| path.starts_with(&own));
        if !is_own && entity["exe"].is_string() {
            entity["exe"] = json!(format!("/usr/bin/{}", entity["comm"].as_str().unwrap_or("other")));
        }
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_of_the_machine_is_left_out() {
        let kill = Stored {
            place: "native v1".into(),
            label: json!({"suite": "A", "cgroup": "/own"}),
            record: json!({"host": {"name": "secret", "boot_id": "b", "kernel": "6.18.4-secret", "page_size": 4096},
                "system": {"top_processes": [{"comm": "secret"}], "mem_total_bytes": 1},
                "diagnosis": {}, "history": {"entities": [
                    {"path": "/own/a", "exe": "/var/tmp/worker", "comm": "worker"},
                    {"path": "/other", "exe": "/home/secret/vi", "comm": "vi"}]}}),
        };
        let text = anonymous(&kill).to_string();
        assert!(
            !text.contains("secret") && text.contains("/var/tmp/worker") && text.contains("/usr/bin/vi"),
            "{text}"
        );
        assert!(header(&kill).contains("\"6.18.4\""));
    }
}
