//! What must hold whatever the log holds: no panic, no invented victim, no wrong name.

use proptest::prelude::*;

use super::fixtures::bytes;
use super::script::{Printed, Script};
use crate::klog::{
    Caller, Facts, Item, KmsgRecord, Parser, Report, Start, complete, read_all, records, to_model,
};
use crate::model::{Incident, Text};

const FIXTURES: &[&str] =
    &["6.18-v1-memcg", "5.10-v1-kinds", "5.10-interleaved", "6.12-interleaved", "6.12-numa", "6.12-swap"];

/// Reads lines to the end.
fn read(lines: &[Printed]) -> Vec<Report> {
    let mut parser = Parser::new();
    for line in lines {
        parser.push(&line.line());
    }
    finish(parser)
}

fn finish(mut parser: Parser) -> Vec<Report> {
    parser.finish();
    let mut reports = Vec::new();
    while let Some(item) = parser.pop() {
        if let Item::Report(report) = item {
            reports.push(*report);
        }
    }
    reports
}

/// Everything that works on a report, for its panics.
fn use_up(reports: &[Report]) {
    for report in reports {
        for page_size in [0, 4096, u64::MAX] {
            let facts = Facts {
                page_size,
                total_swap_bytes: Some(u64::MAX),
                swappiness: Some(60),
                total_pages: None,
            };
            let _ = (
                to_model::scope(report, &facts),
                to_model::trigger(report),
                to_model::candidates_scored(report),
            );
            let _ = (to_model::victims(report, &facts), to_model::candidates(report, &facts));
        }
        let _ = complete(&mut Incident::default(), report);
    }
}

/// Names that look like parts of the lines they stand in.
fn tricky(longest: usize, without: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        ",task=",
        ",pid=1",
        ",uid=0",
        ",mems_allowed=0",
        ",oom_memcg=",
        ",task_memcg=",
        ",global_oom",
        ",cpuset=",
        ") total-vm:",
        "Killed process ",
        "Killed process 1 (init) total-vm:1kB, anon-rss:1kB, file-rss:1kB",
        "Out of memory: ",
        " invoked oom-killer: gfp_mask=0x0, order=0",
        ":",
        " ",
        "\n",
        "\x01c",
        "\x014",
        "(",
        ")",
        "=",
        "/",
        "[",
        "]",
        "\\x0a",
        "a",
        "Memory cgroup stats for ",
        " are going to be killed due to memory.oom.group set",
        " killed as a result of limit of ",
        ": cache:",
        "\u{e9}",
        "kB",
        "0",
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=",
    ]);
    let word = prop_oneof![3 => words.prop_map(|word| word.as_bytes().to_vec()), 1 => prop::collection::vec(1u8.., 0..6)];
    prop::collection::vec(word, 0..6).prop_map(move |words| {
        let mut name = words.concat();
        name.retain(|b| !without.contains(b));
        name.truncate(longest);
        name
    })
}

fn path() -> impl Strategy<Value = Vec<u8>> {
    let component = tricky(255, b"/\n\0").prop_map(|name| if name.is_empty() { b"x".to_vec() } else { name });
    prop::collection::vec(component, 1..3)
        .prop_map(|all| all.iter().flat_map(|name| [b"/", name.as_slice()].concat()).collect())
}

prop_compose! {
    fn script()(
        comm in tricky(15, b"\0"),
        cpuset in prop_oneof![Just(b"/".to_vec()), tricky(255, b"/\n\0")],
        oom_memcg in path(),
        below in prop_oneof![Just(Vec::new()), path()],
        pid in 2..4_000_000u32,
        has_table in any::<bool>(),
        group in any::<bool>(),
        splits in prop_oneof![Just(0), any::<u32>()],
    ) -> Script {
        let task_memcg = [oom_memcg.clone(), below].concat();
        Script { comm, cpuset, oom_memcg, task_memcg, pid, has_table, group, splits }
    }
}

