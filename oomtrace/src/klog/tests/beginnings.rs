//! Every beginning that logs are found with, before a lone line and before each line of whole reports.

use super::excerpts::{self, kills};
use super::fixtures::{bytes, names};
use super::wrap::read;
use crate::klog::input::{Writer, parse_line};
use crate::klog::{KmsgRecord, Report, records};

const KILL: &str = "Out of memory: Killed process 2112 (postmaster) total-vm:18250476kB, anon-rss:411028kB, file-rss:8192kB, shmem-rss:12220416kB, UID:26 pgtables:25560kB oom_score_adj:0";

/// Those of no form that is known, in which nothing shows where a name begins.
const LONE: [&str; 2] = ["{{7}}::@", "__x__ 9 [k] ~~ @"];

/// Beginnings, with `@` for the kernel's words and what follows them.
pub(super) const FORMS: [&str; 118] = [
    // dmesg, with one option and with two.
    "[12345.67890] @",
    "[   12.3] @",
    "[   12.345678901] @",
    "[Di Aug 12 03:54:03 2025] @",
    "[mar. août 12 03:54:03 2025] @",
    "[火  8月 12 03:54:03 2025] @",
    "[Вт авг 12 03:54:03 2025] @",
    "[Tue Nov 28 07:26:44 2023 <    0.000123>] @",
    "[Nov28 07:26] @",
    "[  +0.000123] @",
    "[<    0.000123>] @",
    "[   12.345678 <    0.000123>] @",
    "[   12.345678] [Tue Nov 28 07:26:44 2023] @",
    "[Tue Nov 28 07:26:44 2023] [<    0.000123>] @",
    "kern  :err   : [   12.345678] @",
    "kern  :err   : 2023-11-28T07:26:44,123456+00:00 @",
    "kern  :err   : [Tue Nov 28 07:26:44 2023] @",
    "kern  :err   : [Nov28 07:26] @",
    "kern  :err   : [  +0.000123] @",
    "2023-11-28T07:26:44,123456+00:00 <    0.000123> @",
    "2023-11-28T07:26:44,123456+01:00 [   12.345678] @",
    "<3>[   12.345678] @",
    "<3>@",
    "[   12.345678][  T117] @",
    "[   12.345678] [  T117] @",
    // Vendors.
    "[   12.345678] [0:  kswapd0:  117] @",
    "[   12.345678]  [2:      kswapd0:   117] @",
    "[   12.345678] I[0:  swapper/0:    0] @",
    "<4>[   12.345678] [pid:117,cpu3,kswapd0]@",
    "<4>[   12.345678]<0>.(0)[117:kswapd0]@",
    "[   12.345678] -(1)[117:kswapd0]@",
    "[   12.345678@@1] @",
    "[   12.345678 / 11-28 07:26:44.123] @",
    // Syslog and the journal.
    "Nov 28 07:26:44 web-3 kernel: [   12.345678] @",
    "Nov 28 07:26:44 web-3 kernel: @",
    "Nov 28 07:26:44 web-3 kernel:@",
    "nov. 28 07:26:44 web-3 kernel: @",
    "28. Nov 07:26:44 web-3 kernel: @",
    "Nov 28 07:26:44 web-3 kern.err kernel: [   12.345678] @",
    "Nov 28 07:26:44 kernel: [   12.345678] @",
    "Nov 28 2023 07:26:44 web-3 kernel: @",
    "Nov 28 07:26:44.123456 web-3 kernel: @",
    "2023-11-28T07:26:44.123456+01:00 web-3 kernel: [   12.345678] @",
    "2023-11-28 07:26:44 web-3 kernel: @",
    "2023-11-28T07:26:44+0100 web-3 kernel: @",
    "Mo 2023-11-28 07:26:44 CET web-3 kernel: @",
    "Tue 2023-11-28 07:26:44 UTC web-3 kernel: @",
    "1700000000.123456 web-3 kernel: @",
    "[   12.345678] web-3 kernel: @",
    "[   12.345678 <    0.000123 >] web-3 kernel: @",
    "<3>Nov 28 07:26:44 web-3 kernel: @",
    "<3>1 2023-11-28T07:26:44Z web-3 kernel - - - @",
    "Mon Apr 12 18:29:48 2021 kern.err kernel: [  267.720081] @",
    "Mo Apr 12 18:29:48 2021 kern.err kernel: @",
    "kernel: [   12.345678] @",
    "kernel: @",
    "    MESSAGE=@",
    // Files and numbers.
    "/var/log/kern.log.1:Nov 28 07:26:44 web-3 kernel: [   12.345678] @",
    "kern.log:[   12.345678] @",
    "kern.log.2.gz:123:Nov 28 07:26:44 web-3 kernel: @",
    "messages-123-[   12.345678] @",
    "messages:[   12.345678] @",
    "123:Nov 28 07:26:44 web-3 kernel: @",
    "123:[   12.345678] @",
    "123-[   12.345678] @",
    "   123\t[   12.345678] @",
    "   123  [   12.345678] @",
    "   123\tNov 28 07:26:44 web-3 kernel: @",
    "    123 Nov 28 07:26:44 web-3 kernel: @",
    // Text that was pasted.
    "  @",
    "\t@",
    "> @",
    "> > [   12.345678] @",
    "- @",
    "* [   12.345678] @",
    "• [   12.345678] @",
    "1. [   12.345678] @",
    "`[   12.345678] @`",
    "```[   12.345678] @",
    "\"[   12.345678] @\"",
    "“[   12.345678] @”",
    "| [   12.345678] @ |",
    "\u{feff}[   12.345678] @",
    "\u{a0}\u{a0}[   12.345678] @",
    // Colours.
    "\x1b[32m[   12.345678] \x1b[0m@",
    "\x1b[32m[   12.345678] \x1b[0m\x1b[1m@\x1b[0m",
    "\x1b[33mkern  :err   : \x1b[0m[   12.345678] @",
    "^[[32m[   12.345678] ^[[0m@",
    "#033[32m[   12.345678] #033[0m@",
    // Web pages.
    "<pre>[   12.345678] @</pre>",
    "<br>[   12.345678] @",
    "[   12.345678] @<br/>",
    "&lt;3&gt;[   12.345678] @",
    "<li><code>[   12.345678] @</code></li>",
    "<p>&gt; [   12.345678] @</p>",
    // Containers and collectors.
    "web-1  | [   12.345678] @",
    "web_1  | Nov 28 07:26:44 web-3 kernel: @",
    "[pod/log-agent-x/agent] [   12.345678] @",
    "[pod/log-agent-x/agent] Nov 28 07:26:44 web-3 kernel: @",
    "2023-11-28T07:26:44.123456789Z [   12.345678] @",
    "2023-11-28T07:26:44.123456789Z stdout F [   12.345678] @",
    "log-agent-x agent [   12.345678] @",
    "log-agent-x › agent [   12.345678] @",
    "2016-01-01T00:00:00.000Z| vcpu-0| I120: Guest: [   12.345678] @",
    "2016-01-01T00:00:00.000Z| vcpu-0| I120: Guest: <4>[   12.345678] @",
    "172.20.0.2: kern:     err: [2022-05-05T05:05:05.512345678Z]: @",
    "Nov 28, 2023 @@ 07:26:44.123\tweb-3\tkernel\t@",
    "Nov 28, 2023 @@ 07:26:44.123  kernel  [   12.345678] @",
    "2023-11-28 07:26:44.123\t[   12.345678] @",
    "\"2023-11-28T07:26:44.123Z\",\"web-3\",\"kernel\",\"[   12.345678] @\"",
    "2023-11-28 07:26:44,web-3,kernel,@",
    "11-28 07:26:44.123     0     0 E kernel  : [   12.345678] @",
    "11-28 07:26:44.123  root     0     0 E @",
    "E/kernel  (  0): [   12.345678] @",
    // What nobody has heard of.
    "%%7 node-12!Mon# @",
    "{{7}}::@",
    "__x__ 9 [k] ~~ @",
    "ttyS0> [   12.345678] @",
];

