//! Captures of /dev/kmsg from real kills; what is expected was read off them by hand.

use crate::klog::{Counter, Outcome, Report, read_all};
use crate::model::{Constraint, Text};

/// The reports in a fixture.
pub(super) fn fixture(name: &str) -> Vec<Report> {
    read_all(&bytes(name))
}

/// Every fixture.
pub(super) fn names() -> Vec<String> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/klog");
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "kmsg"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{directory}");
    names
}

/// A fixture as it is.
pub(super) fn bytes(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/klog/{name}.kmsg", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The only report in a fixture.
fn only(name: &str) -> Report {
    let mut reports = fixture(name);
    assert_eq!(reports.len(), 1, "{reports:#?}");
    reports.remove(0)
}

#[test]
fn v1_limit_on_6_18() {
    let report = only("6.18-v1-memcg");
    assert_eq!(report.outcome, Outcome::Killed);
    assert_eq!((report.begin_usec.is_some(), report.outcome_usec), (true, Some(1_346_757_721)));
    assert_eq!((report.missing.as_slice(), report.doubts.as_slice()), (&[][..], &[][..]));
    let trigger = report.trigger.as_ref().unwrap();
    assert_eq!((&trigger.comm, trigger.pid), (&Text::from("python3"), Some(11740)));
    assert_eq!((trigger.gfp_mask, trigger.order, trigger.oom_score_adj), (Some(0xcc0), Some(0), Some(0)));
    assert_eq!(trigger.gfp_names.as_deref(), Some("GFP_KERNEL"));
    let domain = &report.domain;
    assert_eq!((domain.constraint, domain.pid, domain.uid), (Some(Constraint::Memcg), Some(11740), Some(0)));
    assert_eq!(domain.oom_memcg, Some(Text::from("/klogtest")));
    assert_eq!(domain.task_memcg, Some(Text::from("/klogtest")));
    let memcg = &report.memcg;
    assert_eq!(memcg.memory, Some(Counter { usage_kb: 65536, limit_kb: Some(65536), failcnt: 154 }));
    assert_eq!(memcg.memory_swap, Some(Counter { usage_kb: 65536, limit_kb: None, failcnt: 0 }));
    assert_eq!(memcg.kmem, Some(Counter { usage_kb: 228, limit_kb: None, failcnt: 0 }));
    assert_eq!((memcg.stats.len(), memcg.stats[1].clone()), (42, ("rss".into(), 66_768_896)));
    assert_eq!(report.tasks.len(), 1);
    assert_eq!((report.tasks[0].rss, report.tasks[0].pgtables_bytes), (17915, Some(188_416)));
    let killed = &report.killed[0];
    assert_eq!((killed.pid, killed.lines, killed.comm.as_ref()), (11740, 1, Some(&Text::from("python3"))));
    assert_eq!((killed.anon_kb, killed.file_kb, killed.pgtables_kb), (Some(65152), Some(6508), Some(184)));
}