/// Nothing in the report contradicts the script.
fn agrees(report: &Report, script: &Script) -> Result<(), TestCaseError> {
    let domain = &report.domain;
    let pairs = [
        (&domain.task, &script.comm, "task"),
        (&domain.oom_memcg, &script.oom_memcg, "oom_memcg"),
        (&domain.task_memcg, &script.task_memcg, "task_memcg"),
        (&domain.cpuset, &script.cpuset, "cpuset"),
        (&report.memcg.path, &script.oom_memcg, "path"),
        (&report.group, &script.task_memcg, "group"),
    ];
    for (read, written, what) in pairs {
        if let Some(read) = read {
            prop_assert_eq!(read, &Text::new(written.clone()), "{}", what);
        }
    }
    prop_assert!(domain.pid.is_none_or(|pid| pid == script.pid));
    for killed in &report.killed {
        prop_assert_eq!(killed.pid, script.pid);
        prop_assert!(killed.comm.as_ref().is_none_or(|comm| comm.as_bytes() == script.comm));
    }
    Ok(())
}

/// Lines of other tasks that look like parts of a report.
fn noise() -> impl Strategy<Value = Printed> {
    let words = prop::sample::select(vec![
        "CPU: 0 UID: 0 PID: 1 Comm: x Not tainted 7.3.4 #1",
        "anon 5",
        "9 pages RAM",
        "1 pages reserved",
        "Total swap = 5kB",
        "",
        "sysrq: HELP : ",
        "reboot(b) crash(c) ",
        "oom_reaper: reaped process 3 (x), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
        "[      1]     0     1        9        8     1    1     1     4096        0             0 x",
    ]);
    (words, any::<bool>()).prop_map(|(text, fragment)| Printed { fragment, ..Printed::new(text) })
}