fn wrapped(form: &str, words: &[u8]) -> Vec<u8> {
    let form = form.replace("@@", "\u{1}");
    let (before, after) = form.split_once('@').unwrap();
    let plain = |text: &str| text.replace('\u{1}', "@").into_bytes();
    [plain(before), words.to_vec(), plain(after), b"\n".to_vec()].concat()
}

#[test]
fn a_lone_line_behind_each() {
    let failed: Vec<_> = FORMS
        .iter()
        .filter(|form| {
            let all = kills(&wrapped(form, KILL.as_bytes()));
            let right = all.len() == 1 && {
                let victim = &all[0].victims[0];
                (victim.pid, victim.comm.lossy().as_ref(), victim.oom_score_adj)
                    == (2112, "postmaster", Some(0))
                    && victim.memory.page_table_bytes == Some(25_560 << 10)
            };
            !right
        })
        .collect();
    assert!(failed.is_empty(), "{} of {}: {failed:#?}", failed.len(), FORMS.len());
}

/// What does not depend on times, and on rows that other tasks printed.
fn plain(mut report: Report) -> Report {
    (report.begin_usec, report.outcome_usec, report.lost_records) = (None, None, 0);
    report.missing.retain(|part| *part != "overwritten records");
    // Without times it is never certain.
    report.doubts.retain(|doubt| *doubt != crate::klog::GROUP_MEMBERS);
    report.reaped.clear();
    for killed in &mut report.killed {
        killed.usec = None;
    }
    report
}

