//! How far off rate and onset are, where the culprit is right.

use super::{Mark, Scored};

/// Error of the rate relative to the true one; `None` where the culprit or one of both is missing.
pub(crate) fn rate_error(scored: &Scored) -> Option<f64> {
    let (truth, answer) = known(scored)?.truth.rate.zip(scored.answer.rate)?;
    (truth > 0.0).then(|| (answer - truth).abs() / truth)
}

/// Error of the onset in seconds, and relative to the time from onset to kill.
pub(crate) fn onset_error(scored: &Scored) -> Option<(f64, f64)> {
    let (truth, answer) = known(scored)?.truth.onset_ns.zip(scored.answer.onset_ns)?;
    let error = truth.abs_diff(answer) as f64;
    let lasted = scored.truth.lasted_ns.filter(|ns| *ns > 0)?;
    Some((error / 1e9, error / lasted as f64))
}

fn known(scored: &Scored) -> Option<&Scored> {
    (scored.truth.mark(&scored.answer) == Mark::Right).then_some(scored)
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, Truth};
    use super::*;
    use serde_json::json;

    fn scored(pid: u64) -> Scored {
        let truth =
            Truth::of(&json!({"culprit": {"kind": "process", "pids": [1]}, "rate_bytes_per_s": 100.0,
            "onset_boottime_ns": 1_000_000_000_u64, "killed_boottime_ns": 5_000_000_000_u64}));
        let answer = Answer {
            kind: Some("process".into()),
            pid: Some(pid),
            rate: Some(90.0),
            onset_ns: Some(2_000_000_000),
            ..Answer::default()
        };
        Scored { place: String::new(), truth, answer, baselines: Vec::new() }
    }

    #[test]
    fn errors_count_for_the_right_culprit_alone() {
        assert!((rate_error(&scored(1)).unwrap() - 0.1).abs() < 1e-9);
        assert_eq!(onset_error(&scored(1)), Some((1.0, 0.25)));
        assert_eq!(rate_error(&scored(2)), None);
        assert_eq!(onset_error(&scored(2)), None);
    }
}
