//! Every capture through every form: what is told is the same as from the raw records.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::fixtures::{bytes, names};
use super::wrap::{FORMS, read};
use crate::klog::incident::{self, Known};
use crate::klog::input::Found;
use crate::klog::{Report, read_all, records};

/// Without what only raw records have.
fn plain(mut report: Report) -> Report {
    (report.begin_usec, report.outcome_usec, report.lost_records) = (None, None, 0);
    report.missing.retain(|part| *part != "overwritten records");
    for killed in &mut report.killed {
        killed.usec = None;
    }
    report
}

/// Reaper lines that come late are no part of a report, and only the raw capture's reader brings them back.
fn without_reaper(mut report: Report) -> Report {
    report.reaped.clear();
    report
}

fn killed(reports: &[Report]) -> Vec<u32> {
    reports.iter().flat_map(|report| &report.killed).map(|killed| killed.pid).collect()
}

/// A line that stands alone, of a memory report without a kill, is a report to the raw reader and passed over by the other.
fn says_something(report: &Report) -> bool {
    incident::kills(report) || report.outcome != crate::klog::Outcome::Unknown
}

/// Names that break out of a line of text.
fn is_hostile(name: &str) -> bool {
    name.contains("hostile")
}

#[test]
fn every_form_tells_the_same() {
    for name in names() {
        let capture = bytes(&name);
        let expected: Vec<_> =
            read_all(&capture).into_iter().filter(says_something).map(plain).map(without_reaper).collect();
        let in_pieces = records(&capture).any(|record| record.fragment);
        for form in &FORMS {
            let told = read(&form.log(&capture));
            let found: Vec<_> = told
                .iter()
                .map(|told| without_reaper(plain(told.report.clone())))
                .filter(says_something)
                .collect();
            let what = format!("{name} as {}", form.name);
            // Whole seconds do not tell kills of a storm apart, so that a group may come out as several.
            assert_eq!(killed(&found), killed(&expected), "{what}");
            if !in_pieces && !name.contains("suppressed") && (form.exact || !is_hostile(&name)) {
                for (found, expected) in found.iter().zip(&expected) {
                    assert!(found == expected, "{what}:\n{found:#?}\nexpected\n{expected:#?}");
                }
                assert_eq!(found.len(), expected.len(), "{what}");
            }
            assert!(told.iter().all(|told| !told.context.unknown_writer), "{what}");
        }
    }
}

#[test]
fn raw_records_and_compressed_ones() {
    use std::io::Write as _;
    let capture = bytes("6.12-v2-kinds");
    let expected: Vec<_> = read_all(&capture).into_iter().map(without_reaper).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&capture).unwrap();
    let zstd = ruzstd::encoding::compress_to_vec(&capture[..], ruzstd::encoding::CompressionLevel::Fastest);
    for (what, log) in [("raw", capture.clone()), ("gzip", gzip.finish().unwrap()), ("zstd", zstd)] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        std::fs::write(&path, log).unwrap();
        let mut found = Vec::new();
        let mut reader = crate::klog::input::LogReader::new();
        let input = crate::klog::input::open(&path).unwrap();
        let summary = reader.read("log", input, &mut |one| found.push(report(one))).unwrap();
        reader.finish(&mut |one| found.push(report(one)));
        assert_eq!((summary.bytes, summary.error), (capture.len() as u64, None), "{what}");
        let found: Vec<_> = found.into_iter().map(without_reaper).collect();
        assert_eq!(killed(&found), killed(&expected), "{what}");
    }
}

fn report(found: Found) -> Report {
    let Found::Report(told) = found else { panic!("{found:?}") };
    told.report
}

