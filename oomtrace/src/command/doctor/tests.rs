//! The conclusion and its rendering, from made-up findings.

use super::*;
use crate::{
    kernel::capability::{Held, Need},
    probe::{LADDERS, Outcome, SAMPLING, State},
};

/// All ladders, each rung in the state that `state` gives it.
fn outcomes(state: impl Fn(&str) -> State) -> Vec<Outcome> {
    let rungs =
        LADDERS.iter().chain(SAMPLING).flat_map(|(fact, rungs)| rungs.iter().map(move |rung| (*fact, rung)));
    rungs.map(|(fact, rung)| Outcome { fact, rung, state: state(rung.program) }).collect()
}

/// With one rung of each ladder attached, the last one of the others spare.
fn all_served() -> Vec<Outcome> {
    let mut outcomes = outcomes(|_| State::Spare);
    for (fact, _) in LADDERS.iter().chain(SAMPLING) {
        if let Some(first) = outcomes.iter_mut().find(|outcome| outcome.fact == *fact) {
            first.state = State::Attached;
        }
    }
    outcomes
}

fn diagnose(checks: Vec<Check>, outcomes: &[Outcome]) -> Diagnosis {
    let tried = hooks::judged(Check::ok("BPF object", "accepted"), outcomes);
    Diagnosis::new(checks, tried.hooks, tried.facts)
}

fn log(readable: bool) -> Check {
    match readable {
        true => Check::ok(diagnosis::KERNEL_LOG, "/dev/kmsg is readable"),
        false => Check::bad(CheckState::Degraded, diagnosis::KERNEL_LOG, "denied", "run with sudo")
            .lacking("nothing is completed from the kernel's log"),
    }
}

fn refused(_: &str) -> State {
    State::Refused("load: Operation not permitted".into())
}

#[test]
fn levels_of_perf_events_that_a_capability_does_not_help_against_are_named() {
    for (level, admin, state) in [
        (-1, false, CheckState::Ok),
        (2, false, CheckState::Ok),
        (3, false, CheckState::Degraded),
        (4, true, CheckState::Ok),
    ] {
        let check = checks::perf_level(level, admin);
        assert_eq!(check.state, state, "{level} {admin}");
        assert_eq!(check.remedy.is_some(), state != CheckState::Ok);
    }
}

#[test]
fn under_lockdown_kernel_memory_is_not_called_exact() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("kernel/security")).unwrap();
    let file = dir.path().join("kernel/security/lockdown");
    std::fs::write(file, "none integrity [confidentiality]\n").unwrap();
    let roots = Roots { sys: dir.path().into(), ..Roots::default() };
    let layout = oomtrace_common::Layout { per_cpu_offset: 1, cpus: 1, ..oomtrace_common::Layout::ABSENT };
    let check = checks::kallsyms(&roots, &layout);
    assert_eq!(check.state, CheckState::Degraded);
    assert!(check.remedy.unwrap().contains("lockdown=integrity"));
}

#[test]
fn all_good_is_code_0() {
    let diagnosis = diagnose(vec![log(true)], &all_served());
    assert_eq!(diagnosis.state, Health::Ok);
    assert_eq!(diagnosis.state.exit_code(), 0);
    assert!(
        text::page(&diagnosis, false, 80)
            .ends_with("\nok: everything works: reports on this machine lack nothing.\n")
    );
}

#[test]
fn a_fact_that_nothing_tells_is_code_3_and_said() {
    let mut outcomes = all_served();
    for outcome in outcomes.iter_mut().filter(|outcome| outcome.fact.name() == "candidates") {
        outcome.state = refused("");
    }
    let diagnosis = diagnose(vec![log(true)], &outcomes);
    assert_eq!(diagnosis.state.exit_code(), 3);
    assert_eq!(
        diagnosis.summary,
        "OOM kills are reported, but the candidates are taken from the kernel's log."
    );
    let page = text::page(&diagnosis, false, 100);
    assert!(
        page.contains("  candidates: no hook available; the candidates are taken from the kernel's log\n"),
        "{page}"
    );
    assert!(
        page.contains("refused     fentry:oom_evaluate_task    load: Operation not permitted\n"),
        "{page}"
    );
    assert!(page.contains("refused     kprobe:oom_evaluate_task    the same\n"), "{page}");
    assert!(page.contains("works       raw_tp:mark_victim          not needed\n"), "{page}");
}

#[test]
fn one_check_that_is_not_well_is_code_3() {
    let diagnosis = diagnose(vec![log(false)], &all_served());
    assert_eq!(diagnosis.state, Health::Degraded);
    assert_eq!(diagnosis.summary, "OOM kills are reported, but nothing is completed from the kernel's log.");
    let page = text::page(&diagnosis, false, 80);
    assert!(
        page.contains("  degraded  kernel log  denied\n                        -> run with sudo\n"),
        "{page}"
    );
}

#[test]
fn one_remedy_for_several_checks_is_said_once() {
    let check = |name: &str| Check::bad(CheckState::Degraded, name, "denied", "run with sudo");
    let page = text::page(&diagnose(vec![check("CAP_SYSLOG"), log(false)], &all_served()), false, 80);
    assert_eq!(page.matches("-> run with sudo\n").count(), 1, "{page}");
    assert!(page.contains("-> as for CAP_SYSLOG\n"), "{page}");
}

