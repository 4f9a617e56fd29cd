//! Every way in which records of kills can come in.

use oomtrace_common::{Exit, Header, Kill, Level, Task, Victim, decode, kind};
use proptest::prelude::*;

use super::*;

const MS: u64 = 1_000_000;
const ALL: Witness = Witness { signal: true, mark: true, exit: true, returned: true };
/// Without the hooks on `oom_kill_process`.
const UNDECIDED: Witness = Witness { signal: true, mark: true, exit: true, returned: false };

fn zeroed<T: oomtrace_common::Record>() -> T {
    decode(&vec![0; size_of::<T>()]).unwrap()
}

fn header(kind: u32, seq: u64, time: u64) -> Header {
    Header { kind, probe: 1, seq, time, current_tid: 7, current_tgid: 7, current_comm: [0; 16] }
}

fn task(tgid: u32, mm_id: u64) -> Task {
    Task { tgid, tid: tgid, mm_id, task_id: u64::from(tgid), memcg_id: 5, ..zeroed() }
}

fn kill(seq: u64, time: u64, chosen: Task) -> Decoded {
    Decoded::Kill(Box::new(Kill { header: header(kind::KILL, seq, time), chosen, ..zeroed() }))
}

fn signal(seq: u64, time: u64, task: Task) -> Decoded {
    Decoded::Signal(Box::new(Victim { header: header(kind::SIGNAL, seq, time), task }))
}

fn mark(seq: u64, time: u64, task: Task) -> Decoded {
    Decoded::Mark(Box::new(Victim { header: header(kind::MARK, seq, time), task }))
}

fn exit(time: u64, tgid: u32) -> Decoded {
    Decoded::Exit(Exit { header: header(kind::EXIT, 0, time), tgid, ..zeroed() })
}

fn returned(seq: u64, time: u64) -> Decoded {
    Decoded::Return(header(kind::RETURN, seq, time))
}

fn level(seq: u64, time: u64, id: u64, oom_group: u32) -> Decoded {
    let header = header(kind::LEVEL, seq, time);
    Decoded::Level(Box::new(Level { header, leaf_id: 5, id, oom_group, ..zeroed() }))
}

fn feed(witness: Witness, records: Vec<Decoded>) -> Assembler {
    let mut assembler = Assembler::new(witness);
    for record in records {
        assembler.push(record);
    }
    assembler
}

fn only_kill(closed: Vec<Closed>) -> Draft {
    assert_eq!(closed.len(), 1, "{closed:?}");
    match closed.into_iter().next() {
        Some(Closed::Kill(draft)) => *draft,
        other => panic!("no kill: {other:?}"),
    }
}

fn pids(draft: &Draft) -> Vec<(u32, Role)> {
    draft.members.iter().map(|m| (m.task.tgid, m.role)).collect()
}

#[test]
fn a_kill_is_told_as_soon_as_its_victim_is_gone() {
    let a = task(10, 1);
    let mut assembler = feed(ALL, vec![kill(1, MS, a), signal(1, 2 * MS, a), mark(1, 2 * MS, a)]);
    assert!(assembler.poll(3 * MS).is_empty());
    assembler.push(returned(1, 3 * MS));
    assembler.push(exit(5 * MS, 10));
    let draft = only_kill(assembler.poll(5 * MS));
    assert_eq!(pids(&draft), [(10, Role::Chosen)]);
    assert_eq!(draft.members[0].kill_to_exit(), Some(3 * MS));
    assert_eq!(assembler.missing(1), 0);
}

#[test]
fn a_victim_that_takes_long_gets_its_exit_later() {
    let a = task(10, 1);
    let mut assembler =
        feed(ALL, vec![kill(1, MS, a), signal(1, 2 * MS, a), mark(1, 2 * MS, a), returned(1, 3 * MS)]);
    assert!(assembler.poll(36 * MS).is_empty());
    assert_eq!(assembler.next_due(), Some(37 * MS), "35 ms after SIGKILL");
    let draft = only_kill(assembler.poll(37 * MS));
    assert_eq!(draft.members[0].exited, None);
    assembler.push(exit(900 * MS, 10));
    let closed = assembler.poll(900 * MS);
    assert!(
        matches!(closed[..], [Closed::LateExit { first, tgid: 10, kill_to_exit }]
            if first == MS && kill_to_exit == 898 * MS),
        "{closed:?}"
    );
}

