use serde_json::{Value, json};

use super::*;
use crate::kmsg::parse;
use crate::report::reports;

const MACHINE: Machine =
    Machine { page: 4096, cpus: 2, ram_pages: 6_000_000, swap_pages: 0, counters: Counters::Approximate };

fn report() -> Report {
    let text = include_str!("../../fixtures/kmsg/6.18-v1-other_victim.kmsg");
    let log: Vec<_> = text.lines().map(|record| parse(record.as_bytes()).expect("a record").0).collect();
    reports(&log).remove(0)
}

fn record() -> Value {
    serde_json::from_str(include_str!("../../fixtures/record/6.18-v1-other_victim.json")).expect("JSON")
}

fn wrong(record: &Value, rung: Rung) -> Vec<String> {
    compare(record, &report(), &MACHINE, rung).mismatches.into_iter().map(|m| m.field).collect()
}

#[test]
fn a_right_record_agrees_in_every_field() {
    let outcome = compare(&record(), &report(), &MACHINE, Rung::Full);
    assert_eq!(outcome.mismatches, []);
    for field in fields::FIELDS {
        assert!(outcome.agreed.contains(&field.name().to_owned()), "{} was not compared", field.name());
    }
    assert!(outcome.agreed.contains(&"candidate[3793].points".to_owned()));
}

/// Each pointer with the name of the field it makes wrong.
const VALUES: &[(&str, &str)] = &[
    ("/victims/0/pid", "victim.pid"),
    ("/victims/0/tid", "victim.tid"),
    ("/victims/0/comm", "victim.comm"),
    ("/victims/0/uid", "victim.uid"),
    ("/victims/0/oom_score_adj", "victim.oom_score_adj"),
    ("/victims/0/memory/total_vm_bytes", "victim.total_vm"),
    ("/victims/0/memory/anon_bytes", "victim.anon"),
    ("/victims/0/memory/file_bytes", "victim.file"),
    ("/victims/0/memory/shmem_bytes", "victim.shmem"),
    ("/victims/0/memory/swap_bytes", "victim.swap"),
    ("/victims/0/memory/page_table_bytes", "victim.page_tables"),
    ("/victims/0/cgroup/path", "victim.cgroup"),
    ("/trigger/pid", "trigger.pid"),
    ("/trigger/comm", "trigger.comm"),
    ("/scope/gfp_flags/value", "gfp.value"),
    ("/scope/gfp_flags/names", "gfp.names"),
    ("/scope/order", "order"),
    ("/scope/sysrq", "sysrq"),
    ("/scope/message", "message"),
    ("/scope/constraint", "constraint"),
    ("/scope/total_pages", "total_pages"),
    ("/scope/memcg/path", "memcg.path"),
    ("/scope/memcg/levels_above_victim", "memcg.levels"),
    ("/scope/memcg/limit_bytes", "memcg.limit"),
    ("/scope/memcg/usage_bytes", "memcg.usage"),
    ("/scope/memcg/swap_limit_bytes", "memcg.swap_limit"),
    ("/scope/memcg/swap_usage_bytes", "memcg.swap_usage"),
    ("/scope/cpuset", "cpuset"),
    ("/scope/mems_allowed", "mems_allowed"),
    ("/victims/0/badness/points", "badness.points"),
    ("/victims/0/badness/recomputed", "badness.recomputed"),
    ("/victims/0/badness/parts/rss_pages", "badness.rss"),
    ("/victims/0/badness/parts/swap_pages", "badness.swap"),
    ("/victims/0/badness/parts/page_table_pages", "badness.page_tables"),
    ("/victims/0/badness/parts/adj_pages", "badness.adj"),
    ("/candidates/1/pid", "candidate"),
    ("/candidates/1/comm", "candidate[3793].comm"),
    ("/candidates/1/points", "candidate[3793].points"),
    ("/candidates/1/rss_bytes", "candidate[3793].rss"),
    ("/candidates/1/swap_bytes", "candidate[3793].swap"),
    ("/candidates/1/page_table_bytes", "candidate[3793].page_tables"),
    ("/candidates/1/oom_score_adj", "candidate[3793].oom_score_adj"),
];

/// More than any bound that is stated.
fn off(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_i64().expect("a small number") + (16 << 20)),
        Value::Bool(yes) => json!(!yes),
        Value::String(text) => json!(format!("{text}x")),
        other => panic!("{other} is no value"),
    }
}

#[test]
fn a_wrong_value_is_found_by_name() {
    for (pointer, field) in VALUES {
        let mut record = record();
        let value = record.pointer_mut(pointer).expect(pointer);
        *value = off(value);
        assert!(wrong(&record, Rung::Full).contains(&(*field).to_owned()), "{pointer}");
    }
}

#[test]
fn a_byte_more_is_found_where_the_log_is_exact() {
    for (pointer, field) in VALUES.iter().filter(|(pointer, _)| pointer.ends_with("_pages")) {
        let mut record = record();
        let value = record.pointer_mut(pointer).expect(pointer);
        *value = json!(value.as_i64().expect("a number") + 1);
        assert!(wrong(&record, Rung::Full).contains(&(*field).to_owned()), "{pointer}");
    }
    let mut record = record();
    record["victims"][0]["memory"]["anon_bytes"] = json!(14_811_136 + 4096);
    assert_eq!(wrong(&record, Rung::Full), ["victim.anon"]);
}

