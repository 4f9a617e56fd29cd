use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::engine::Subject;
use super::forecast::forecast;
use super::*;
use crate::agent::config;
use crate::model::{AlertOn, Host};
use crate::sample::{CgroupSample, SystemSample};

const S: u64 = 1_000_000_000;
const MIB: u64 = 1 << 20;

fn rule(text: &str) -> Rule {
    config::parse(&format!("rules = [{{ {text} }}]")).unwrap().rules.unwrap().remove(0)
}

fn error(text: &str) -> String {
    config::parse(&format!("rules = [{{ {text} }}]")).unwrap_err()
}

fn cgroup(id: u64, parent: u64, usage: u64, limit: Option<u64>) -> CgroupSample {
    CgroupSample {
        id,
        parent,
        usage: usage * MIB,
        limit: limit.map(|limit| limit * MIB),
        ..CgroupSample::default()
    }
}

fn step(engine: &mut Engine, second: u64, cgroups: &[CgroupSample]) -> Vec<Change> {
    let paths: HashMap<u64, Arc<[u8]>> =
        cgroups.iter().map(|cgroup| (cgroup.id, Arc::from(format!("/c{}", cgroup.id).as_bytes()))).collect();
    let system = SystemSample { total: 8 << 30, available: 4 << 30, ..SystemSample::default() };
    engine.step(&Snapshot {
        now_ns: second * S,
        cgroups_ns: second * S,
        processes_ns: second * S,
        system: Some(system),
        cgroups,
        paths: Some(&paths),
        ..Snapshot::default()
    })
}

#[test]
fn the_defaults_are_right() {
    let names: Vec<String> = defaults().into_iter().map(|rule| rule.name).collect();
    assert_eq!(names, ["system-memory-high", "system-limit-soon", "cgroup-memory-high", "cgroup-limit-soon"]);
}

#[test]
fn what_does_not_fit_together_is_refused_by_name() {
    for (text, words) in [
        ("name='a', on='cgroup', metric='usage'", "above"),
        ("name='a', on='cgroup', metric='usage', above='120%'", "85%"),
        ("name='a', on='cgroup', metric='time_to_limit', above='10m'", "below"),
        ("name='a', on='system', metric='usage', above='85%', match='*'", "one machine"),
        ("name='a', on='process', metric='psi_some', above='10%'", "pressure"),
        ("name='a', on='cgroup', metric='psi_some', above='10%'", "match"),
        ("name='a', on='system', metric='limit_events', above='1'", "cgroup"),
        ("name='a', on='cgroup', metric='usage', above='85%', clear='90%'", "clear"),
        ("name='a', on='cgroup', metric='usage', above='85%', clear='1G'", "clear"),
        ("name='', on='cgroup', metric='usage', above='85%'", "no name"),
        ("name='a', on='cgroup', metric='usage', above='85%', hodl='1m'", "hodl"),
        ("name='a', on='cgroup', metric='uage', above='85%'", "did you mean \"usage\""),
    ] {
        let error = error(text);
        assert!(error.contains(words) && error.contains("line 1"), "{text}: {error}");
    }
}

#[test]
fn it_fires_after_its_time_and_ends_on_the_safe_side() {
    let mut engine = Engine::new(vec![rule(
        "name='high', on='cgroup', metric='usage', above='85%', for='10s', clear_for='5s', cooldown='60s'",
    )]);
    let at = |engine: &mut Engine, second, usage| step(engine, second, &[cgroup(2, 1, usage, Some(100))]);
    assert!(at(&mut engine, 100, 90).is_empty() && at(&mut engine, 109, 90).is_empty());
    let fired = at(&mut engine, 110, 91);
    assert!(fired.len() == 1 && fired[0].firing, "{fired:?}");
    let record = alert(&fired[0], &Host::default(), &std::collections::BTreeMap::new());
    assert_eq!(record.summary, "cgroup /c2 uses 91 % of its limit of 100 MiB, for 10 s");
    // Between the threshold and the safe side nothing changes.
    assert!(at(&mut engine, 111, 83).is_empty() && at(&mut engine, 125, 83).is_empty());
    assert!(at(&mut engine, 126, 70).is_empty());
    let over = at(&mut engine, 131, 70);
    assert!(over.len() == 1 && !over[0].firing && over[0].fired_ns == fired[0].fired_ns);
    // Quiet for a while, then again.
    assert!((132..191).all(|second| at(&mut engine, second, 95).is_empty()));
    assert!((191..205).any(|second| !at(&mut engine, second, 95).is_empty()));
}