#[test]
fn the_kernel_may_print_for_seconds_before_it_kills() {
    let a = task(10, 1);
    let mut assembler = feed(ALL, vec![kill(1, MS, a)]);
    assert!(assembler.poll(9_000 * MS).is_empty());
    assembler.push(signal(1, 9_000 * MS, a));
    assembler.push(mark(1, 9_000 * MS, a));
    assembler.push(returned(1, 9_001 * MS));
    assembler.push(exit(9_002 * MS, 10));
    assert_eq!(pids(&only_kill(assembler.poll(9_002 * MS))), [(10, Role::Chosen)]);
}

#[test]
fn where_the_return_is_seen_a_report_may_take_minutes_to_print() {
    let a = task(10, 1);
    let mut assembler = feed(ALL, vec![kill(1, MS, a)]);
    assert!(assembler.poll(60_000 * MS).is_empty());
    assembler.push(signal(1, 60_000 * MS, a));
    assembler.push(mark(1, 60_000 * MS, a));
    assembler.push(returned(1, 60_001 * MS));
    assert!(only_kill(assembler.poll(60_050 * MS)).kill.is_some());
    assert_eq!(assembler.missing(2), 1);
}

#[test]
fn what_the_kernel_has_only_decided_at_the_end_is_no_news() {
    assert!(feed(ALL, vec![kill(1, MS, task(10, 1))]).finish().is_empty());
    // A lost record would look the same.
    let mut assembler = feed(ALL, vec![kill(1, MS, task(10, 1))]);
    assembler.set_lossy(true);
    assert!(matches!(assembler.finish()[..], [Closed::Kill(_)]));
}

#[test]
fn a_victims_thread_that_is_marked_once_more_does_not_take_its_exit() {
    let a = task(10, 1);
    let killed = || vec![kill(1, MS, a), signal(1, 2 * MS, a), mark(1, 2 * MS, a), returned(1, 3 * MS)];
    let again = mark(0, 4 * MS, Task { tid: 12, ..a });
    let mut assembler = feed(ALL, killed());
    assembler.push(again.clone());
    assembler.push(exit(5 * MS, 10));
    let closed = assembler.poll(5 * MS);
    let exited = |closed: &Closed| match closed {
        Closed::Kill(draft) => draft.members[0].kill_to_exit(),
        _ => None,
    };
    assert_eq!(closed.iter().find_map(exited), Some(3 * MS), "{closed:?}");
    // The same when the kill was reported before.
    let mut assembler = feed(ALL, killed());
    only_kill(assembler.poll(40 * MS));
    assembler.push(again);
    assembler.push(exit(50 * MS, 10));
    let closed = assembler.poll(50 * MS);
    let late =
        |closed: &Closed| matches!(closed, Closed::LateExit { kill_to_exit, .. } if *kill_to_exit == 48 * MS);
    assert!(closed.iter().any(late), "{closed:?}");
}

#[test]
fn a_later_process_of_that_number_is_another_one() {
    let a = task(10, 1);
    let mut assembler =
        feed(ALL, vec![kill(1, MS, a), signal(1, 2 * MS, a), mark(1, 2 * MS, a), returned(1, 3 * MS)]);
    let Decoded::Exit(later) = exit(5 * MS, 10) else { unreachable!() };
    assembler.push(Decoded::Exit(Exit { start_time: 4 * MS, ..later }));
    assert!(assembler.poll(5 * MS).is_empty());
}

#[test]
fn a_group_is_one_kill() {
    let tasks: Vec<Task> = (10..30).map(|pid| task(pid, u64::from(pid))).collect();
    let chosen = tasks[3];
    let mut records =
        vec![kill(1, MS, chosen), level(1, MS, 5, 1), signal(1, MS, chosen), mark(1, MS, chosen)];
    // The kernel goes through the whole group, the chosen one included, which it does not mark again.
    for one in &tasks {
        records.push(signal(1, 2 * MS, *one));
        if one.tgid != chosen.tgid {
            records.push(mark(1, 2 * MS, *one));
        }
    }
    records.push(returned(1, 3 * MS));
    records.extend((10..30).map(|pid| exit(4 * MS, pid)));
    let draft = only_kill(feed(ALL, records).poll(4 * MS));
    assert_eq!(draft.members.len(), 20);
    assert_eq!(pids(&draft)[0], (13, Role::Chosen));
    assert!(pids(&draft)[1..].iter().all(|(_, role)| *role == Role::GroupMember));
    assert!(draft.all_exited());
}

