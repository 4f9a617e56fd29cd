//! Verdicts over made-up runs.

use super::super::meter::Near;
use super::*;
use crate::model::{Footer, Incident, Text, Victim};

fn ended(end: End) -> Ended {
    Ended { end, timed_out: false, took: Duration::from_millis(1500), largest: 0 }
}

/// A run with everything in order.
struct Made {
    args: RunArgs,
    seen: Seen,
    measured: Measured,
    witness: Witness,
    ended: Ended,
}

impl Made {
    fn new() -> Self {
        let footer = Footer { complete: true, ..Footer::default() };
        Self {
            args: RunArgs::default(),
            seen: Seen { footer: Some(footer), ..Seen::default() },
            measured: Measured::default(),
            witness: Witness { ebpf: true, ..Witness::default() },
            ended: ended(End::Exited(0)),
        }
    }

    fn judge(&self) -> Verdict {
        let Self { args, seen, measured, witness, ended } = self;
        Case { args, seen, measured, witness, ended }.judge()
    }

    fn kill(&mut self, comm: &str) {
        let victim = Victim { pid: 7, comm: Text::from(comm), ..Victim::default() };
        self.seen.kills.push(Incident { victims: vec![victim], ..Incident::default() });
        self.seen.count += 1;
        self.seen.victims += 1;
    }
}

#[test]
fn no_kill_is_a_pass_only_when_one_would_have_been_seen() {
    let mut run = Made::new();
    assert_eq!(run.judge().outcome(), Outcome::Pass);
    run.seen.lost.push("the ring buffer was full".into());
    let verdict = run.judge();
    assert_eq!(verdict.outcome(), Outcome::Unknown);
    assert!(verdict.rules[0].why.contains("ring buffer"), "{verdict:?}");
    // The kernel's counters are as good a witness.
    run.witness.own = Some(0);
    assert_eq!(run.judge().outcome(), Outcome::Pass);
    run.witness.own = None;
    run.seen.footer = None;
    run.witness.vmstat = Some(1);
    assert_eq!(run.judge().outcome(), Outcome::Unknown);
    run.witness.vmstat = Some(0);
    assert_eq!(run.judge().outcome(), Outcome::Pass);
}

#[test]
fn a_kill_fails_and_names_its_victim() {
    let mut run = Made::new();
    run.kill("evil\n\x1b[2J");
    run.seen.lost.push("something".into());
    let verdict = run.judge();
    assert_eq!(verdict.outcome(), Outcome::Fail);
    assert_eq!(verdict.rules[0].why, r"evil\n\x1b[2J (pid 7) was killed");
    run.kill("x");
    assert!(run.judge().rules[0].why.contains("and 1 more were"));
    run.args.fail_on = FailOn::None;
    assert_ne!(run.judge().outcome(), Outcome::Fail);
}

#[test]
fn a_kill_that_only_the_cgroup_counted_fails() {
    let mut run = Made::new();
    run.witness.own = Some(2);
    let verdict = run.judge();
    assert_eq!((verdict.outcome(), verdict.rules[0].why.contains("counted 2")), (Outcome::Fail, true));
}

#[test]
fn kills_of_others_fail_when_asked() {
    let mut run = Made::new();
    run.seen.count_elsewhere = 1;
    assert_eq!(run.judge().outcome(), Outcome::Pass);
    run.args.fail_on = FailOn::Any;
    assert_eq!(run.judge().outcome(), Outcome::Fail);
}

#[test]
fn the_threshold() {
    let mut run = Made::new();
    run.args.fail_above = Some(90);
    assert_eq!(run.judge().outcome(), Outcome::Unknown);
    for (peak, outcome) in [(899, Outcome::Pass), (900, Outcome::Fail), (2000, Outcome::Fail)] {
        run.measured.near = Some(Near { dir: None, own: true, limit: 1000, peak });
        assert_eq!(run.judge().outcome(), outcome, "{peak}");
    }
}

#[test]
fn exit_codes() {
    use Outcome::{Fail, Pass, Unknown};
    for (end, verdict, failed, exit_of) in [
        (End::Exited(0), Pass, false, Exit::Code(0)),
        (End::Exited(0), Unknown, false, Exit::Code(0)),
        (End::Exited(0), Fail, false, Exit::Code(86)),
        (End::Exited(0), Fail, true, Exit::Code(125)),
        (End::Exited(3), Fail, true, Exit::Code(3)),
        (End::Exited(3), Pass, false, Exit::Code(3)),
        (End::Signalled(9), Fail, true, Exit::Signal(9)),
        (End::Signalled(2), Pass, false, Exit::Signal(2)),
    ] {
        assert_eq!(exit(&ended(end), verdict, failed, 86), exit_of, "{end:?} {verdict:?} {failed}");
    }
    let late = Ended { timed_out: true, ..ended(End::Signalled(15)) };
    assert_eq!(exit(&late, Fail, false, 86), Exit::Code(124));
}