#[test]
fn the_kernels_log_is_enough_for_code_3_and_nothing_for_4() {
    let alone = diagnose(vec![log(true)], &outcomes(refused));
    assert_eq!(alone.state.exit_code(), 3);
    assert!(alone.summary.starts_with("OOM kills are seen in the kernel's log alone"), "{}", alone.summary);
    let nothing = diagnose(vec![log(false)], &outcomes(refused));
    assert_eq!(nothing.state.exit_code(), 4);
    assert!(nothing.summary.starts_with("no OOM kill can be seen here"), "{}", nothing.summary);
}

#[test]
fn one_hook_that_tells_of_kills_is_enough_without_the_log() {
    let marked = |program: &str| if program == "tp_mark" { State::Attached } else { refused("") };
    assert_eq!(diagnose(vec![log(false)], &outcomes(marked)).state, Health::Degraded);
    // The end of a process does not tell of a kill.
    let exit = |program: &str| if program == "raw_tp_exit" { State::Attached } else { refused("") };
    assert_eq!(diagnose(vec![log(false)], &outcomes(exit)).state, Health::Unusable);
}

#[test]
fn without_the_capabilities_nothing_is_tried() {
    let need =
        Need { name: "CAP_BPF".into(), purpose: "load BPF programs", required: true, held: Held::Missing };
    let tried = hooks::try_all(&DoctorArgs::default(), &oomtrace_common::Layout::ABSENT, &[need]);
    assert_eq!(tried.object.state, CheckState::Missing);
    assert!(tried.object.read.contains("CAP_BPF"), "{:?}", tried.object);
    assert!(tried.hooks.iter().all(|hook| hook.state == HookState::NotTried));
    assert!(tried.facts.iter().all(|fact| fact.served_by.is_none() && fact.lacks.is_some()));
}

#[test]
fn a_capability_is_required_or_not() {
    let need = |required, held| Need { name: "CAP_SYSLOG".into(), purpose: "read the log", required, held };
    assert_eq!(checks::capability(&need(true, Held::Missing)).state, CheckState::Missing);
    assert_eq!(checks::capability(&need(false, Held::Missing)).state, CheckState::Degraded);
    let lowered = checks::capability(&need(false, Held::PermittedOnly));
    assert!(lowered.read.starts_with("permitted but not effective"), "{lowered:?}");
    let held = checks::capability(&need(true, Held::Effective));
    assert_eq!((held.state, held.remedy), (CheckState::Ok, None));
}

#[test]
fn lines_fit_and_end_without_blanks() {
    let long = "a long reason that goes on and on ".repeat(9);
    let reason = |_: &str| State::Unsupported(long.clone());
    let check = Check::bad(CheckState::Missing, "CAP_DAC_READ_SEARCH", long.clone(), long.clone());
    let diagnosis = diagnose(vec![check, log(true)], &outcomes(reason));
    for width in [60, 80, 120] {
        for line in text::page(&diagnosis, false, width).lines() {
            assert!(line.chars().count() <= width, "{width}: {line:?}");
            assert_eq!(line, line.trim_end());
        }
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let diagnosis = diagnose(vec![log(false)], &outcomes(refused));
    let (plain, colored) = (text::page(&diagnosis, false, 80), text::page(&diagnosis, true, 80));
    assert!(!plain.contains('\x1b') && colored.contains("\x1b[1;31munusable\x1b[0m"), "{colored}");
    let codes = ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[1;31m"];
    let stripped = codes.iter().fold(colored, |text, code| text.replace(code, ""));
    assert_eq!(stripped, plain);
}

#[test]
fn what_was_read_is_made_safe() {
    let diagnosis = diagnose(vec![Check::ok("kernel", "6.1\x1b[2J\nok: all fine")], &all_served());
    let page = text::page(&diagnosis, false, 80);
    assert!(page.contains(r"6.1\x1b[2J\nok: all fine"), "{page}");
}

#[test]
fn json_has_the_contract() {
    let diagnosis = diagnose(vec![log(false)], &outcomes(refused));
    let json: serde_json::Value = serde_json::from_slice(&serde_json::to_vec(&diagnosis).unwrap()).unwrap();
    assert_eq!((&json["schema"], &json["type"]), (&"oomtrace/1".into(), &"doctor".into()));
    assert_eq!(json["state"], "unusable");
    assert_eq!(json["checks"][0]["state"], "degraded");
    assert_eq!(json["checks"][0]["remedy"], "run with sudo");
    assert_eq!(
        json["probes"].as_array().unwrap().len(),
        LADDERS.iter().chain(SAMPLING).map(|(_, rungs)| rungs.len()).sum::<usize>()
    );
    assert_eq!(json["probes"][0]["state"], "refused");
}

/// A machine without anything in /proc and /sys.
#[test]
fn an_empty_machine_is_described_and_not_trusted() {
    let empty = Roots { proc: "/nonexistent".into(), sys: "/nonexistent".into() };
    let names: Vec<&str> = vec![
        "BTF is absent",
        "/nonexistent/pressure/memory is absent or switched off",
        "no memory controller is mounted",
        "not mounted, or not readable",
    ];
    let checks = [
        checks::btf(&empty, None, None),
        memory::pressure(&empty),
        memory::cgroup(&empty),
        checks::tracefs(&empty, &[]),
    ];
    for (check, words) in checks.iter().zip(names) {
        let said = format!("{} {}", check.name, check.read);
        assert!(said.contains(words.trim_start_matches("BTF ")), "{said}");
        assert_eq!(check.state, CheckState::Degraded, "{said}");
        assert!(check.remedy.is_some(), "{said}");
    }
    assert!(checks::namespaces(&empty).iter().all(|check| check.read.starts_with("not known")));
}
