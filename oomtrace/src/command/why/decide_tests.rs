use super::super::counters::{Counter, Counters};
use super::super::gather::Stream;
use super::super::mentions::Mention;
use super::*;
use crate::model::{Candidate, CgroupRef, Host, Incident, KillTarget, Scope, Sender, SenderKind};
use crate::render::TextStyle;

const BOOT: &str = "2026-11-23T00:00:00.000000000Z";
const NOW: &str = "2026-11-23T12:00:00.000000000Z";

fn target(text: &str) -> Target {
    Target::parse(text).unwrap()
}

fn victim(pid: u32, comm: &str) -> Victim {
    Victim {
        pid,
        comm: comm.into(),
        exe: Some(format!("/usr/bin/{comm}").as_str().into()),
        cgroup: Some(CgroupRef { path: "/shop/web".into(), id: None }),
        ..Victim::default()
    }
}

fn incident(pid: u32, comm: &str, time: &str) -> Incident {
    let host = Host { boot_id: Some("here".into()), ..Host::default() };
    Incident {
        time: time.into(),
        host,
        victims: vec![victim(pid, comm)],
        scope: Scope::default(),
        ..Incident::default()
    }
}

fn kill(pid: u32, comm: &str, time: &str) -> Kill {
    Kill { incident: incident(pid, comm, time), witnesses: vec![Witness::default()] }
}

fn killed(kills: Vec<Kill>) -> Gathered {
    Gathered { kills, ..Gathered::default() }
}

fn here(vmstat: Option<u64>) -> Here {
    Here {
        boot_id: Some("here".into()),
        boot: BOOT.into(),
        now: NOW.into(),
        counters: Counters { vmstat, cgroup: None },
        exists: true,
        same_pids: true,
        ..Here::default()
    }
}

/// A recording of that boot that names the target.
fn mention(stream: &str) -> Mention {
    Mention { boot: Some("here".into()), stream: Some(stream.into()) }
}

fn causes(answers: &[Answer]) -> Vec<Cause> {
    answers.iter().map(|answer| answer.answer).collect()
}

fn one(text: &str, gathered: &Gathered) -> Answer {
    let mut answers = decide(&target(text), None, gathered);
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers.remove(0)
}

