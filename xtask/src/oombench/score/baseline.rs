//! What simpler ways would have answered, from the same record.

use super::Answer;
use serde_json::Value;

/// A way to answer.
type Baseline = fn(&Value) -> Answer;

/// All of them.
pub(crate) const BASELINES: [(&str, Baseline); 3] = [
    ("victim = culprit", victim),
    ("largest RSS in the kernel's log", largest),
    ("largest growth, seen every 5 s", growth),
];

/// Time between two looks of a usual monitor, and how far back it compares.
const INTERVAL_MS: i64 = 5_000;
const BACK_MS: i64 = 60_000;

fn victim(record: &Value) -> Answer {
    let victim = &record["victims"][0];
    let Some(pid) = victim["pid"].as_u64() else { return Answer::default() };
    Answer::process(pid, victim["cgroup"]["path"].as_str().map(str::to_owned))
}

/// Of the tasks in the kernel's table; without one, the victim is all that is known.
fn largest(record: &Value) -> Answer {
    let candidates = record["candidates"].as_array().map_or(&[][..], Vec::as_slice);
    let top = candidates.iter().max_by_key(|candidate| candidate["rss_bytes"].as_u64());
    let Some(pid) = top.and_then(|top| top["pid"].as_u64()) else { return victim(record) };
    let known = victim(record);
    let cgroup = if known.pid == Some(pid) { known.cgroup } else { cgroup_of(record, pid) };
    Answer::process(pid, cgroup)
}

fn processes(record: &Value) -> impl Iterator<Item = &Value> {
    let entities = record["history"]["entities"].as_array();
    entities.into_iter().flatten().filter(|entity| entity["kind"] == "process")
}

fn cgroup_of(record: &Value, pid: u64) -> Option<String> {
    let entity = processes(record).find(|entity| entity["pid"] == pid)?;
    entity["path"].as_str().map(str::to_owned)
}

/// What a monitor that looks every 5 s has seen of growth in the last minute. Its phase is drawn from the record's id.
fn growth(record: &Value) -> Answer {
    let phase = record["id"]
        .as_str()
        .unwrap_or_default()
        .bytes()
        .fold(17_i64, |sum, byte| (sum * 31 + i64::from(byte)) % INTERVAL_MS);
    let grown = |entity: &Value| -> Option<i64> {
        let looks: Vec<i64> = (0..BACK_MS / INTERVAL_MS).map(|look| -phase - look * INTERVAL_MS).collect();
        let newest = value_at(entity, *looks.first()?)?;
        let oldest = value_at(entity, *looks.last()?).unwrap_or(0);
        Some(newest - oldest)
    };
    let best =
        processes(record).filter_map(|entity| Some((grown(entity)?, entity))).max_by_key(|(grown, _)| *grown);
    match best {
        Some((1.., entity)) => entity["pid"].as_u64().map_or_else(Answer::default, |pid| {
            Answer::process(pid, entity["path"].as_str().map(str::to_owned))
        }),
        _ => Answer::default(),
    }
}

/// The last value known at `ms`.
fn value_at(entity: &Value, ms: i64) -> Option<i64> {
    let points = entity["points"].as_array()?;
    let before = points.iter().take_while(|point| point[0].as_i64().is_some_and(|at| at <= ms));
    before.last()?[1].as_i64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record() -> Value {
        json!({"id": "1-2", "victims": [{"pid": 1, "cgroup": {"path": "/v"}}],
            "candidates": [{"pid": 1, "rss_bytes": 10}, {"pid": 2, "rss_bytes": 30}],
            "history": {"entities": [
                {"kind": "process", "pid": 2, "path": "/two", "points": [[-60000, 30], [0, 30]]},
                {"kind": "process", "pid": 3, "path": "/three", "points": [[-50000, 1], [-30000, 9], [-6000, 20]]}]}})
    }

    #[test]
    fn each_baseline_names_whom_it_would() {
        let names: Vec<_> =
            BASELINES.iter().map(|(_, answer)| answer(&record())).map(|a| (a.pid, a.cgroup)).collect();
        let expected = [(Some(1), "/v"), (Some(2), "/two"), (Some(3), "/three")];
        assert_eq!(names, expected.map(|(pid, cgroup)| (pid, Some(cgroup.to_owned()))));
    }

    #[test]
    fn what_is_not_known_is_not_named() {
        for (name, answer) in BASELINES {
            assert_eq!(answer(&json!({})), Answer::default(), "{name}");
        }
    }
}