fn without(pointer: &str) -> Value {
    let mut record = record();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    record.pointer_mut(parent).and_then(Value::as_object_mut).expect(pointer).remove(key);
    record
}

#[test]
fn a_missing_value_is_found_on_the_rungs_that_owe_it() {
    for field in fields::FIELDS {
        for rung in [Rung::Full, Rung::Mark, Rung::Pid, Rung::Log] {
            let (pointer, _) = VALUES.iter().find(|(_, name)| *name == field.name()).expect("a pointer");
            // Without a tid, the process's id stands for it.
            if field.name() == "victim.tid" || field.name() == "victim.pid" {
                continue;
            }
            let missing = wrong(&without(pointer), rung).contains(&field.name().to_owned());
            assert_eq!(missing, field.is_owed(rung), "{} on {rung:?}", field.name());
        }
    }
    assert!(wrong(&without("/victims/0/pid"), Rung::Pid).contains(&"victim.pid".to_owned()));
}

#[test]
fn usage_may_move_by_the_stock_of_the_cpus() {
    let mut record = record();
    record["scope"]["memcg"]["usage_bytes"] = json!(25_165_824_u64 - MACHINE.usage_slack());
    assert_eq!(wrong(&record, Rung::Full), Vec::<String>::new());
    record["scope"]["memcg"]["usage_bytes"] = json!(25_165_824_u64 - MACHINE.usage_slack() - 1024);
    assert_eq!(wrong(&record, Rung::Full), ["memcg.usage"]);
    // It may fall until it is printed, but it was never above the limit.
    record["scope"]["memcg"]["usage_bytes"] = json!(25_165_824_u64 + MACHINE.usage_slack() + 1024);
    assert_eq!(wrong(&record, Rung::Full), ["memcg.usage"]);
}

#[test]
fn the_kernels_view_is_what_the_log_shows() {
    let mut record = record();
    record["victims"][0]["memory"]["kernel_view"] =
        json!({"anon_bytes": 14_811_136, "file_bytes": 3_121_152, "shmem_bytes": 0, "swap_bytes": 0});
    record["victims"][0]["memory"]["anon_bytes"] = json!(14_811_136 + 8192);
    record["victims"][0]["memory"]["accuracy"] = json!("exact");
    assert_eq!(wrong(&record, Rung::Full), Vec::<String>::new());
    record["victims"][0]["memory"]["anon_bytes"] = json!(14_811_136 + MACHINE.counter_slack() + 4096);
    assert_eq!(wrong(&record, Rung::Full), ["victim.anon (exact)"]);
}

#[test]
fn to_6_1_a_thread_adds_what_it_kept_to_itself_before_the_line_is_printed() {
    let atomic = Machine { counters: Counters::Atomic, ..MACHINE };
    let with = |anon: u64, machine: &Machine, trigger: Option<u32>| {
        let (mut record, mut report) = (record(), report());
        record["victims"][0]["memory"]["anon_bytes"] = json!(anon);
        report.trigger_pid = trigger.or(report.trigger_pid);
        let found = compare(&record, &report, machine, Rung::Full).mismatches;
        found.into_iter().any(|mismatch| mismatch.field == "victim.anon")
    };
    let logged = 14_811_136;
    let kept = 64 * 4096;
    assert!(!with(logged - kept, &atomic, None));
    assert!(with(logged - kept - 1024, &atomic, None));
    assert!(with(logged + 1024, &atomic, None));
    assert!(with(logged - 1024, &MACHINE, None), "a later kernel");
    let victim = report().killed[0].pid;
    assert!(with(logged - 1024, &atomic, Some(victim)), "the trigger is busy with the kill");
}

#[test]
fn a_machines_victim_grows_while_another_task_runs_the_oom_killer() {
    let with = |constraint: &str, order: i32, grown: i64| {
        let (mut record, mut report) = (record(), report());
        if let (Some(choice), Some(invoked)) = (&mut report.choice, &mut report.invoked) {
            choice.constraint = constraint.to_owned();
            invoked.order = order;
        }
        for pointer in ["/victims/0/memory/anon_bytes", "/candidates/0/page_table_bytes"] {
            let value = record.pointer_mut(pointer).expect(pointer);
            *value = json!(value.as_i64().expect("a number") - grown);
        }
        let found = compare(&record, &report, &MACHINE, Rung::Full).mismatches;
        let names = ["victim.anon".to_owned(), format!("candidate[{}].page_tables", report.killed[0].pid)];
        found.iter().filter(|mismatch| names.contains(&mismatch.field)).count()
    };
    assert_eq!(with("CONSTRAINT_NONE", 0, 2 << 20), 0);
    assert_eq!(with("CONSTRAINT_NONE", 0, (2 << 20) + 4096), 2);
    assert_eq!(with("CONSTRAINT_NONE", 0, -4096), 2, "it shrinks");
    assert_eq!(with("CONSTRAINT_MEMCG", 0, 4096), 2, "nothing is freed in a full memory cgroup");
    assert_eq!(with("CONSTRAINT_NONE", -1, 4096), 2, "SysRq finds one that holds still");
}