fn is_kill(report: &Report) -> bool {
    !report.killed.is_empty()
}

/// Records of the kernel that are whole lines.
fn kernel(capture: &[u8]) -> Vec<KmsgRecord> {
    records(capture).filter(|record| record.facility == 0).collect()
}

fn log(form: &str, all: &[KmsgRecord]) -> Vec<u8> {
    all.iter()
        .flat_map(|record| {
            let lines: Vec<&[u8]> = record.text.split(|b| *b == b'\n').collect();
            lines.iter().flat_map(|line| wrapped(form, line)).collect::<Vec<u8>>()
        })
        .collect()
}

/// The texts of a log that is recorded as people paste it, without what stands before them.
fn texts(log: &[u8]) -> Vec<KmsgRecord> {
    let lines = log.split(|b| *b == b'\n').map(parse_line).filter(|line| line.writer != Writer::Process);
    lines.map(|line| KmsgRecord { text: line.text.into_owned(), ..KmsgRecord::default() }).collect()
}

/// Those that are about what stands around the lines or in names, so that they have no other form.
fn is_of_a_form(name: &str) -> bool {
    name.contains("hostile") || ["61-min-ansi", "62-min-bom-crlf", "64-min-loki-api"].contains(&name)
}

/// Every capture, and every log that is recorded as people paste it, as records of the kernel.
fn all() -> Vec<(String, Vec<KmsgRecord>)> {
    let captures = names().into_iter().map(|name| (name.clone(), kernel(&bytes(&name))));
    let pasted = excerpts::names().into_iter().map(|name| (name.clone(), texts(&excerpts::log(&name))));
    captures.chain(pasted).filter(|(name, _)| !is_of_a_form(name)).collect()
}

/// The kills in a log, without what depends on times.
fn told(log: &[u8]) -> Vec<Report> {
    read(log).into_iter().map(|told| plain(told.report)).filter(is_kill).collect()
}

/// Of so many pairs of a log and a form one is tried at each run of the tests; all where `OOMTRACE_ALL_PAIRS` is set. The
/// first of each log and of each form are among them.
const PAIRS: usize = 5;

fn is_tried(log: usize, form: usize) -> bool {
    std::env::var_os("OOMTRACE_ALL_PAIRS").is_some() || (log + form).is_multiple_of(PAIRS)
}

/// Behind what is no form that is known nothing shows where a beginning ends before a name of two words; behind those that have no
/// marks of their own it is not known at all.
fn is_unknowable(form: &str, name: &str, expected: &[Report]) -> bool {
    let two_words = |report: &Report| {
        report.trigger.as_ref().is_some_and(|trigger| trigger.comm.as_bytes().contains(&b' '))
    };
    // The table comes first, and in rows nothing shows where they begin.
    let table_first = name == "12-min" && !form.contains("[   12.345678]");
    LONE.contains(&form) || table_first || (form.starts_with("%%") && expected.iter().any(two_words))
}

#[test]
fn whole_reports_behind_each() {
    let mut failed = Vec::new();
    for (number, (name, all)) in all().into_iter().enumerate() {
        let expected = told(&log("[   12.345678] @", &all));
        for (_, form) in FORMS.iter().enumerate().filter(|(at, _)| is_tried(number, *at)) {
            let found = told(&log(form, &all));
            if found != expected && !is_unknowable(form, &name, &expected) {
                let (have, want) = (found.len(), expected.len());
                failed.push(format!("{name} {form:?}: {have} of {want}: {}", differs(&found, &expected)));
            }
        }
    }
    assert!(failed.is_empty(), "{}: {failed:#?}", failed.len());
}

