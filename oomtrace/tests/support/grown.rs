//! Kills with a history and a diagnosis.

use oomtrace::model::*;

use super::*;

/// A sidecar leaks for ten minutes and the service beside it is killed.
pub(crate) fn neighbour_leak() -> Incident {
    let mut incident = cgroups::pod_limit();
    let pod = incident.scope.memcg.as_ref().unwrap().level.path.clone();
    let own = incident.victims[0].cgroup.as_ref().unwrap().path.clone();
    let side = Text::from(format!("{}/cri-containerd-{}.scope", pod.lossy(), "b".repeat(64)).as_str());
    let java = |t: i64| 360 * MIB + wave(t, 47_000, 20 * MIB) - if t < -400_000 { 60 * MIB } else { 0 };
    let envoy = |t: i64| if t < -420_000 { 12 * MIB } else { 12 * MIB + grown(t + 420_000, 190_000) };
    let sh = |t: i64| 900 * KIB + wave(t, 9_000, 100 * KIB);
    let entities = vec![
        Entity { kind: EntityKind::System, limit_bytes: Some(31 * GIB), ..entity(&[(0, 12 * GIB)]) },
        Entity {
            kind: EntityKind::Cgroup,
            path: Some(pod),
            limit_bytes: Some(512 * MIB),
            ..entity(&every(100, |t| {
                (java(t) + envoy(t) + 40 * MIB + wave(t, 3_000, 3 * MIB)).min(512 * MIB)
            }))
        },
        Entity {
            pid: Some(4711),
            comm: Some(Text::from("java")),
            path: Some(own),
            ..entity(&every(1_000, java))
        },
        Entity {
            pid: Some(4712),
            comm: Some(Text::from("envoy")),
            path: Some(side.clone()),
            ..entity(&every(1_000, envoy))
        },
        Entity {
            pid: Some(4800),
            comm: Some(Text::from("sh")),
            path: Some(side.clone()),
            ..entity(&every(1_000, sh))
        },
        Entity {
            kind: EntityKind::Family,
            comm: Some(Text::from("healthcheck")),
            members: Some(61),
            path: Some(side.clone()),
            ..entity(&every(5_000, |t| 4 * MIB + wave(t, 15_000, 14 * MIB)))
        },
    ];
    incident.history = Some(History {
        source: SampleSource::Mixed,
        interval_ms: 100,
        process_interval_ms: Some(1_000),
        span_ms: 600_000,
        entities,
        ..History::default()
    });
    incident.diagnosis = Some(diagnosis(side));
    incident
}

fn diagnosis(side: Text) -> Diagnosis {
    Diagnosis {
        recurrence: None,
        what_if: Vec::new(),
        verdict: VerdictKind::Neighbour,
        confidence: Confidence::High,
        summary: "envoy grew steadily for 7 min and gave nothing back; java, which was killed, did not grow in that time".into(),
        reasons: vec![
            "envoy's memory rose in 402 of 420 samples and never fell by more than 0.2 MiB".into(),
            "java's memory at the kill is within 6 % of what it was 6 min earlier".into(),
            "the pod's limit was last below 75 % used 3 min 40 s before the kill".into(),
        ],
        window: Some(Window {
            kind: WindowKind::Marginal,
            from_ms: -220_000,
            from: Some("2026-11-23T13:59:31.482913746Z".into()),
            growth_bytes: 128 << 20,
        }),
        growth: vec![Growth { kind: PartKind::Anon, bytes: 121 << 20 }],
        culprit: Some(Culprit {
            pid: Some(4712),
            comm: Some(Text::from("envoy")),
            cgroup: Some(side),
            share_of_growth: 0.912,
            growth_bytes: 40 * MIB,
            rate_bytes_per_s: Some(194_560.0),
            since: Some("2026-11-23T13:56:11.482913746Z".into()),
            since_ms: Some(-420_000),
            bytes: Some(89 * MIB),
            ..Culprit::default()
        }),
        others: vec![Culprit {
            pid: Some(4711),
            comm: Some(Text::from("java")),
            is_victim: true,
            share_of_growth: 0.05,
            growth_bytes: 3 * MIB,
            rate_bytes_per_s: Some(12_000.0),
            ..Culprit::default()
        }],
        unattributed_bytes: Some(6 * MIB),
        advice: vec![
            Advice {
                action: "Give the sidecar a limit of its own".into(),
                command: Some("resources.limits.memory: 128Mi".into()),
                value_bytes: Some(128 * MIB),
                why: "it held 12 MiB for as long as it did not grow; with 128 MiB it would have been killed instead of java".into(),
            },
            Advice {
                action: "Find what envoy keeps".into(),
                command: None,
                value_bytes: None,
                why: "it grows by 190 KiB/s without end: a higher limit of the pod only buys 45 min for each 512 MiB".into(),
            },
        ],
    }
}

fn entity(points: &[(i64, u64)]) -> Entity {
    Entity { in_scope: true, points: points.to_vec(), ..Entity::default() }
}

/// Ten minutes of values until the kill.
fn every(ms: i64, value: impl Fn(i64) -> u64) -> Vec<(i64, u64)> {
    (0..=600_000 / ms).map(|n| n * ms - 600_000).map(|t| (t, value(t))).collect()
}

/// Up and down in steps, as garbage collection goes.
fn wave(t: i64, period: i64, height: u64) -> u64 {
    height * t.rem_euclid(period).unsigned_abs() / period.unsigned_abs()
}

fn grown(ms: i64, bytes_per_s: u64) -> u64 {
    ms.unsigned_abs() * bytes_per_s / 1_000
}