#[test]
fn all_that_match_newest_first_and_only_since_then() {
    let gathered = killed(vec![
        kill(1, "web", "2026-11-23T01:00:00Z"),
        kill(2, "web", ""),
        kill(3, "web", "2026-11-23T03:00:00Z"),
        kill(4, "db", "2026-11-23T04:00:00Z"),
    ]);
    let pids = |since: Option<&str>| {
        let answers = decide(&target("web"), since.map(|time| time.parse().unwrap()), &gathered);
        answers.iter().map(|answer| answer.pid.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(pids(None), [3, 1, 2]);
    assert_eq!(pids(Some("2026-11-23T02:00:00Z")), [3, 2], "a time that is not known may be later");
}

#[test]
fn a_sigkill_is_not_the_oom_killer() {
    let sender = Sender { kind: SenderKind::Timeout, why: "by its name".into(), ..Sender::default() };
    let sent = Sigkill { time: NOW.into(), sender, target: victim(7, "sleep"), ..Sigkill::default() };
    let gathered = Gathered { sigkills: vec![(sent, Witness::default())], ..Gathered::default() };
    let answer = one("7", &gathered);
    assert_eq!((answer.answer, answer.comm), (Cause::Sigkill, Some("sleep".into())));
    assert_eq!(answer.reasons, ["by its name"]);
    assert_eq!(one("8", &gathered).answer, Cause::Unknown);
}

#[test]
fn who_only_calls_itself_so_is_no_sure_answer() {
    let asked = |sender: Sender| {
        let sent = Sigkill { time: NOW.into(), sender, target: victim(7, "sleep"), ..Sigkill::default() };
        let witness = Witness { confidence: Confidence::High, ..Witness::default() };
        Gathered { sigkills: vec![(sent, witness)], ..Gathered::default() }
    };
    let claims = Sender {
        claims: Some(SenderKind::SystemdOomd),
        confidence: Some(Confidence::Low),
        pid: Some(700),
        comm: "systemd-oomd".into(),
        ..Sender::default()
    };
    let mut gathered = asked(claims.clone());
    assert_eq!(one("7", &gathered).confidence, Some(Confidence::Low));
    let text = crate::render::answer(&one("7", &gathered), TextStyle { width: 200, ..TextStyle::default() });
    assert!(text.contains("a program that calls itself systemd-oomd"), "{text}");
    assert!(!text.contains("for memory"), "{text}");
    assert_eq!(one("7", &asked(Sender::default())).confidence, Some(Confidence::High));
    // The account of the one that it is not must not make it that one.
    let proved =
        Sender { kind: SenderKind::SystemdOomd, confidence: Some(Confidence::High), ..Sender::default() };
    let killed = KillTarget { pid: Some(7), comm: Some("sleep".into()), ..KillTarget::default() };
    let told = UserspaceKill { time: NOW.into(), sender: proved, target: killed, ..UserspaceKill::default() };
    let witness = Witness { confidence: Confidence::High, ..Witness::default() };
    gathered.userspace(told.clone(), witness.clone());
    assert_eq!(decide(&target("7"), None, &gathered).len(), 2);
    // Its own word goes with it, and makes nothing surer.
    let mut gathered = asked(claims.clone());
    gathered.userspace(UserspaceKill { sender: claims, ..told }, witness);
    assert_eq!(one("7", &gathered).confidence, Some(Confidence::Low));
}

#[test]
fn only_a_stream_without_doubts_proves_that_there_was_none() {
    let stream = Stream {
        name: "night".into(),
        from: Some(BOOT.into()),
        to: Some(NOW.into()),
        boot: Some("here".into()),
        doubts: Vec::new(),
        kills: vec![incident(1, "web", NOW)],
    };
    let with = |stream: &Stream| Gathered {
        streams: vec![stream.clone()],
        mentions: vec![mention("night")],
        ..Gathered::default()
    };
    let answer = one("7", &with(&stream));
    assert_eq!(answer.answer, Cause::NotOom);
    assert_eq!((answer.from.as_deref(), answer.to.as_deref()), (Some(BOOT), Some(NOW)));
    assert_eq!(answer.confidence, Some(Confidence::High));
    let late = Some("2026-11-24T00:00:00Z".parse().unwrap());
    assert_eq!(causes(&decide(&target("7"), late, &with(&stream))), [Cause::Unknown], "it ended before");

    let doubtful = Stream { doubts: vec!["no footer".into()], ..stream.clone() };
    let answer = one("7", &with(&doubtful));
    assert_eq!(answer.answer, Cause::Unknown);
    assert!(answer.reasons[0].contains("no footer"), "{:?}", answer.reasons);
    let timeless = Stream { from: None, ..stream.clone() };
    assert_eq!(one("7", &with(&timeless)).answer, Cause::Unknown);
    let mut nameless = stream;
    nameless.kills[0].victims.clear();
    assert_eq!(one("7", &with(&nameless)).answer, Cause::Unknown, "its victim is not known");
}

#[test]
fn counters_prove_it_when_nothing_is_counted_or_all_is_known() {
    let gathered = |vmstat, kills| Gathered { here: Some(here(vmstat)), kills, ..Gathered::default() };
    assert_eq!(one("7", &gathered(Some(0), vec![])).answer, Cause::NotOom);
    assert_eq!(one("7", &gathered(None, vec![])).answer, Cause::Unknown);
    assert_eq!(one("7", &gathered(Some(1), vec![])).answer, Cause::Unknown);
    let known = || vec![kill(1, "web", NOW)];
    assert_eq!(one("7", &gathered(Some(1), known())).answer, Cause::NotOom);
    assert_eq!(one("7", &gathered(Some(2), known())).answer, Cause::Unknown, "one is not known");
    let mut elsewhere = known();
    elsewhere[0].incident.host.boot_id = Some("another".into());
    assert_eq!(one("7", &gathered(Some(1), elsewhere)).answer, Cause::Unknown);
    let mut logged = known();
    logged[0].incident.victims[0].exe = None;
    assert_eq!(one("db", &gathered(Some(1), logged)).answer, Cause::Unknown, "its executable may be db");
    assert_eq!(one("db", &gathered(Some(1), known())).answer, Cause::NotOom);
}

#[test]
fn what_no_source_names_is_unknown_whatever_was_counted() {
    let stream = Stream {
        name: "night".into(),
        from: Some(BOOT.into()),
        to: Some(NOW.into()),
        boot: Some("here".into()),
        ..Stream::default()
    };
    let nothing = Here { exists: false, given: Given::Not(5000), ..here(Some(0)) };
    let gathered = Gathered { streams: vec![stream], here: Some(nothing), ..Gathered::default() };
    for name in ["no-such", "no-such.service", "0123456789ab", "/no/such", "/sys/fs/cgroup/no"] {
        let answer = one(name, &gathered);
        assert_eq!((answer.answer, answer.confidence), (Cause::Unknown, None), "{name}");
        assert_eq!(answer.reasons[0], "no source knows anything by this name", "{name}");
        assert!(answer.from.is_none() && answer.to.is_none() && answer.sources.is_empty(), "{answer:?}");
        assert!(answer.reasons.iter().any(|reason| reason.contains("/proc/vmstat")), "{answer:?}");
    }
    let answer = one("7000", &gathered);
    assert_eq!(answer.answer, Cause::Unknown);
    assert_eq!(answer.reasons[0], "no source knows a process with id 7000");
    assert!(answer.reasons[1].contains("the last one it gave is 5000"), "{:?}", answer.reasons);
    let beyond = Here { given: Given::Beyond(32_768), ..gathered.here.clone().unwrap() };
    let answer = one("40000", &Gathered { here: Some(beyond), ..gathered });
    assert!(answer.reasons[1].contains("below 32768"), "{:?}", answer.reasons);
}

#[test]
fn one_source_that_names_it_is_enough_but_for_a_process_of_another_boot() {
    let nothing = Here { exists: false, ..here(Some(0)) };
    let with = |mention: Mention| Gathered {
        here: Some(nothing.clone()),
        mentions: vec![mention],
        ..Gathered::default()
    };
    let old = Mention { boot: Some("another".into()), stream: Some("old".into()) };
    assert_eq!(one("web", &with(old.clone())).answer, Cause::NotOom);
    assert_eq!(one("7", &with(old)).answer, Cause::Unknown, "7 was another process then");
    assert_eq!(one("7", &with(mention("night"))).answer, Cause::NotOom);
    assert_eq!(one("7", &with(Mention::default())).answer, Cause::Unknown);
    // As a candidate of another's kill.
    let mut killed = kill(1, "db", NOW);
    killed.incident.candidates = vec![Candidate { pid: 7, comm: "web".into(), ..Candidate::default() }];
    let gathered = Gathered {
        here: Some(Here { counters: Counters { vmstat: Some(1), cgroup: None }, ..nothing }),
        kills: vec![killed],
        ..Gathered::default()
    };
    assert_eq!(one("7", &gathered).answer, Cause::NotOom);
    assert_eq!(one("8", &gathered).answer, Cause::Unknown);
}

#[test]
fn a_process_id_elsewhere_is_not_one_here() {
    let elsewhere = Here { same_pids: false, given: Given::Yes, ..here(Some(0)) };
    let gathered = Gathered { here: Some(elsewhere), ..Gathered::default() };
    assert_eq!(one("7", &gathered).answer, Cause::Unknown);
}

#[test]
fn a_cgroup_is_asked_for_its_counter() {
    let counted = |kills, is_whole| {
        let mut here = here(Some(9));
        here.counters.cgroup = Some(Counter { file: "/c/memory.events".into(), kills, is_whole });
        one("/shop/db", &Gathered { here: Some(here), ..Gathered::default() })
    };
    let none = counted(0, true);
    assert_eq!((none.answer, none.from, none.to.as_deref()), (Cause::NotOom, None, Some(NOW)));
    assert_eq!(counted(0, false).answer, Cause::Unknown, "cgroups below may be gone");
    let some = counted(2, true);
    assert_eq!((some.answer, some.confidence), (Cause::OomKill, Some(Confidence::Medium)));
    assert_eq!(some.incident, None);
}

#[test]
fn what_runs_comes_first_and_is_no_death() {
    let with = |kills, same_pids| {
        let here = Here { running: vec![victim(7, "web")], same_pids, ..here(Some(5)) };
        Gathered { here: Some(here), kills, ..Gathered::default() }
    };
    let asked = |text: &str, gathered| causes(&decide(&target(text), None, &gathered));
    assert_eq!(asked("7", with(vec![], true)), [Cause::Running]);
    assert_eq!(asked("7", with(vec![], false)), [Cause::Unknown], "that is another process");
    assert_eq!(asked("7", with(vec![kill(7, "old", NOW)], true)), [Cause::Running, Cause::OomKill]);
    assert_eq!(
        asked("web", with(vec![], true)),
        [Cause::Running, Cause::Unknown],
        "another one may have died"
    );
}

#[test]
fn two_accounts_of_a_kill_are_one_answer() {
    let mut gathered = Gathered::default();
    let witness = |name: &str| Witness { name: name.into(), ..Witness::default() };
    let log = incident(7, "web", "2026-11-23T11:59:59Z");
    for (kill, name) in [(incident(7, "web", NOW), "a"), (log.clone(), "b"), (log, "b")] {
        gathered.kill(kill, witness(name));
    }
    let answer = one("7", &gathered);
    let names: Vec<_> = answer.sources.iter().map(|source| source.name.lossy().into_owned()).collect();
    assert_eq!((answer.time.as_deref(), names), (Some(NOW), vec!["a".to_owned(), "b".to_owned()]));
}