/// Where a log with broken lines says less than the whole one, and never another victim: few of its lines are broken, each at a word that
/// could begin one, or, without a stamp, a line that is whole looks like the rest of the one before.
const DIFFERENT: [(&str, &str, &[usize], &str); 11] = [
    ("17-min", "", &[100, 120], "soft quoted"),
    ("5.10-v2-kinds", "@", &[40], "hard"),
    ("7.0-v2-kinds", "@", &[40], "hard"),
    ("7.3-v2-kinds", "@", &[40], "hard"),
    ("6.12-interleaved", "@", &[120, 132], "soft quoted"),
    ("6.12-suppressed", "@", &[160], "soft quoted"),
    ("6.18-v1-memcg", "Nov", &[160], "soft quoted"),
    ("6.18-v2-kinds", "@", &[160], "soft quoted"),
    ("7.0-v2-kinds", "@", &[160], "soft quoted"),
    ("7.3-v2-kinds", "@", &[160], "soft quoted"),
    ("12-min", "@", &[100, 120, 132, 160], "quoted"),
];

#[test]
fn whole_reports_broken_at_any_width() {
    let mut failed = Vec::new();
    for (number, (name, all)) in all().into_iter().enumerate() {
        for (kind, form) in ["[   12.345678] @", "Nov 28 07:26:44 web-3 kernel: @", "@"].iter().enumerate() {
            let whole = log(form, &all);
            let expected = told(&whole);
            for (at, width) in [40, 60, 72, 79, 80, 100, 120, 132, 160].into_iter().enumerate() {
                if !is_tried(number, at + kind) {
                    continue;
                }
                for (way, broken) in [
                    ("hard", hard(&whole, width)),
                    ("soft", soft(&whole, width)),
                    ("quoted", quoted(&soft(&whole, width))),
                ] {
                    let found = told(&broken);
                    let known = DIFFERENT.iter().any(|(of, begins, widths, ways)| {
                        *of == name
                            && form.starts_with(begins)
                            && widths.contains(&width)
                            && ways.contains(way)
                    });
                    // Narrower lines of statistics look the same broken and whole where nothing stands before them.
                    let unknowable = width < 72 && *form == "@" && way != "hard";
                    if found != expected && !unknowable && !known {
                        failed.push(format!("{name} {form:?} {width} {way}: {}", differs(&found, &expected)));
                    }
                }
            }
        }
    }
    assert!(failed.is_empty(), "{}: {failed:#?}", failed.len());
}

/// What two lists of reports say differently.
fn differs(found: &[Report], expected: &[Report]) -> String {
    let lines = |report: &Report| {
        format!("{report:#?}").lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    let pair = found.iter().zip(expected).find(|(found, expected)| found != expected);
    pair.map_or(String::new(), |(found, expected)| {
        let (found, expected) = (lines(found), lines(expected));
        let at = found.iter().zip(&expected).take_while(|(found, expected)| found == expected).count();
        format!(
            "{:?} for {:?}",
            &found[at.saturating_sub(3)..found.len().min(at + 3)],
            &expected[at.saturating_sub(1)..expected.len().min(at + 3)]
        )
    })
}

fn hard(text: &[u8], width: usize) -> Vec<u8> {
    let lines = text.split(|b| *b == b'\n');
    let broken = lines.map(|line| line.chunks(width).collect::<Vec<_>>().join(&b'\n'));
    broken.collect::<Vec<_>>().join(&b'\n')
}

/// As mail programs do: at the last blank before the width.
fn soft(text: &[u8], width: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for line in text.split(|b| *b == b'\n') {
        let mut rest = line;
        while rest.len() > width {
            let Some(at) = rest[..=width]
                .iter()
                .rposition(|b| *b == b' ')
                .filter(|at| !rest[..*at].trim_ascii().is_empty())
            else {
                break;
            };
            out.extend_from_slice(&rest[..at]);
            out.push(b'\n');
            rest = &rest[at + 1..];
        }
        out.extend_from_slice(rest);
        out.push(b'\n');
    }
    out.pop();
    out
}

fn quoted(text: &[u8]) -> Vec<u8> {
    text.split(|b| *b == b'\n').flat_map(|line| [b"> ", line, b"\n"].concat()).collect()
}