#[test]
fn the_tightest_limit_above_counts_and_who_carries_it_is_named() {
    let mut engine = Engine::new(vec![rule("name='high', on='cgroup', metric='usage', above='85%'")]);
    let tree = [
        cgroup(1, 0, 95, None),
        cgroup(2, 1, 95, Some(100)),
        cgroup(3, 2, 95, Some(500)),
        cgroup(4, 3, 95, None),
    ];
    let fired = step(&mut engine, 1, &tree);
    let subjects: Vec<_> = fired.iter().map(|change| change.subject.clone()).collect();
    assert_eq!(subjects, [Subject::Cgroup(2, Some(Arc::from(&b"/c2"[..])))]);
    // Who asks for one below it gets that one, by the same limit.
    let mut engine =
        Engine::new(vec![rule("name='high', on='cgroup', match='/c4', metric='usage', above='85%'")]);
    let fired = step(&mut engine, 1, &tree);
    assert_eq!((fired.len(), fired[0].measured.limit), (1, Some(100 * MIB)));
}

#[test]
fn page_cache_is_no_use_of_memory() {
    let mut engine = Engine::new(vec![rule("name='high', on='cgroup', metric='usage', above='85%'")]);
    let full = CgroupSample { file: Some(60 * MIB), ..cgroup(2, 1, 99, Some(100)) };
    assert!(step(&mut engine, 1, &[full]).is_empty());
    assert_eq!(step(&mut engine, 2, &[CgroupSample { file: Some(1), ..full }]).len(), 1);
}

#[test]
fn an_alert_about_what_is_gone_ends() {
    let mut engine = Engine::new(vec![rule("name='high', on='cgroup', metric='usage', above='85%'")]);
    assert_eq!(step(&mut engine, 1, &[cgroup(2, 1, 99, Some(100))]).len(), 1);
    let over = step(&mut engine, 2, &[]);
    assert!(over.len() == 1 && !over[0].firing && over[0].gone);
    assert!(step(&mut engine, 3, &[]).is_empty());
}

#[test]
fn a_leak_is_announced_before_it_ends_and_a_start_is_not() {
    let mut engine =
        Engine::new(vec![rule("name='soon', on='cgroup', metric='time_to_limit', below='10m', for='20s'")]);
    let leak = |second: u64| cgroup(2, 1, 100 + second, Some(500));
    // Grows fast, and stays there.
    let start = |second: u64| cgroup(3, 1, (second * 12).min(400), Some(500));
    let mut fired = Vec::new();
    for second in 1..390 {
        fired.extend(
            step(&mut engine, second, &[leak(second), start(second)])
                .into_iter()
                .map(|change| (second, change)),
        );
    }
    let (second, change) = &fired[0];
    assert!(*second < 120 && matches!(change.subject, Subject::Cgroup(2, _)), "{fired:?}");
    assert!(fired.iter().all(|(_, change)| matches!(change.subject, Subject::Cgroup(2, _))), "{fired:?}");
    let record = alert(change, &Host::default(), &std::collections::BTreeMap::new());
    assert!(record.summary.contains("will hit its limit of 500 MiB in 6 min ["), "{}", record.summary);
    assert!(record.summary.contains("at 1 MiB/s"), "{}", record.summary);
}