#[test]
fn a_group_is_one_kill_even_where_the_decision_is_not_seen() {
    let (a, b) = (task(10, 1), task(11, 2));
    let records = vec![
        signal(0, MS, a),
        mark(1, MS, a),
        level(1, MS, 5, 1),
        signal(0, 2 * MS, b),
        mark(2, 2 * MS, b),
        level(2, 2 * MS, 5, 1),
    ];
    let mut assembler = feed(UNDECIDED, records);
    assert!(assembler.poll(3 * MS).is_empty());
    assert_eq!(pids(&only_kill(assembler.poll(36 * MS))), [(10, Role::Chosen), (11, Role::GroupMember)]);
    assert_eq!(assembler.missing(2), 0);
}

#[test]
fn where_the_decision_is_not_seen_what_comes_with_the_mark_is_awaited() {
    let a = task(10, 1);
    let mut assembler = feed(UNDECIDED, vec![signal(0, MS, a), mark(1, 50 * MS, a), exit(51 * MS, 11)]);
    assert!(assembler.poll(51 * MS).is_empty());
    assembler.push(level(1, 52 * MS, 5, 0));
    assert_eq!(only_kill(assembler.poll(85 * MS)).levels.len(), 1);
}

#[test]
fn two_kills_of_one_trigger_stay_two() {
    let (a, b) = (task(10, 1), task(11, 2));
    let records = vec![
        signal(0, MS, a),
        mark(1, MS, a),
        level(1, MS, 5, 0),
        signal(0, 2 * MS, b),
        mark(2, 2 * MS, b),
        level(2, 2 * MS, 5, 0),
    ];
    let closed = feed(UNDECIDED, records).poll(100 * MS);
    assert!(matches!(closed[..], [Closed::Kill(_), Closed::Kill(_)]), "{closed:?}");
}

#[test]
fn a_dead_leader_is_the_process_its_thread_was_killed_in() {
    let thread = Task { tid: 12, ..task(10, 1) };
    let records = vec![
        kill(1, MS, thread),
        signal(1, MS, thread),
        mark(1, MS, thread),
        returned(1, 2 * MS),
        exit(3 * MS, 10),
    ];
    let draft = only_kill(feed(ALL, records).poll(3 * MS));
    assert_eq!(pids(&draft), [(10, Role::Chosen)]);
    assert_eq!(draft.members[0].task.tid, 12);
}

#[test]
fn a_mark_alone_is_no_kill() {
    let mut assembler = feed(ALL, vec![mark(0, MS, task(10, 1))]);
    let closed = assembler.poll(MS + 36 * MS);
    assert!(matches!(closed[..], [Closed::NoKill(_, true)]), "{closed:?}");
}

#[test]
fn a_decision_that_finds_its_victim_gone_is_no_kill() {
    let mut assembler = feed(ALL, vec![kill(1, MS, task(10, 1)), returned(1, 2 * MS)]);
    let closed = assembler.poll(2 * MS);
    assert!(matches!(closed[..], [Closed::NoKill(_, false)]), "{closed:?}");
    assert_eq!(assembler.missing(1), 0, "it was told");
}

#[test]
fn without_the_return_hook_a_skipped_kill_is_told_late() {
    let mut assembler = feed(UNDECIDED, vec![kill(1, MS, task(10, 1))]);
    assert!(assembler.poll(9_000 * MS).is_empty());
    assert!(matches!(assembler.poll(10_001 * MS)[..], [Closed::NoKill(_, false)]));
}

#[test]
fn who_shares_the_memory_dies_with_it() {
    let (a, b) = (task(10, 1), task(11, 1));
    let records = vec![
        kill(1, MS, a),
        signal(1, MS, a),
        mark(1, MS, a),
        signal(1, MS, b),
        returned(1, 2 * MS),
        exit(3 * MS, 11),
        exit(3 * MS, 10),
    ];
    assert_eq!(pids(&only_kill(feed(ALL, records).poll(3 * MS))), [(10, Role::Chosen), (11, Role::SharedMm)]);
    // Where the decision is not seen, the mark is what the sharer is matched with.
    let records = vec![signal(0, MS, a), mark(1, MS, a), signal(0, MS, b)];
    let draft = only_kill(feed(UNDECIDED, records).poll(100 * MS));
    assert_eq!(pids(&draft), [(10, Role::Chosen), (11, Role::SharedMm)]);
}

