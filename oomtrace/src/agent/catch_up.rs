//! What happened while nobody watched: kills of the kernel's log that the spool lacks, and kills that were counted and are in
//! neither.

use super::spool::Mark;
use crate::klog::{Same, same};
use crate::model::{Incident, Role};

/// A mark is set so much later than what it covers, ns.
const MARGIN_NS: u64 = 5_000_000_000;

/// What the kernel's log has.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Its kills of this boot.
    pub kills: Vec<Incident>,
    /// Number of the oldest record that is still there.
    pub first_seq: Option<u64>,
    /// Why it was not read.
    pub unread: Option<String>,
}

/// What the kernel has counted, and up to when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    /// `oom_kill` of /proc/vmstat before the hooks were attached.
    pub oom_kills: Option<u64>,
    /// When that was read, `CLOCK_BOOTTIME` ns.
    pub at_ns: u64,
}

/// What is to be added to the spool.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Missed {
    /// Kills that only the log tells of.
    pub kills: Vec<Incident>,
    /// Kills that happened while the hooks were being attached: the trace may tell of them, too.
    pub unsettled: Vec<Incident>,
    /// Kills of which nothing is left but that they were counted, and why.
    pub lost: Option<(u64, String)>,
}

/// Compares the log and the counter with what is `known` of this boot.
#[must_use]
pub fn missed(log: Log, known: &[Incident], mark: Option<&Mark>, boot_id: &str, counted: Counted) -> Missed {
    let mark = mark.filter(|mark| mark.boot_id == boot_id);
    // What is from before the mark was seen, and may have given way since.
    let from_ns = mark.map_or(0, |mark| mark.boottime_ns.saturating_sub(MARGIN_NS));
    let is_new = |kill: &Incident| {
        kill.boottime_ns >= from_ns && !known.iter().any(|known| same(known, kill) == Same::Yes)
    };
    let overwritten = overwritten(&log, mark);
    let unread = log.unread;
    let new: Vec<Incident> = log.kills.into_iter().filter(is_new).collect();
    let (kills, unsettled): (Vec<_>, Vec<_>) =
        new.into_iter().partition(|kill| kill.boottime_ns < counted.at_ns);
    let since = known.iter().filter(|kill| mark.is_none_or(|mark| kill.boottime_ns > mark.boottime_ns));
    let accounted: Vec<&Incident> = kills.iter().chain(since).collect();
    let at_least: u64 = accounted.iter().map(|kill| processes(kill)).sum();
    // The first victim of a group counts twice.
    let at_most = at_least + accounted.iter().filter(|kill| kill.victims.len() > 1).count() as u64;
    let risen = counted.oom_kills.map(|now| now.saturating_sub(mark.map_or(0, |mark| mark.oom_kills)));
    let lost = risen.filter(|risen| *risen > at_most).map(|risen| {
        let since = if mark.is_some() { "since the last record" } else { "since boot" };
        let why = unread.map_or(overwritten, |why| format!("the kernel's log was not read: {why}"));
        let told = processes_of(&kills);
        (
            risen - at_least,
            format!("{} counted {since}, {told} in the kernel's log: {why}", kills_in_words(risen)),
        )
    });
    Missed { kills, unsettled, lost }
}

fn kills_in_words(kills: u64) -> String {
    if kills == 1 { "1 kill was".to_owned() } else { format!("{kills} kills were") }
}

/// What the log can't have any more.
fn overwritten(log: &Log, mark: Option<&Mark>) -> String {
    let next = mark.and_then(|mark| mark.kmsg_seq).map_or(0, |seq| seq + 1);
    match log.first_seq.map(|first| first.saturating_sub(next)) {
        Some(0) | None => "its report is not in the log, the kernel limits how much it prints".to_owned(),
        Some(gone) => format!("{gone} messages since then are overwritten; a larger log_buf_len= keeps more"),
    }
}