#[test]
fn since_7_0_the_log_is_exact() {
    let machine = Machine { counters: Counters::Exact, ..MACHINE };
    let mismatches = |record: &Value| {
        let found = compare(record, &report(), &machine, Rung::Full).mismatches;
        found.into_iter().map(|m| m.field).collect::<Vec<_>>()
    };
    let mut record = record();
    record["victims"][0]["memory"]["kernel_view"] =
        json!({"anon_bytes": 14_811_136 - 4096, "file_bytes": 3_121_152, "shmem_bytes": 0, "swap_bytes": 0});
    record["victims"][0]["memory"]["accuracy"] = json!("exact");
    assert_eq!(mismatches(&record), Vec::<String>::new());
    record["victims"][0]["memory"]["anon_bytes"] = json!(14_811_136 - 4096);
    assert_eq!(mismatches(&record), ["victim.anon"]);
    record["victims"][0]["memory"]["accuracy"] = json!("approximate");
    assert_eq!(mismatches(&record), Vec::<String>::new());
}

#[test]
fn a_candidate_left_out_is_missed() {
    let mut record = record();
    record["candidates"].as_array_mut().expect("an array").truncate(1);
    assert_eq!(
        wrong(&record, Rung::Full),
        Vec::<String>::new(),
        "two were scored, one is listed: the list ends early"
    );
    record["candidates_scored"] = json!(1);
    assert_eq!(wrong(&record, Rung::Full), ["candidates"]);
    record["candidates"] = json!([]);
    assert_eq!(wrong(&record, Rung::Mark), ["candidates"]);
}

#[test]
fn candidates_come_highest_first() {
    let mut record = record();
    record["candidates"].as_array_mut().expect("an array").reverse();
    assert_eq!(wrong(&record, Rung::Full), ["candidates.order"]);
}

/// A report with a second victim, and a record that has it right.
fn group() -> (Report, Value) {
    let mut report = report();
    report.killed.push(report.killed[0].clone());
    let member = crate::report::Killed { pid: 3793, comm: b"small".to_vec(), ..report.killed[0].clone() };
    report.killed.push(member);
    report.group = Some(b"/oomtrace-test-3788-v1-other-victim".to_vec());
    let mut record = record();
    let mut victim = record["victims"][0].clone();
    victim["pid"] = json!(3793);
    victim["comm"] = json!("small");
    victim["role"] = json!("group_member");
    victim.as_object_mut().expect("an object").remove("tid");
    record["victims"].as_array_mut().expect("an array").push(victim);
    (report, record)
}

#[test]
fn a_group_members_death_must_be_in_the_record() {
    let (report, group_record) = group();
    assert_eq!(compare(&group_record, &report, &MACHINE, Rung::Full).mismatches, []);
    let alone = compare(&record(), &report, &MACHINE, Rung::Full).mismatches;
    assert_eq!(alone.iter().map(|m| m.field.as_str()).collect::<Vec<_>>(), ["victims"]);
}

#[test]
fn a_group_members_values_are_compared() {
    let (report, right) = group();
    for (pointer, field) in [
        ("/uid", "uid"),
        ("/oom_score_adj", "oom_score_adj"),
        ("/comm", "comm"),
        ("/role", "role"),
        ("/memory/total_vm_bytes", "total_vm"),
        ("/memory/anon_bytes", "anon"),
        ("/memory/file_bytes", "file"),
        ("/memory/shmem_bytes", "shmem"),
        ("/memory/page_table_bytes", "page_tables"),
    ] {
        let mut record = right.clone();
        let value = record.pointer_mut(&format!("/victims/1{pointer}")).expect(pointer);
        *value = off(value);
        let found = compare(&record, &report, &MACHINE, Rung::Full).mismatches;
        let fields: Vec<_> = found.iter().map(|m| m.field.as_str()).collect();
        assert_eq!(fields, [format!("victim[3793].{field}")], "{pointer}");
    }
    let mut record = right;
    record["victims"][1]["cgroup"]["path"] = json!("");
    let found = compare(&record, &report, &MACHINE, Rung::Full).mismatches;
    assert_eq!(found[0].field, "victim[3793].cgroup");
}

#[test]
fn a_name_that_is_not_utf8_is_compared_by_its_bytes() {
    let mut report = report();
    report.killed[0].comm = b"\xffbig".to_vec();
    let mut record = record();
    record["victims"][0]["comm"] = json!({"lossy": "\u{fffd}big", "hex": "ff626967"});
    let fields: Vec<String> =
        compare(&record, &report, &MACHINE, Rung::Full).mismatches.into_iter().map(|m| m.field).collect();
    assert_eq!(fields, Vec::<String>::new());
    record["victims"][0]["comm"] = json!("\u{fffd}big");
    assert_eq!(compare(&record, &report, &MACHINE, Rung::Full).mismatches.len(), 1);
}
