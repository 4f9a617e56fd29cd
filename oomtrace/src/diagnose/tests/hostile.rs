//! Whatever a record holds: no panic, no NaN, shares within 0 to 1.

use proptest::prelude::*;

use super::super::diagnose;
use crate::model::*;

fn kind() -> impl Strategy<Value = EntityKind> {
    prop_oneof![
        Just(EntityKind::Process),
        Just(EntityKind::Family),
        Just(EntityKind::Cgroup),
        Just(EntityKind::System)
    ]
}

fn bytes() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(u64::MAX), Just(1 << 63), 0_u64..1 << 34, any::<u64>()]
}

fn time() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), Just(i64::MIN), Just(i64::MAX), -100_000_i64..1000, -100_000_i64..0, any::<i64>()]
}

fn part() -> impl Strategy<Value = Part> {
    let kinds = prop_oneof![
        Just(PartKind::Anon),
        Just(PartKind::File),
        Just(PartKind::Shmem),
        Just(PartKind::Swap),
        Just(PartKind::PageTables),
        Just(PartKind::Kernel),
        Just(PartKind::Slab),
        Just(PartKind::Sock)
    ];
    (kinds, prop::collection::vec(bytes(), 0..6)).prop_map(|(kind, bytes)| Part { kind, bytes })
}

fn text() -> impl Strategy<Value = Option<Text>> {
    prop_oneof![
        Just(None),
        Just(Some("/".into())),
        Just(Some("/a".into())),
        Just(Some("/a/b".into())),
        Just(Some("".into())),
        Just(Some(Text::new(vec![0xff, 0x0a])))
    ]
}

prop_compose! {
    fn entity()(kind in kind(), pid in prop::option::of(0_u32..6), ppid in prop::option::of(0_u32..6), comm in text(), path in text(),
        limit_bytes in prop::option::of(bytes()), members in prop::option::of(any::<u32>()), started_ms in prop::option::of(time()),
        exited_ms in prop::option::of(time()), in_scope in any::<bool>(), points in prop::collection::vec((time(), bytes()), 0..12),
        low in prop::collection::vec(bytes(), 0..6), parts in prop::collection::vec(part(), 0..4)) -> Entity {
        Entity { kind, pid, ppid, comm: comm.clone(), exe: comm, path, limit_bytes, members, started_ms, exited_ms, in_scope, points, low, parts, ..Entity::default() }
    }
}

prop_compose! {
    fn incident()(entities in prop::collection::vec(entity(), 0..12), constraint in prop_oneof![Just(None), Just(Some(Constraint::None)), Just(Some(Constraint::Memcg)), Just(Some(Constraint::Cpuset))],
        total_pages in prop::option::of(bytes()), page_size in prop_oneof![Just(0_u64), Just(4096), any::<u64>()], time in prop_oneof![Just("2026-11-23T14:03:10Z"), Just("junk"), Just("-009999-01-01T00:00:00Z")],
        path in text(), limit_bytes in prop::option::of(bytes()), usage_bytes in prop::option::of(bytes()), anon in prop::option::of(bytes()), points in prop::option::of(any::<i64>()),
        rss in prop::option::of(bytes()), adj in prop::option::of(any::<i32>()), stats in prop::option::of(bytes()), intervals in bytes(), history in any::<bool>(), sysrq in prop::option::of(any::<bool>())) -> Incident {
        let candidate = |pid| Candidate { pid, comm: "c".into(), points, rss_bytes: rss, swap_bytes: anon, page_table_bytes: None, oom_score_adj: adj };
        Incident {
            time: time.into(),
            host: Host { page_size, ..Host::default() },
            scope: Scope {
                constraint, total_pages, sysrq, order: adj,
                memcg: path.map(|path| LimitMemcg { level: MemcgLevel { path, limit_bytes, usage_bytes, ..MemcgLevel::default() }, levels_above_victim: None }),
                stats: stats.map(|bytes| MemcgStats { file_bytes: Some(bytes), shmem_bytes: anon, dirty_bytes: Some(bytes), kernel_bytes: rss, ..MemcgStats::default() }),
                ..Scope::default()
            },
            victims: vec![Victim { pid: 1, start_time: Some(time.into()), memory: Memory { anon_bytes: anon, file_bytes: rss, shmem_bytes: anon, kernel_view: Some(KernelView { anon_bytes: 7, file_bytes: u64::MAX, ..KernelView::default() }), ..Memory::default() }, ..Victim::default() }],
            candidates: (0..9).map(candidate).collect(),
            history: history.then(|| History { interval_ms: intervals, process_interval_ms: Some(intervals), entities, ..History::default() }),
            ..Incident::default()
        }
    }
}

fn sane(culprit: &Culprit) -> bool {
    (0.0..=1.0).contains(&culprit.share_of_growth) && culprit.rate_bytes_per_s.is_none_or(f64::is_finite)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn anything_goes(incident in incident()) {
        let found = diagnose(&incident);
        prop_assert!(found.culprit.iter().chain(&found.others).all(sane), "{found:?}");
        prop_assert!(!found.summary.is_empty() && !found.reasons.is_empty());
        prop_assert!(!found.summary.contains("NaN") && !found.summary.contains("inf"));
        prop_assert_eq!(&diagnose(&incident), &found);
        let json = serde_json::to_string(&found).unwrap();
        prop_assert_eq!(serde_json::from_str::<Diagnosis>(&json).unwrap().verdict, found.verdict);
    }
}

#[test]
fn nothing_at_all() {
    let found = diagnose(&Incident::default());
    assert_eq!(found.verdict, VerdictKind::Undetermined);
    assert!(found.reasons[0].contains("nothing was sampled"), "{:?}", found.reasons);
}

#[test]
fn a_record_of_the_largest_size_is_cheap() {
    let points: Vec<_> = (0..600_i64)
        .map(|at| (at * 100 - 60_000, 1_000_000 + (at * 7_919 % 911) as u64 * 4096 + at as u64 * 10_000))
        .collect();
    let entity = |pid: u32, kind| Entity {
        kind,
        pid: Some(pid),
        comm: Some(format!("p{}", pid % 40).as_str().into()),
        path: Some(format!("/a/{}", pid % 60).as_str().into()),
        in_scope: true,
        low: points.iter().map(|(_, b)| b / 2).collect(),
        points: points.clone(),
        ..Entity::default()
    };
    let mut entities: Vec<_> = (0..1000).map(|pid| entity(pid, EntityKind::Process)).collect();
    entities.extend((0..300).map(|pid| entity(pid, EntityKind::Cgroup)));
    let incident = Incident {
        history: Some(History { entities, interval_ms: 100, ..History::default() }),
        ..Incident::default()
    };
    let begin = std::time::Instant::now();
    let found = diagnose(&incident);
    eprintln!("{:?} {}", begin.elapsed(), found.summary);
    assert!(!found.reasons.is_empty());
}