#[test]
fn a_report_goes_on_in_the_next_file() {
    let capture = bytes("6.18-v1-memcg");
    let cut = capture.len() / 2;
    let cut = cut + capture[cut..].iter().position(|b| *b == b'\n').unwrap() + 1;
    let mut reader = crate::klog::input::LogReader::new();
    let mut found = Vec::new();
    for part in [&capture[..cut], &capture[cut..]] {
        reader
            .read("log", Box::new(std::io::Cursor::new(part.to_vec())), &mut |one| found.push(report(one)))
            .unwrap();
    }
    reader.finish(&mut |one| found.push(report(one)));
    assert_eq!((found.len(), found[0].missing.len(), found[0].tasks.len()), (1, 0, 1));
}

/// Times in whole seconds: the second ends between two members of a group.
#[test]
fn a_group_kill_that_takes_two_seconds_of_the_log_is_one() {
    let capture = bytes("6.12-v2-kinds");
    let shifted: Vec<_> = records(&capture)
        .map(|mut record| {
            record.usec += 270_000;
            record
        })
        .collect();
    for form in FORMS.iter().filter(|form| ["dmesg -T", "RFC 3164"].contains(&form.name)) {
        let log = (form.wrap)(&shifted);
        let group: Vec<_> = read(&log).into_iter().filter(|told| told.report.group.is_some()).collect();
        let [kill] = group.as_slice() else { panic!("{}: {} group kills", form.name, group.len()) };
        let pids: Vec<_> = kill.report.killed.iter().map(|killed| killed.pid).collect();
        assert_eq!(pids, [148, 145, 146], "{}", form.name);
        let ends = (&kill.context.begin, &kill.context.outcome);
        assert!(ends.0.is_some() && ends.1.is_some(), "{}", form.name);
    }
}

#[test]
fn the_context_is_that_of_the_kill() {
    let capture = bytes("6.18-v1-memcg");
    let form = |name: &str| FORMS.iter().find(|form| form.name == name).unwrap();
    let of = |name: &str| {
        let told = read(&form(name).log(&capture)).remove(0);
        incident::incident(&told, &Known::default())
    };
    let journal = of("journal export");
    assert_eq!(
        (journal.host.name.as_str(), journal.time.as_str()),
        ("web-3", "2026-11-23T22:22:26.757721000Z")
    );
    assert_eq!(
        (journal.host.boot_id.as_deref(), journal.boottime_ns),
        (Some("28777a92-a0b1-4c4e-a1a0-b14c4ea1a0b1"), 1_346_757_721_000)
    );
    assert_eq!(journal.id, "28777a92-1346757721000");
    assert_eq!((journal.host.page_size, journal.host.cgroup_version), (4096, Some(1)));
    let rsyslog = of("rsyslog");
    assert_eq!((rsyslog.time.as_str(), rsyslog.boottime_ns), ("2026-11-23T21:22:26.757721000Z", 0));
    let old = of("RFC 3164");
    assert_eq!((old.time.as_str(), old.source.log.unwrap().time.as_deref()), ("", Some("Nov 23 22:22:26")));
    let dmesg = of("dmesg");
    assert_eq!(
        (dmesg.time.as_str(), dmesg.boottime_ns, dmesg.host.name.as_str()),
        ("", 1_346_757_721_000, "")
    );
    let told = read(&form("RFC 3164").log(&capture)).remove(0);
    let known = Known {
        zone: Some(jiff::tz::TimeZone::UTC),
        written: "2027-02-01T00:00:00Z".parse().ok(),
        ..Known::default()
    };
    let dated = incident::incident(&told, &known);
    assert_eq!(dated.time, "2026-11-23T22:22:26.000000000Z");
    assert!(dated.source.notes.iter().any(|note| note.contains("no year")));
}

