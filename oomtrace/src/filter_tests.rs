use clap::Parser;

use super::*;

fn is_sure(verdict: Verdict) -> bool {
    verdict == Verdict::Yes
}
use crate::model::{CgroupRef, Container, Text};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    filter: Filter,
}

fn filter(args: &[&str]) -> Filter {
    Cli::try_parse_from(["oomtrace"].iter().chain(args)).unwrap_or_else(|e| panic!("{e}")).filter
}

fn victim() -> Victim {
    Victim {
        pid: 4711,
        tid: Some(4713),
        comm: Text::from("java"),
        uid: Some(1000),
        cgroup: Some(CgroupRef { path: Text::from("/system.slice/shop-api.service/worker"), id: None }),
        container: Some(Container {
            id: Some("3f2a9c1b".into()),
            name: Some("web".into()),
            ..Container::default()
        }),
        unit: Some("shop-api.service".into()),
        ..Victim::default()
    }
}

fn incident(victims: Vec<Victim>) -> Incident {
    let mut incident = Incident { victims, ..Incident::default() };
    incident.scope.constraint = Some(Constraint::Memcg);
    incident
}

#[track_caller]
fn check(args: &[&str], expected: bool) {
    assert_eq!(is_sure(filter(args).verdict(&incident(vec![victim()]))), expected, "{args:?}");
}

#[test]
fn without_options_all_match() {
    check(&[], true);
    assert!(is_sure(filter(&[]).verdict(&incident(Vec::new()))));
}

#[test]
fn each_kind() {
    for (args, expected) in [
        (["-p", "4711"], true),
        (["--pid", "4713"], true),
        (["-p", "471"], false),
        (["-n", "java"], true),
        (["--comm", "jav"], false),
        (["-n", "j*a"], true),
        (["-n", "*"], true),
        (["-n", "*x*"], false),
        (["-u", "1000"], true),
        (["--uid", "0"], false),
        (["--cgroup", "/system.slice"], true),
        (["--cgroup", "/system.slice/"], true),
        (["--cgroup", "/system"], false),
        (["--cgroup", "/"], true),
        (["--cgroup", "/system.slice/shop-api.service/worker/deeper"], false),
        (["--container", "3f2a"], true),
        (["--container", "web"], true),
        (["--container", "we"], false),
        (["--container", ""], false),
        (["--unit", "shop-api.service"], true),
        (["--unit", "shop-api"], true),
        (["--unit", r"shop\x2dapi"], true),
        (["--unit", "shop"], false),
        (["--constraint", "memcg"], true),
        (["--constraint", "none"], false),
        (["--constraint", "machine"], false),
        (["--constraint", "memory-policy"], false),
    ] {
        check(&args, expected);
    }
}

#[test]
fn any_value_of_a_kind_all_kinds() {
    check(&["-p", "1", "-p", "4711"], true);
    check(&["-p", "4711", "-u", "1000", "--constraint", "cpuset", "--constraint", "memcg"], true);
    check(&["-p", "4711", "-u", "0"], false);
}

#[test]
fn the_kinds_must_meet_in_one_victim() {
    let other = Victim { pid: 1, uid: Some(0), ..victim() };
    let both = incident(vec![victim(), other]);
    assert!(!is_sure(filter(&["-p", "4711", "-u", "0"]).verdict(&both)));
    assert!(is_sure(filter(&["-p", "1", "-u", "0"]).verdict(&both)));
}

#[test]
fn names_are_cut_as_the_kernel_does() {
    let long = Victim { comm: Text::from("a-very-long-nam"), ..victim() };
    assert!(is_sure(filter(&["-n", "a-very-long-name-indeed"]).verdict(&incident(vec![long]))));
}

#[test]
fn what_is_not_known_is_no_match_and_no_refusal() {
    let bare = incident(vec![Victim { pid: 7, comm: Text::from("sh"), ..Victim::default() }]);
    for args in [["-u", "0"], ["--cgroup", "/"], ["--container", "web"], ["--unit", "x"]] {
        assert_eq!(filter(&args).verdict(&bare), Verdict::Unknown, "{args:?}");
        assert!(!is_sure(filter(&args).verdict(&bare)));
    }
    let at = |path: &str| {
        let cgroup = CgroupRef { path: Text::from(path), id: None };
        incident(vec![Victim { cgroup: Some(cgroup), ..Victim::default() }])
    };
    assert_eq!(filter(&["--unit", "x"]).verdict(&at("/")), Verdict::No);
    assert_eq!(filter(&["--unit", "x"]).verdict(&at("")), Verdict::Unknown, "the path was lost");
    assert_eq!(filter(&["--cgroup", "/a"]).verdict(&at(".../b")), Verdict::Unknown, "its beginning was lost");
    assert_eq!(filter(&["-p", "1"]).verdict(&incident(Vec::new())), Verdict::Unknown);
    assert_eq!(filter(&["-p", "1", "-u", "0"]).verdict(&bare), Verdict::No, "one no is enough");
    let unseen = Incident::default();
    assert_eq!(filter(&["--constraint", "memcg"]).verdict(&unseen), Verdict::Unknown);
}

#[test]
fn a_wrong_kind_names_the_right_ones() {
    let error = Cli::try_parse_from(["oomtrace", "--constraint", "x"]).err().unwrap().to_string();
    assert!(error.contains("memory_policy"), "{error}");
}