proptest! {
    // What was found stands as a test of its own beside the code it is about.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_names_are_chosen_none_is_read_wrong(script in script()) {
        let reports = read(&script.print());
        prop_assert_eq!(reports.len(), 1, "{:#?}", reports);
        let report = &reports[0];
        agrees(report, &script)?;
        prop_assert_eq!(report.killed.len(), 1);
        prop_assert_eq!(report.killed[0].lines, if script.group { 2 } else { 1 });
        prop_assert_eq!(&report.killed[0].comm, &Some(Text::new(script.comm.clone())));
        prop_assert_eq!(report.domain.pid, Some(script.pid));
        let trigger = report.trigger.as_ref();
        prop_assert_eq!(trigger.map(|trigger| (&trigger.comm, trigger.pid)), Some((&Text::new(script.comm.clone()), Some(script.pid))));
        prop_assert_eq!(&report.memcg.path, &Some(Text::new(script.oom_memcg.clone())));
        let left_out = report.domain.task.is_none();
        prop_assert_eq!(left_out, report.doubts.contains(&crate::klog::AMBIGUOUS_NAMES));
        prop_assert_eq!(report.group.is_some(), script.group);
        use_up(&reports);
    }

    #[test]
    fn lines_of_other_tasks_change_nothing(script in script(), noises in prop::collection::vec((any::<prop::sample::Index>(), noise()), 0..20)) {
        let mut lines = script.print();
        lines.iter_mut().for_each(|line| line.caller = Some(Caller::Task(script.pid)));
        let alone = read(&lines);
        for (at, mut noise) in noises {
            noise.caller = Some(Caller::Task(1));
            lines.insert(at.index(lines.len() + 1), noise);
        }
        let report = &read(&lines)[0];
        prop_assert_eq!(report, &alone[0]);
    }

    #[test]
    fn lost_cut_and_moved_lines_invent_nothing(
        script in script(),
        drop in any::<u64>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..3),
        moves in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..3),
    ) {
        let mut lines = script.print();
        for (line, end) in cuts {
            let text = &mut lines[line.index(script.print().len())].text;
            let end = end.index(text.len() + 1);
            text.truncate(end);
        }
        for (from, to) in moves {
            let (from, to) = (from.index(lines.len()), to.index(lines.len()));
            lines.swap(from, to);
        }
        let mut at = 0;
        lines.retain(|_| { at += 1; drop & (1 << at) == 0 });
        let reports = read(&lines);
        for report in &reports {
            for killed in &report.killed {
                prop_assert_eq!(killed.pid, script.pid);
                prop_assert!(killed.comm.as_ref().is_none_or(|comm| comm.as_bytes() == script.comm));
            }
        }
        use_up(&reports);
    }

    #[test]
    fn a_process_kills_nothing_by_its_name(comm in tricky(15, b"\0"), cut in any::<prop::sample::Index>()) {
        let mut lines = vec![comm.clone()];
        for (before, after) in [(&b""[..], &b"[77]: segfault at 0 ip 0 sp 0 error 4 in a[5,6]"[..]), (b"", b" (77): drop_caches: 3"), (b"CPU: 0 PID: 7 Comm: ", b" Not tainted 7.3.4 #1")] {
            lines.push([before, &comm, after].concat());
        }
        for line in lines {
            for text in [&line[..], &line[..cut.index(line.len() + 1)]] {
                let reports = read(&[Printed::new(text)]);
                prop_assert!(reports.iter().all(|report| report.killed.is_empty()), "{:?}", text.escape_ascii().to_string());
            }
        }
    }

    #[test]
    fn any_bytes_are_survived(capture in prop::collection::vec(any::<u8>(), 0..2000), lines in prop::collection::vec(tricky(200, b""), 0..30)) {
        use_up(&read_all(&capture));
        let lines: Vec<_> = lines.into_iter().map(Printed::new).collect();
        use_up(&read(&lines));
        let numbered: Vec<u8> = lines.iter().enumerate().flat_map(|(at, line)| [format!("6,{at},{at},-;").as_bytes(), &line.text, b"\n"].concat()).collect();
        use_up(&read_all(&numbered));
    }

    #[test]
    fn garbled_captures_are_survived(which in any::<prop::sample::Index>(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..200), end in any::<prop::sample::Index>()) {
        let mut capture = bytes(FIXTURES[which.index(FIXTURES.len())]);
        for (at, value) in flips {
            let at = at.index(capture.len());
            capture[at] = value;
        }
        use_up(&read_all(&capture));
        use_up(&read_all(&capture[..end.index(capture.len())]));
    }

    #[test]
    fn cut_captures_hold_only_victims_of_the_whole(which in any::<prop::sample::Index>(), end in any::<prop::sample::Index>(), keep in prop::collection::vec(prop::bool::weighted(0.9), 400)) {
        let capture = bytes(FIXTURES[which.index(FIXTURES.len())]);
        let whole: Vec<_> = read_all(&capture).iter().flat_map(|report| report.killed.clone()).map(|killed| (killed.pid, killed.comm)).collect();
        let known = |reports: &[Report]| reports.iter().flat_map(|report| &report.killed).all(|killed| whole.contains(&(killed.pid, killed.comm.clone())));
        prop_assert!(known(&read_all(&capture[..end.index(capture.len())])));
        let mut parser = Parser::new();
        for (record, _) in records(&capture).zip(keep.iter().cycle()).filter(|(_, keep)| **keep) {
            parser.push(&record.line());
        }
        prop_assert!(known(&finish(parser)));
    }

    #[test]
    fn records_are_read_or_refused(raw in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = KmsgRecord::parse(&raw);
        let text = [b"6,1,2,-;", raw.as_slice()].concat();
        prop_assert!(KmsgRecord::parse(&text).is_some());
    }
}

#[test]
fn the_device_can_be_read_or_the_error_says_why() {
    use crate::klog::{KmsgReader, Next};
    match KmsgReader::open("/dev/kmsg".as_ref(), Start::Oldest) {
        Ok(mut reader) => {
            let mut last = None;
            while let Next::Record(record) = reader.next_record().unwrap() {
                assert!(last.is_none_or(|last| record.seq > last));
                last = Some(record.seq);
            }
            assert_eq!(reader.malformed(), 0);
        }
        Err(error) => assert!(error.to_string().contains("/dev/kmsg"), "{error}"),
    }
}