#[test]
fn hosts_are_kept_apart() {
    let line = |host: &str, text: &str| format!("2026-11-23T22:00:00Z {host} kernel: {text}\n");
    let one = |host: &str, pid: u32| {
        [
            line(host, "a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"),
            line(
                host,
                &format!(
                    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/{host},task_memcg=/{host},task=a,pid={pid},uid=0"
                ),
            ),
            line(
                host,
                &format!(
                    "Memory cgroup out of memory: Killed process {pid} (a) total-vm:9kB, anon-rss:8kB, file-rss:1kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0"
                ),
            ),
        ]
    };
    let (a, b) = (one("a", 7), one("b", 8));
    let mixed: String = a.iter().zip(&b).flat_map(|(a, b)| [a.clone(), b.clone()]).collect();
    let told = read(mixed.as_bytes());
    let found: Vec<_> = told
        .iter()
        .map(|told| {
            (
                told.context.host.clone().unwrap(),
                told.report.killed[0].pid,
                told.report.domain.oom_memcg.clone().unwrap(),
            )
        })
        .collect();
    assert_eq!(found, [("a".into(), 7, "/a".into()), ("b".into(), 8, "/b".into())]);
}

/// What can happen to a log without making another number of a number.
#[derive(Clone, Debug)]
enum Harm {
    Drop(usize),
    Swap(usize),
    Cut(usize, usize),
    Garble(usize, usize, u8),
    Repeat(usize),
    Return(usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    let letter =
        prop_oneof![b'a'..=b'z', Just(0_u8), Just(0xff_u8), Just(b'"'), Just(b'\\'), Just(b'{'), Just(b'<')];
    prop_oneof![
        any::<usize>().prop_map(Harm::Drop),
        any::<usize>().prop_map(Harm::Swap),
        (any::<usize>(), any::<usize>()).prop_map(|(line, at)| Harm::Cut(line, at)),
        (any::<usize>(), any::<usize>(), letter).prop_map(|(line, at, byte)| Harm::Garble(line, at, byte)),
        any::<usize>().prop_map(Harm::Repeat),
        any::<usize>().prop_map(Harm::Return),
    ]
}

fn apply(lines: &mut Vec<Vec<u8>>, harm: &Harm) {
    let count = lines.len();
    if count < 2 {
        return;
    }
    match *harm {
        Harm::Drop(at) => drop(lines.remove(at % count)),
        Harm::Swap(at) => lines.swap(at % (count - 1), at % (count - 1) + 1),
        Harm::Cut(at, to) => {
            let line = &mut lines[at % count];
            let to = to % (line.len() + 1);
            line.truncate(to);
        }
        Harm::Garble(at, position, byte) => {
            let line = &mut lines[at % count];
            let length = line.len().max(1);
            if let Some(place) = line.get_mut(position % length) {
                *place = byte;
            }
        }
        Harm::Repeat(at) => {
            let line = lines[at % count].clone();
            lines.insert(at % count, line);
        }
        Harm::Return(at) => lines[at % count].push(b'\r'),
    }
}

fn ids(capture: &[u8]) -> BTreeSet<u32> {
    let mut all = BTreeSet::new();
    for record in records(capture).filter(|record| record.facility == 0) {
        let text = String::from_utf8_lossy(&record.text);
        all.extend(text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse::<u32>().ok()));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// No harm makes it panic, none makes a victim of what was none: each id stands in a line of the kernel, but for that
    /// of an application's imitation, which does not count as long as it can be told.
    #[test]
    fn harm_invents_no_victim(fixture in 0..64_usize, form in 0..FORMS.len(), harms in prop::collection::vec(harm(), 0..24)) {
        let names = names();
        let capture = bytes(&names[fixture % names.len()]);
        let end = capture.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(300).map_or(capture.len(), |(at, _)| at + 1);
        let capture = &capture[..end];
        let log = FORMS[form].log(capture);
        let mut lines: Vec<Vec<u8>> = log.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        harms.iter().for_each(|harm| apply(&mut lines, harm));
        let known = ids(capture);
        for told in read(&lines.join(&b'\n')) {
            let incident = incident::incident(&told, &Known::default());
            for victim in &incident.victims {
                // A harmed tag, or a line of a record of several that was moved, does not tell any more who wrote a text.
                let imitated = victim.pid == 1 && !harms.is_empty();
                prop_assert!(known.contains(&victim.pid) || imitated, "{victim:?}");
            }
        }
    }

    /// Any bytes.
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        for told in read(&bytes) {
            let _ = incident::incident(&told, &Known::default());
        }
    }
}