#[test]
fn a_kernel_sigkill_without_a_mark_is_not_the_oom_killers() {
    let mut assembler = feed(ALL, vec![signal(0, MS, task(10, 1)), exit(2 * MS, 10)]);
    assert!(assembler.poll(60_000 * MS).is_empty());
    assert!(assembler.finish().is_empty());
}

#[test]
fn a_victim_after_the_report_is_not_lost() {
    let (a, b) = (task(10, 1), task(11, 2));
    let mut assembler = feed(ALL, vec![kill(1, MS, a), level(1, MS, 5, 1), signal(1, MS, a), mark(1, MS, a)]);
    only_kill(assembler.poll(36 * MS));
    assembler.push(signal(1, 50 * MS, b));
    assembler.push(mark(1, 50 * MS, b));
    assembler.push(level(1, 50 * MS, 5, 1));
    let closed = assembler.poll(50 * MS);
    assert!(
        matches!(&closed[..], [Closed::LateVictim { first: MS, member, levels }]
            if member.task.tgid == 11 && levels.len() == 2),
        "{closed:?}"
    );
    assembler.push(exit(60 * MS, 11));
    assert!(matches!(assembler.poll(60 * MS)[..], [Closed::LateExit { tgid: 11, .. }]));
    assert_eq!(assembler.missing(1), 0);
}

#[test]
fn a_sharer_after_the_report_is_a_sharer() {
    let (a, b) = (task(10, 1), task(11, 1));
    let mut assembler = feed(ALL, vec![kill(1, MS, a), signal(1, MS, a), mark(1, MS, a)]);
    only_kill(assembler.poll(36 * MS));
    assembler.push(signal(1, 50 * MS, b));
    let closed = assembler.poll(50 * MS);
    assert!(
        matches!(&closed[..], [Closed::LateVictim { member, .. }] if member.role == Role::SharedMm),
        "{closed:?}"
    );
}

#[test]
fn kills_without_any_record_are_counted() {
    let a = task(10, 1);
    let mut assembler = feed(ALL, vec![kill(4, MS, a), signal(4, MS, a), mark(4, MS, a), returned(4, MS)]);
    only_kill(assembler.finish());
    assert_eq!(assembler.missing(6), 5, "1, 2, 3, 5 and 6");
    // Mere companions of a lost kill do not tell it.
    assembler.push(level(5, MS, 5, 0));
    assert!(assembler.finish().is_empty());
    assert_eq!(assembler.missing(6), 5);
}

#[test]
fn after_losses_a_missing_record_proves_nothing() {
    let mut assembler = feed(ALL, vec![kill(1, MS, task(10, 1)), returned(1, MS)]);
    assembler.set_lossy(true);
    assert!(only_kill(assembler.poll(2 * MS)).members.is_empty());
}

#[test]
fn with_the_decision_alone_it_is_the_kill() {
    let witness = Witness { signal: false, mark: false, exit: false, returned: false };
    let mut assembler = feed(witness, vec![kill(1, MS, task(10, 1))]);
    assert!(matches!(assembler.finish()[..], [Closed::Kill(_)]));
}

fn any_record() -> impl Strategy<Value = Decoded> {
    (0u8..6, 0u64..5, 0u64..50, 10u32..14, 0u64..3, 0u32..2).prop_map(|(which, seq, time, pid, mm, group)| {
        let (time, task) = (time * 10 * MS, task(pid, mm));
        match which {
            0 => kill(seq.max(1), time, task),
            1 => signal(seq, time, task),
            2 => mark(seq, time, task),
            3 => exit(time, pid),
            4 => level(seq.max(1), time, 5, group),
            _ => returned(seq.max(1), time),
        }
    })
}

proptest! {
    #[test]
    fn any_order_is_survived(
        records in proptest::collection::vec(any_record(), 0..60),
        lossy in any::<bool>(),
        poll_every in 1usize..8,
    ) {
        let mut assembler = Assembler::new(ALL);
        assembler.set_lossy(lossy);
        let mut told = Vec::new();
        for (at, record) in records.into_iter().enumerate() {
            let now = record.header().time;
            assembler.push(record);
            if at % poll_every == 0 {
                told.extend(assembler.poll(now));
            }
        }
        told.extend(assembler.finish());
        let mut numbers: Vec<u64> = told
            .iter()
            .filter_map(|closed| match closed {
                Closed::Kill(draft) => draft.seq,
                _ => None,
            })
            .collect();
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), all, "a kill was told twice");
        prop_assert!(!assembler.is_busy());
    }
}