#[test]
fn events_are_counted_a_minute() {
    let mut engine = Engine::new(vec![rule("name='max', on='cgroup', metric='limit_events', above='30'")]);
    let at = |engine: &mut Engine, second: u64, hits| {
        let sample = CgroupSample { limit_hits: Some(hits), ..cgroup(2, 1, 99, Some(100)) };
        step(engine, second, &[sample])
    };
    // What was counted before says nothing.
    assert!((0..60).all(|second| at(&mut engine, second, 9000).is_empty()));
    assert!((60..120).any(|second| !at(&mut engine, second, 9000 + (second - 59)).is_empty()));
}

#[test]
fn other_rules_end_the_alerts_of_those_that_are_gone() {
    let high = rule("name='high', on='cgroup', metric='usage', above='85%'");
    let other = rule("name='other', on='cgroup', metric='usage', above='50%'");
    let mut engine = Engine::new(vec![high, other.clone()]);
    assert_eq!(step(&mut engine, 1, &[cgroup(2, 1, 99, Some(100))]).len(), 2);
    let ended = engine.replace(vec![other], 2 * S);
    assert_eq!(ended.iter().map(|change| change.rule.name.as_str()).collect::<Vec<_>>(), ["high"]);
    assert!(step(&mut engine, 3, &[cgroup(2, 1, 99, Some(100))]).is_empty(), "the other one goes on");
    assert_eq!(engine.firing().into_iter().collect::<Vec<_>>(), [("other", 1)]);
}

#[test]
fn swap_of_the_machine() {
    let mut engine = Engine::new(vec![rule("name='swap', on='system', metric='swap', above='50%'")]);
    let system = SystemSample { swap_total: 100, swap_free: 40, total: 1, ..SystemSample::default() };
    let fired = engine.step(&Snapshot { now_ns: S, system: Some(system), ..Snapshot::default() });
    assert!(fired.len() == 1 && fired[0].rule.on == AlertOn::System);
}

proptest! {
    /// Whatever memory does: nothing fires before its time, each alert begins and ends in turn, and a rule is quiet for as long
    /// as it was told to be. The same input gives the same output.
    #[test]
    fn the_order_of_things(usages in proptest::collection::vec(0_u64..110, 1..300)) {
        let text = "name='high', on='cgroup', metric='usage', above='85%', for='7s', clear_for='3s', cooldown='20s'";
        let (mut engine, mut twin) = (Engine::new(vec![rule(text)]), Engine::new(vec![rule(text)]));
        let (mut high_since, mut over_since, mut firing, mut quiet_until) = (None, None, false, 0);
        for (second, usage) in (1_u64..).zip(usages) {
            let sample = [cgroup(2, 1, usage, Some(100))];
            let changes = step(&mut engine, second, &sample);
            let same = step(&mut twin, second, &sample);
            prop_assert_eq!(changes.len(), same.len());
            high_since = (usage > 85).then(|| high_since.unwrap_or(second));
            over_since = (usage <= 80).then(|| over_since.unwrap_or(second));
            prop_assert!(changes.len() <= 1);
            if let Some(change) = changes.first() {
                prop_assert_ne!(change.firing, firing);
                firing = change.firing;
                if firing {
                    prop_assert!(second >= high_since.unwrap() + 7 && second >= quiet_until);
                } else {
                    prop_assert!(second >= over_since.unwrap() + 3);
                    quiet_until = second + 20;
                }
            } else if firing {
                prop_assert!(over_since.is_none_or(|since| second < since + 3));
            }
        }
    }

    #[test]
    fn no_course_breaks_a_forecast(points in proptest::collection::vec((any::<u64>(), any::<u64>()), 0..40)) {
        if let Some(found) = forecast(&points) {
            prop_assert!(found.rate > 0.0 && found.range[0] > 0.0 && found.range[0] <= found.range[1]);
        }
    }
}
