//! What a diagnosis answers.

use serde_json::Value;

/// Who, how fast, since when, what kind of failure; absent is not answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) verdict: String,
    pub(crate) confidence: String,
    pub(crate) summary: String,
    /// `process`, `family`, `cgroup`, `kernel_memory`, `shmem`, `page_cache`.
    pub(crate) kind: Option<String>,
    pub(crate) pid: Option<u64>,
    pub(crate) comm: Option<String>,
    pub(crate) exe: Option<String>,
    pub(crate) cgroup: Option<String>,
    pub(crate) rate: Option<f64>,
    /// Begin of the growth, `CLOCK_BOOTTIME`.
    pub(crate) onset_ns: Option<u64>,
}

impl Answer {
    /// oomtrace's own.
    pub(crate) fn of(record: &Value) -> Self {
        let diagnosis = &record["diagnosis"];
        let culprit = &diagnosis["culprit"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let killed = boottime(record);
        let onset = culprit["since_ms"].as_i64().zip(killed).and_then(|(since, killed)| {
            u64::try_from(i128::from(killed) + i128::from(since) * 1_000_000).ok()
        });
        Self {
            verdict: text(&diagnosis["verdict"]).unwrap_or_else(|| "undetermined".into()),
            confidence: text(&diagnosis["confidence"]).unwrap_or_default(),
            summary: text(&diagnosis["summary"]).unwrap_or_default(),
            kind: text(&culprit["kind"]),
            pid: culprit["pid"].as_u64(),
            comm: text(&culprit["comm"]),
            exe: text(&culprit["exe"]),
            cgroup: text(&culprit["cgroup"]),
            rate: culprit["rate_bytes_per_s"].as_f64(),
            onset_ns: onset,
        }
    }

    /// A process that a baseline names.
    pub(super) fn process(pid: u64, cgroup: Option<String>) -> Self {
        Self { kind: Some("process".into()), pid: Some(pid), cgroup, ..Self::default() }
    }

    /// For a list of failures.
    pub(crate) fn describe(&self) -> String {
        let Some(kind) = &self.kind else { return "nobody".into() };
        let comm = self.comm.as_deref().unwrap_or_default();
        let pid = self.pid.map(|pid| format!(" {pid}")).unwrap_or_default();
        format!("{kind} {comm}{pid}").trim_end().to_owned()
    }
}

/// When the kill was.
fn boottime(record: &Value) -> Option<u64> {
    let field = &record["boottime_ns"];
    field.as_u64().or_else(|| field.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_diagnosis_is_read() {
        let record = json!({"boottime_ns": 10_000_000_000_u64, "diagnosis": {"verdict": "leak", "culprit":
            {"kind": "process", "pid": 3, "cgroup": "/c", "rate_bytes_per_s": 5.5, "since_ms": -4000}}});
        let answer = Answer::of(&record);
        assert_eq!((answer.verdict.as_str(), answer.pid, answer.rate), ("leak", Some(3), Some(5.5)));
        assert_eq!(answer.onset_ns, Some(6_000_000_000));
        assert_eq!(answer.describe(), "process  3");
    }

    #[test]
    fn no_diagnosis_is_undetermined_and_names_nobody() {
        let answer = Answer::of(&json!({}));
        assert_eq!(answer.verdict, "undetermined");
        assert_eq!(answer.describe(), "nobody");
    }
}