/// Processes of a kill that the kernel counts.
fn processes(kill: &Incident) -> u64 {
    kill.victims.iter().filter(|victim| victim.role != Role::SharedMm).count().max(1) as u64
}

fn processes_of(kills: &[Incident]) -> u64 {
    kills.iter().map(processes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Host, Victim};

    const S: u64 = 1_000_000_000;

    fn kill(pid: u32, second: u64) -> Incident {
        Incident {
            boottime_ns: second * S,
            host: Host { boot_id: Some("b".into()), ..Host::default() },
            victims: vec![Victim { pid, comm: "a".into(), ..Victim::default() }],
            ..Incident::default()
        }
    }

    fn log(kills: Vec<Incident>, first_seq: u64) -> Log {
        Log { kills, first_seq: Some(first_seq), unread: None }
    }

    fn mark(second: u64, oom_kills: u64, seq: u64) -> Mark {
        Mark { boot_id: "b".into(), oom_kills, kmsg_seq: Some(seq), boottime_ns: second * S }
    }

    fn counted(oom_kills: u64, second: u64) -> Counted {
        Counted { oom_kills: Some(oom_kills), at_ns: second * S }
    }

    #[test]
    fn no_kill_comes_twice() {
        let found =
            missed(log(vec![kill(7, 100), kill(8, 200)], 0), &[kill(7, 100)], None, "b", counted(2, 300));
        assert_eq!(found.kills.iter().map(|kill| kill.victims[0].pid).collect::<Vec<_>>(), [8]);
        assert_eq!(found.lost, None);
        let all = missed(
            log(vec![kill(7, 100), kill(8, 200)], 0),
            &[kill(7, 100)],
            Some(&mark(50, 0, 3)),
            "b",
            counted(2, 300),
        );
        assert_eq!((all.kills.len(), all.lost), (1, None));
    }

    #[test]
    fn what_gave_way_in_the_spool_does_not_come_back() {
        let found = missed(
            log(vec![kill(7, 100), kill(8, 500)], 0),
            &[],
            Some(&mark(400, 1, 9)),
            "b",
            counted(2, 600),
        );
        assert_eq!(found.kills.iter().map(|kill| kill.victims[0].pid).collect::<Vec<_>>(), [8]);
        assert_eq!(found.lost, None);
    }

    #[test]
    fn a_gap_is_told_with_its_figures() {
        let found = missed(log(vec![kill(8, 500)], 700), &[], Some(&mark(400, 1, 99)), "b", counted(4, 600));
        let (lost, why) = found.lost.unwrap();
        assert_eq!(lost, 2);
        assert!(why.contains("3 kills were counted") && why.contains("1 in the kernel's log"), "{why}");
        assert!(why.contains("600 messages"), "{why}");
    }

    #[test]
    fn a_mark_of_another_boot_counts_for_nothing() {
        let mut old = mark(400, 90, 9999);
        old.boot_id = "earlier".into();
        let found = missed(log(vec![kill(8, 20)], 0), &[], Some(&old), "b", counted(1, 60));
        assert_eq!((found.kills.len(), found.lost), (1, None));
        let silent = missed(log(vec![], 0), &[], Some(&old), "b", counted(1, 60));
        assert_eq!(silent.lost.map(|(kills, _)| kills), Some(1));
    }

    #[test]
    fn a_group_may_count_once_more() {
        let mut group = kill(8, 20);
        group.victims.push(Victim { pid: 9, ..Victim::default() });
        for count in [2, 3] {
            assert_eq!(missed(log(vec![group.clone()], 0), &[], None, "b", counted(count, 60)).lost, None);
        }
        assert!(missed(log(vec![group], 0), &[], None, "b", counted(4, 60)).lost.is_some());
    }

    #[test]
    fn kills_during_the_start_are_left_to_the_trace_first() {
        let found = missed(log(vec![kill(8, 61)], 0), &[], None, "b", counted(0, 60));
        assert_eq!((found.kills.len(), found.unsettled.len(), found.lost), (0, 1, None));
    }
}
