//! An incident that the hooks saw in part, completed from the log.

use super::fixtures::fixture;
use crate::klog::{Report, complete};
use crate::model::{
    Badness, Constraint, Incident, KERNEL_LOG, LimitMemcg, MemcgLevel, Scope, SourceKind, Text, Trigger,
    Victim,
};

fn report() -> Report {
    fixture("6.18-v1-memcg").remove(0)
}

/// What `mark_victim` with nothing but a pid gives.
fn pid_only() -> Incident {
    let mut incident = Incident::default();
    incident.host.page_size = 4096;
    incident.victims = vec![Victim { pid: 11740, ..Victim::default() }];
    incident
}

#[test]
fn a_pid_becomes_a_whole_incident() {
    let mut incident = pid_only();
    assert!(complete(&mut incident, &report()));
    assert_eq!(incident.source.probes, [KERNEL_LOG]);
    let scope = &incident.scope;
    assert_eq!((scope.constraint, scope.order, scope.sysrq), (Some(Constraint::Memcg), Some(0), Some(false)));
    assert_eq!(scope.message.as_deref(), Some("Memory cgroup out of memory"));
    assert_eq!(
        scope.gfp_flags.as_ref().map(|gfp| (gfp.value, gfp.names.as_str())),
        Some((0xcc0, "GFP_KERNEL"))
    );
    assert_eq!(scope.total_pages, None, "whether there is swap is not known");
    let level = &scope.memcg.as_ref().unwrap().level;
    assert_eq!((level.limit_bytes, level.usage_bytes), (Some(64 << 20), Some(64 << 20)));
    assert_eq!((level.swap_limit_bytes, level.swap_usage_bytes), (None, Some(64 << 20)));
    assert_eq!(scope.memcg.as_ref().unwrap().levels_above_victim, Some(0));
    let victim = &incident.victims[0];
    assert_eq!(
        (victim.comm.clone(), victim.uid, victim.oom_score_adj),
        (Text::from("python3"), Some(0), Some(0))
    );
    assert_eq!(victim.memory.anon_bytes, Some(65152 << 10));
    assert_eq!(victim.memory.page_table_bytes, Some(184 << 10));
    assert_eq!(victim.badness.as_ref().and_then(|badness| badness.recomputed), Some(17915 + 46));
    assert_eq!(incident.candidates.len(), 1);
    assert_eq!((incident.candidates[0].points, incident.candidates_scored), (Some(17961), Some(1)));
    assert_eq!(incident.trigger.as_ref().map(|trigger| trigger.pid), Some(11740));
    assert!(incident.source.notes.is_empty());
}

#[test]
fn nothing_is_overwritten_and_twice_is_once() {
    let level = MemcgLevel { path: Text::from("/klogtest"), usage_bytes: Some(7), ..MemcgLevel::default() };
    let mut incident = pid_only();
    incident.scope = Scope {
        constraint: Some(Constraint::Memcg),
        message: Some("seen".into()),
        total_pages: Some(16384),
        memcg: Some(LimitMemcg { level, levels_above_victim: None }),
        ..Scope::default()
    };
    incident.trigger = Some(Trigger { pid: 5, ..Trigger::default() });
    incident.victims[0].memory.anon_bytes = Some(9);
    incident.victims[0].badness = Some(Badness { points: Some(17961), ..Badness::default() });
    assert!(complete(&mut incident, &report()));
    let level = &incident.scope.memcg.as_ref().unwrap().level;
    assert_eq!((level.usage_bytes, level.limit_bytes), (Some(7), Some(64 << 20)));
    assert_eq!(incident.scope.message.as_deref(), Some("seen"));
    assert_eq!(incident.trigger.as_ref().map(|trigger| trigger.pid), Some(5));
    let victim = &incident.victims[0];
    assert_eq!((victim.memory.anon_bytes, victim.memory.accuracy), (Some(9), None));
    let badness = victim.badness.as_ref().unwrap();
    assert_eq!((badness.points, badness.recomputed), (Some(17961), Some(17961)));
    assert_eq!(badness.total_pages, Some(16384));
    let once = incident.clone();
    assert!(complete(&mut incident, &report()));
    assert_eq!(incident, once);
}

#[test]
fn another_kill_changes_nothing() {
    let mut incident = pid_only();
    incident.victims[0].pid = 11741;
    let before = incident.clone();
    assert!(!complete(&mut incident, &report()));
    assert!(!complete(&mut incident, &Report::default()));
    assert_eq!(incident, before);
}

#[test]
fn a_difference_is_said_and_not_mixed() {
    let mut incident = pid_only();
    incident.scope.constraint = Some(Constraint::None);
    assert!(complete(&mut incident, &report()));
    assert_eq!((incident.scope.constraint, &incident.scope.memcg), (Some(Constraint::None), &None));
    assert_eq!(incident.source.notes, ["the kernel log names another domain: Memcg /klogtest"]);
}

#[test]
fn counters_alone_get_the_victims() {
    let mut incident = Incident::default();
    incident.host.page_size = 4096;
    incident.source.kind = SourceKind::Counters;
    assert!(complete(&mut incident, &report()));
    assert_eq!((incident.victims.len(), incident.victims[0].pid), (1, 11740));
    assert_eq!(incident.victims[0].tid, None, "it is the leader");
}
