//! What programs log, as it is found in logs, and what must not be taken for it.

use std::io::Cursor;

use proptest::prelude::*;

use super::Told;
use crate::klog::incident::{Known, userspace_kill};
use crate::klog::input::{Found, LogReader};
use crate::model::{Confidence, KillReasonKind, KillSignal, SenderKind, UserspaceKill};

/// Kills by programs, and OOM kills.
fn read(log: &[u8]) -> (Vec<UserspaceKill>, usize) {
    let (mut told, mut reports): (Vec<Told>, usize) = (Vec::new(), 0);
    let mut sink = |found: Found| match found {
        Found::Report(_) => reports += 1,
        Found::Userspace(one) => told.push(*one),
    };
    let mut reader = LogReader::new();
    let _ = reader.read("log", Box::new(Cursor::new(log.to_vec())), &mut sink);
    reader.finish(&mut sink);
    let known = Known { zone: Some(jiff::tz::TimeZone::UTC), ..Known::default() };
    (told.iter().map(|told| userspace_kill(told, &known)).collect(), reports)
}

/// A syslog file with these messages.
fn syslog(tag: &str, messages: &[&str]) -> String {
    let line = |(at, message): (usize, &&str)| {
        format!("2026-11-23T22:00:{:02}.500000+00:00 web-3 {tag}: {message}\n", at % 60)
    };
    messages.iter().enumerate().map(line).collect()
}

fn one(log: &str) -> UserspaceKill {
    let (mut kills, reports) = read(log.as_bytes());
    assert_eq!((kills.len(), reports), (1, 0), "{kills:#?}");
    kills.remove(0)
}

fn none(log: &str) {
    let (kills, reports) = read(log.as_bytes());
    assert_eq!((kills.len(), reports), (0, 0), "{kills:#?}");
}

const MEM: &str = "mem avail:   123 of  7834 MiB ( 1.57%), swap free:    0 of    0 MiB ( 0.00%)";
const LOW: &str = "low memory! at or below SIGTERM limits: mem 10.00%, swap 10.00%";
const SENDING: &str = "sending SIGTERM to process 4711 uid 1000 \"java\": oom_score 800, oom_score_adj 5, VmRSS 1234 MiB, cmdline \"java -jar a\"";
const PRESSURE: &str = "Killed /system.slice/shop.service due to memory pressure for /system.slice being 71.73% > 60.00% for > 30s with reclaim activity";

#[test]
fn earlyoom_with_all_that_it_says() {
    let kill = one(&syslog("earlyoom[812]", &[MEM, LOW, SENDING, "process 4711 exited after 0.250 seconds"]));
    assert_eq!((kill.sender.kind, kill.sender.pid), (SenderKind::Earlyoom, Some(812)));
    assert_eq!(
        (kill.target.pid, kill.target.uid, kill.signal),
        (Some(4711), Some(1000), Some(KillSignal::Term))
    );
    assert_eq!(kill.target.comm, Some("java".into()));
    assert_eq!((kill.target.oom_score, kill.target.oom_score_adj), (Some(800), Some(5)));
    assert_eq!((kill.target.bytes, kill.signal_to_exit_ns), (Some(1234 << 20), Some(250_000_000)));
    assert_eq!((kill.reason.mem_available_bytes, kill.reason.swap_total_bytes), (Some(123 << 20), Some(0)));
    assert_eq!(kill.reason.limits.as_deref(), Some("mem 10.00%, swap 10.00%"));
    assert_eq!((kill.time.as_str(), kill.host.name.as_str()), ("2026-11-23T22:00:02.500000000Z", "web-3"));
    assert!(kill.notes.iter().any(|note| note.contains("tag")), "{:?}", kill.notes);
    let claims = (kill.sender.claims, kill.sender.confidence);
    assert_eq!(
        claims,
        (Some(SenderKind::Earlyoom), Some(Confidence::Low)),
        "any user can log under this tag"
    );
}

/// What Debian's earlyoom 1.7 (`-m 40 -s 100 -r 5`) logged in a guest of 768 MiB without swap: two programs allocated, the
/// second one ignored SIGTERM. `waitpid` told SIGTERM of the first one's end and SIGKILL of the second one's.
const EARLYOOM_1_7: [&str; 16] = [
    "earlyoom v1.7",
    "mem total:  714 MiB, swap total:    0 MiB",
    "sending SIGTERM when mem <= 40.00% and swap <= 100.00%,",
    "        SIGKILL when mem <= 20.00% and swap <= 50.00%",
    "find_largest_process: selected myself (pid 150). Do you use hidpid? See https://github.com/rfjakob/earlyoom/wiki/proc-hidepid",
    "Could not find a process to kill. Sleeping 1 second.",
    "mem avail:   322 of   714 MiB (45.14%), swap free:    0 of    0 MiB ( 0.00%)",
    "mem avail:   283 of   714 MiB (39.71%), swap free:    0 of    0 MiB ( 0.00%)",
    "low memory! at or below SIGTERM limits: mem 40.00%, swap 100.00%",
    "sending SIGTERM to process 151 uid 0 \"willing\": badness 960, VmRSS 314 MiB",
    "process exited after 0.4 seconds",
    "mem avail:   284 of   714 MiB (39.76%), swap free:    0 of    0 MiB ( 0.00%)",
    "low memory! at or below SIGTERM limits: mem 40.00%, swap 100.00%",
    "sending SIGTERM to process 152 uid 0 \"stubborn\": badness 974, VmRSS 329 MiB",
    "escalating to SIGKILL after 4.9 seconds",
    "process exited after 5.4 seconds",
];

#[test]
fn a_real_log_of_earlyoom() {
    let (kills, reports) = read(syslog("earlyoom[150]", &EARLYOOM_1_7).as_bytes());
    assert_eq!((kills.len(), reports), (2, 0), "{kills:#?}");
    let told = |kill: &UserspaceKill| {
        let (target, reason) = (&kill.target, &kill.reason);
        (
            target.pid,
            target.comm.clone(),
            kill.signal,
            target.bytes,
            reason.mem_available_bytes,
            kill.signal_to_exit_ns,
        )
    };
    let expected = |pid, comm: &str, signal, rss: u64, available: u64, exit| {
        (Some(pid), Some(comm.into()), Some(signal), Some(rss << 20), Some(available << 20), Some(exit))
    };
    assert_eq!(told(&kills[0]), expected(151, "willing", KillSignal::Term, 314, 283, 400_000_000));
    assert_eq!(told(&kills[1]), expected(152, "stubborn", KillSignal::Kill, 329, 284, 5_400_000_000));
}

#[test]
fn earlyoom_of_all_versions() {
    for (message, signal, name) in [
        (
            "sending SIGKILL to process 4711 uid 0 \"a b\": oom_score 800, VmRSS 7 MiB, cmdline \"x\": oom_score 1, VmRSS 1 MiB\"",
            KillSignal::Kill,
            "a b",
        ),
        (
            "sending SIGTERM to process 4711 uid 0 \"java\": badness 800, VmRSS 7 MiB",
            KillSignal::Term,
            "java",
        ),
        ("sending SIGTERM to process 4711 \"java\": badness 800, VmRSS 7 MiB", KillSignal::Term, "java"),
        (
            "Killing process 'java' with signal 15, pid: 4711, badness: 800, VmRSS: 7 MiB",
            KillSignal::Term,
            "java",
        ),
        ("Killing process 4711 java", KillSignal::Kill, "java"),
    ] {
        let kill = one(&syslog("earlyoom[812]", &[message]));
        let found = (kill.target.pid, kill.signal, kill.target.comm.clone());
        assert_eq!(found, (Some(4711), Some(signal), Some(name.into())), "{message}");
    }
}

#[test]
fn what_earlyoom_did_not_do_is_no_kill() {
    none(&syslog("earlyoom[812]", &[SENDING, "dryrun, not actually sending any signal"]));
    none(&syslog("earlyoom[812]", &[SENDING, "kill failed: Operation not permitted"]));
    none(&syslog(
        "earlyoom[812]",
        &["sending 0 (no-op signal) to process 4711 uid 0 \"java\": badness 8, VmRSS 7 MiB"],
    ));
    none(&syslog("earlyoom[812]", &["sending SIGTERM to process 4711"]));
    none(&syslog("earlyoom[812]", &[MEM, LOW]));
}

#[test]
fn what_was_measured_is_the_reason_of_one_kill() {
    let other = SENDING.replace("4711", "4712");
    let (kills, _) = read(syslog("earlyoom[812]", &[MEM, LOW, SENDING, &other]).as_bytes());
    let kinds: Vec<_> = kills.iter().map(|kill| kill.reason.kind).collect();
    assert_eq!(kinds, [KillReasonKind::MemoryUsed, KillReasonKind::NotTold]);
}

#[test]
fn a_second_signal_to_the_same_process_is_the_same_kill() {
    let again = SENDING.replace("SIGTERM", "SIGKILL");
    let kill = one(&syslog("earlyoom[812]", &[SENDING, MEM, &again]));
    assert_eq!(kill.signal, Some(KillSignal::Kill));
    // The first one was heeded meanwhile.
    let kill = one(&syslog("earlyoom[812]", &[SENDING, &again, "kill failed: No such process"]));
    assert_eq!(kill.target.pid, Some(4711));
    let kill = one(&syslog("earlyoom[812]", &[SENDING, "escalating to SIGKILL after 0.500 seconds"]));
    assert_eq!(kill.signal, Some(KillSignal::Kill));
}

#[test]
fn a_name_may_look_like_what_follows_names() {
    // 15 bytes are too few for all of what follows.
    for name in ["\": badness 1", "\": oom_score 9", "\", \"", ""] {
        let message = format!("sending SIGTERM to process 4711 uid 0 \"{name}\": badness 800, VmRSS 7 MiB");
        let kill = one(&syslog("earlyoom[812]", &[&message]));
        assert_eq!((kill.target.comm, kill.target.bytes), (Some(name.into()), Some(7 << 20)), "{message}");
    }
}

#[test]
fn systemd_oomd_by_pressure_and_use() {
    let kill = one(&syslog("systemd-oomd[900]", &[PRESSURE]));
    assert_eq!(
        (kill.sender.kind, kill.target.unit.as_deref()),
        (SenderKind::SystemdOomd, Some("shop.service"))
    );
    assert_eq!(kill.reason.pressure_percent, Some(71.73));
    assert_eq!(
        (kill.reason.pressure_limit_percent, kill.reason.pressure_for.as_deref()),
        (Some(60.0), Some("30s"))
    );
    let used = "Killed /user.slice/a.scope due to memory used (900) / total (1000) and swap used (95) / total (100) being more than 90.00%";
    let kill = one(&syslog("systemd-oomd[900]", &[used]));
    assert_eq!(kill.reason.kind, KillReasonKind::MemoryUsed);
    assert_eq!((kill.reason.mem_available_bytes, kill.reason.swap_free_bytes), (Some(100), Some(5)));
    let swap = "Killed /user.slice/a.scope due to swap used (95) / total (100) being more than 90.00%";
    assert_eq!(one(&syslog("systemd-oomd[900]", &[swap])).reason.kind, KillReasonKind::SwapUsed);
    let marked = PRESSURE
        .replace("Killed /system.slice/shop.service", "Marked /system.slice/shop.service for killing");
    assert!(one(&syslog("systemd-oomd[900]", &[&marked])).notes.iter().any(|note| note.contains("marked")));
}

#[test]
fn systemd_counts_what_was_killed_in_a_unit() {
    let counted = "shop.service: systemd-oomd killed 3 process(es) in this unit.";
    let both = syslog("systemd-oomd[900]", &[PRESSURE]) + &syslog("systemd[1]", &[counted]);
    let kill = one(&both);
    assert_eq!((kill.target.processes, kill.reason.pressure_percent), (Some(3), Some(71.73)));
    let kill = one(&syslog("systemd[1]", &[counted]));
    assert_eq!((kill.sender.kind, kill.sender.pid), (SenderKind::SystemdOomd, None));
    assert_eq!((kill.target.unit.as_deref(), kill.target.processes), (Some("shop.service"), Some(3)));
}

#[test]
fn a_path_with_the_program_s_own_words_is_nobody_s() {
    none(&syslog(
        "systemd-oomd[900]",
        &[
            "Killed /a due to x due to memory pressure for /b being 71.73% > 60.00% for > 30s with reclaim activity",
        ],
    ));
}

#[test]
fn oomd_writes_into_the_ring_buffer() {
    let line = "oomd kill: 12.50 10.00 5.00 workload.slice/a b.service 1073741824 ruleset:[r] detectorgroup:[d] killer:kill_by_swap_usage v2";
    let kill = one(&format!("12,5,1000000,-;{line}\n"));
    assert_eq!(kill.target.cgroup.unwrap().path, "/workload.slice/a b.service".into());
    assert_eq!((kill.target.bytes, kill.reason.pressure_percent), (Some(1 << 30), Some(12.5)));
    none(&format!("12,5,1000000,-;{}\n", line.replace("killer:", "killer:(dry)")));
    none(&syslog("app[7]", &[line]));
    none(&format!("{{\"log\":\"[   12.345678] {line}\\n\",\"stream\":\"stdout\"}}\n"));
    none(&format!("{line}\n"));
}

#[test]
fn nohang_names_its_victim_lines_before() {
    let block = |signal: &str| {
        [
            "Process with highest badness (found in 5ms):",
            "  PID: 4711, Name: tail, badness: 800",
            "Recheck memory levels...",
            "  PID:       4711, name: tail, state: R (running), EUID: 0, SID: 1 (init), lifetime: 3",
            "Implementing a corrective action:",
            signal,
        ]
        .map(str::to_owned)
    };
    let log = |signal: &str, more: &[&str]| {
        let lines = block(signal);
        let all: Vec<&str> = lines.iter().map(String::as_str).chain(more.iter().copied()).collect();
        syslog("nohang[44]", &all)
    };
    let kill = one(&log(
        "  Sending SIGKILL to the victim",
        &["OK; total response time: 40ms", "The victim died in 0.5s"],
    ));
    assert_eq!(
        (kill.target.pid, kill.signal, kill.signal_to_exit_ns),
        (Some(4711), Some(KillSignal::Kill), Some(500_000_000))
    );
    none(&log("  Sending SIGTERM to the victim", &["Selected process died before corrective action"]));
    none(&syslog("nohang[44]", &["  Sending SIGKILL to the victim"]));
    none(&log("  Executing the command: true", &[]));
}

#[test]
fn the_kubelet_evicts_for_memory() {
    let log = |resource: &str| {
        let reclaim = format!(
            "I0428 11:00:05.123456    1234 eviction_manager.go:387] \"Eviction manager: must evict pod(s) to reclaim\" resourceName=\"{resource}\""
        );
        let evicted = "I0428 11:00:06.123456    1234 eviction_manager.go:627] \"Eviction manager: pod is evicted successfully\" pod=\"shop/web-0\"";
        syslog("kubelet[1234]", &[&reclaim, evicted])
    };
    let kill = one(&log("memory"));
    let pod = kill.target.container.unwrap();
    assert_eq!((pod.namespace.as_deref(), pod.pod_name.as_deref()), (Some("shop"), Some("web-0")));
    assert_eq!(kill.reason.kind, KillReasonKind::Eviction);
    none(&log("ephemeral-storage"));
    let old = [
        "I0428 11:00:05.123456    1234 eviction_manager.go:387] eviction manager: must evict pod(s) to reclaim memory",
        "I0428 11:00:06.123456    1234 eviction_manager.go:563] eviction manager: pod web-0_shop(3f2a) is evicted successfully",
    ];
    assert_eq!(
        one(&syslog("kubelet[1234]", &old)).target.container.unwrap().pod_uid.as_deref(),
        Some("3f2a")
    );
}

#[test]
fn the_words_of_others_are_no_kill() {
    for tag in ["app[7]", "kernel", "earlyoomx", "my-earlyoom[1]"] {
        none(&syslog(tag, &[SENDING, "escalating to SIGKILL after 0.500 seconds", PRESSURE]));
    }
    none(&format!("{SENDING}\n{PRESSURE}\n"));
    none(&syslog("systemd[1]", &[PRESSURE]));
    none(&syslog(
        "app[7]",
        &["earlyoom[812]: sending SIGTERM to process 1 uid 0 \"a\": badness 1, VmRSS 1 MiB"],
    ));
    let journal = |more: &str| {
        format!(
            "{{\"_TRANSPORT\":\"stdout\",\"SYSLOG_IDENTIFIER\":\"earlyoom\",\"__REALTIME_TIMESTAMP\":\"1795471200000000\",\"MESSAGE\":{SENDING:?}{more}}}\n"
        )
    };
    none(&journal(",\"_EXE\":\"/usr/bin/logger\",\"_SYSTEMD_UNIT\":\"user@1000.service\""));
    let kill = one(&journal(
        ",\"_EXE\":\"/usr/bin/earlyoom\",\"_SYSTEMD_UNIT\":\"earlyoom.service\",\"_PID\":\"9\"",
    ));
    assert_eq!((kill.sender.pid, kill.notes.len()), (Some(9), 0), "{kill:#?}");
}

#[test]
fn the_export_of_the_journal() {
    let entry = |unit: &str| {
        format!(
            "__REALTIME_TIMESTAMP=1795471200000000\n_TRANSPORT=stdout\n_HOSTNAME=web-3\nSYSLOG_IDENTIFIER=systemd-oomd\n_EXE=/usr/lib/systemd/systemd-oomd\n_SYSTEMD_UNIT={unit}\n_PID=900\nMESSAGE={PRESSURE}\n\n"
        )
    };
    assert_eq!(one(&entry("systemd-oomd.service")).sender.pid, Some(900));
    none(&entry("x.service").replace("/usr/lib/systemd/systemd-oomd", "/tmp/x"));
}

/// A line of the journal, with what it found out about who wrote it.
fn journal(exe: &str, unit: &str, uid: u32, message: &str) -> String {
    format!(
        "{{\"_TRANSPORT\":\"syslog\",\"SYSLOG_IDENTIFIER\":\"systemd-oomd\",\"__REALTIME_TIMESTAMP\":\"1795471200000000\",\"_UID\":\"{uid}\",\"_EXE\":\"{exe}\",\"_SYSTEMD_UNIT\":\"{unit}\",\"MESSAGE\":{message:?}}}\n"
    )
}

/// What it is, what it calls itself, and how sure that is.
fn identity(kill: &UserspaceKill) -> (SenderKind, Option<SenderKind>, Option<Confidence>) {
    (kill.sender.kind, kill.sender.claims, kill.sender.confidence)
}

#[test]
fn a_user_s_line_in_the_journal_is_a_claim() {
    use SenderKind::{Earlyoom, Kubelet, Nohang, Process, SystemdOomd};
    let low = |kind| (Process, Some(kind), Some(Confidence::Low));
    let at_home = one(&journal("/home/x/systemd-oomd", "user@1000.service", 1000, PRESSURE));
    assert_eq!(identity(&at_home), low(SystemdOomd));
    assert!(at_home.sender.why.contains("/home/x/systemd-oomd"), "{}", at_home.sender.why);
    // The genuine executable, which the user has say what he likes.
    let oomd = "/usr/lib/systemd/systemd-oomd";
    assert_eq!(identity(&one(&journal(oomd, "session-3.scope", 1000, PRESSURE))), low(SystemdOomd));
    for uid in [0, 1000] {
        assert_eq!(identity(&one(&journal("/tmp/earlyoom", "x.service", uid, SENDING))), low(Earlyoom));
    }
    let evicted = [
        "I0428 11:00:05.123456    1234 eviction_manager.go:387] \"Eviction manager: must evict pod(s) to reclaim\" resourceName=\"memory\"",
        "I0428 11:00:06.123456    1234 eviction_manager.go:627] \"Eviction manager: pod is evicted successfully\" pod=\"shop/web-0\"",
    ];
    let by = |exe: &str, unit: &str, uid| evicted.map(|line| journal(exe, unit, uid, line)).concat();
    assert_eq!(identity(&one(&by("/home/x/kubelet", "user@1000.service", 1000))), low(Kubelet));
    let genuine = identity(&one(&by("/home/kubernetes/bin/kubelet", "kubelet.service", 0)));
    assert_eq!(genuine, (Kubelet, None, Some(Confidence::High)));
    let genuine = identity(&one(&journal(oomd, "systemd-oomd.service", 998, PRESSURE)));
    assert_eq!(genuine, (SystemdOomd, None, Some(Confidence::High)));
    none(&journal("/home/x/nohang", "nohang-x.service", 1000, "nothing"));
    let nohang = ["  PID: 4711, Name: tail, badness: 800", "  Sending SIGKILL to the victim"];
    let python = nohang.map(|line| journal("/usr/bin/python3", "nohang.service", 1000, line)).concat();
    assert_eq!(identity(&one(&python)).1, Some(Nohang), "the unit is the system's, the user is not");
}

#[test]
fn what_the_journal_is_said_to_have_found_is_no_finding_in_a_program_s_text() {
    let inner =
        journal("/usr/bin/earlyoom", "earlyoom.service", 0, SENDING).replace("systemd-oomd", "earlyoom");
    let inner = inner.trim_end();
    assert_eq!(identity(&one(inner)).2, Some(Confidence::High));
    let low = (SenderKind::Earlyoom, Some(SenderKind::Earlyoom), Some(Confidence::Low));
    let docker = format!(
        "{{\"log\":{:?},\"stream\":\"stdout\",\"time\":\"2026-11-23T22:00:00Z\"}}\n",
        format!("{inner}\n")
    );
    let document = format!("[\n{{\"message\":{inner:?},\n\"stream\":\"stdout\"}}\n]\n");
    let cri = format!("2026-11-23T22:00:00.1Z stdout F {inner}\n");
    for log in [docker, document, cri] {
        for kill in read(log.as_bytes()).0 {
            assert_eq!(identity(&kill), low, "{log}");
        }
    }
}

#[test]
fn a_claim_changes_nothing_about_a_proved_kill() {
    let earlyoom = |message| journal("/usr/bin/earlyoom", "earlyoom.service", 0, message);
    let faked = |message| journal("/home/x/earlyoom", "session-3.scope", 1000, message);
    let log = earlyoom(SENDING) + &faked("kill failed: Operation not permitted");
    assert_eq!(identity(&one(&log)), (SenderKind::Earlyoom, None, Some(Confidence::High)));
    let log = faked(MEM) + &earlyoom(SENDING);
    assert_eq!(one(&log).reason.kind, KillReasonKind::NotTold, "measured by another one");
    let log = earlyoom(SENDING) + &faked(&SENDING.replace("SIGTERM", "SIGKILL"));
    let (kills, _) = read(log.as_bytes());
    assert_eq!(
        kills.iter().map(|kill| kill.signal).collect::<Vec<_>>(),
        [Some(KillSignal::Term), Some(KillSignal::Kill)]
    );
    let oomd = journal("/usr/lib/systemd/systemd-oomd", "systemd-oomd.service", 998, PRESSURE);
    let counted = "shop.service: systemd-oomd killed 3 process(es) in this unit.";
    let by_user = journal("/home/x/systemd", "session-3.scope", 1000, counted);
    let (kills, _) = read((oomd.clone() + &by_user).as_bytes());
    assert_eq!(
        kills.iter().map(|kill| kill.sender.confidence).collect::<Vec<_>>(),
        [Some(Confidence::Low), Some(Confidence::High)]
    );
    // A user's own manager says what was killed in the user's units.
    let manager = journal("/usr/lib/systemd/systemd", "user@1000.service", 1000, counted);
    assert_eq!(one(&(oomd + &manager)).target.processes, Some(3));
}

#[test]
fn oomd_s_words_under_the_kernel_s_tag_are_a_claim() {
    let line = "oomd kill: 12.50 10.00 5.00 workload.slice 1073741824 ruleset:[r] detectorgroup:[d] killer:kill_by_swap_usage v2";
    let ring = one(&format!("12,5,1000000,-;{line}\n"));
    assert_eq!(identity(&ring), (SenderKind::Oomd, None, Some(Confidence::Medium)));
    let file = one(&syslog("kernel", &[line]));
    assert_eq!(identity(&file), (SenderKind::Oomd, Some(SenderKind::Oomd), Some(Confidence::Low)));
    assert!(file.notes.iter().any(|note| note.contains("tag")), "{:?}", file.notes);
}

/// Logs of all programs, with what is killed in them.
fn whole() -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut add = |log: String| lines.extend(log.lines().map(str::to_owned));
    add(syslog(
        "earlyoom[812]",
        &[
            MEM,
            LOW,
            SENDING,
            "escalating to SIGKILL after 0.500 seconds",
            "process 4711 exited after 0.250 seconds",
        ],
    ));
    add(syslog("systemd-oomd[900]", &[PRESSURE]));
    add(syslog("systemd[1]", &["shop.service: systemd-oomd killed 3 process(es) in this unit."]));
    add(syslog(
        "nohang[44]",
        &[
            "  PID: 4711, Name: java, badness: 800",
            "  Sending SIGKILL to the victim",
            "The victim died in 0.5s",
        ],
    ));
    add(syslog("app[7]", &["hello", "sending SIGTERM to process 1 uid 0 \"init\": badness 1, VmRSS 1 MiB"]));
    lines
}

/// Nothing but what `whole` kills.
fn is_known(kill: &UserspaceKill) -> bool {
    let target = &kill.target;
    let comm = target.comm.as_ref().is_none_or(|comm| comm == &"java".into());
    let unit = target.unit.as_deref().is_none_or(|unit| unit == "shop.service");
    let path = target.cgroup.as_ref().is_none_or(|cgroup| cgroup.path == "/system.slice/shop.service".into());
    target.pid.is_none_or(|pid| pid == 4711) && comm && unit && path
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lost_cut_and_moved_lines_invent_no_kill(
        keep in prop::collection::vec(prop::bool::weighted(0.8), 20),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..4),
        moves in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..4),
    ) {
        let mut lines = whole();
        for (line, end) in cuts {
            let line = &mut lines[line.index(whole().len())];
            let end = end.index(line.len() + 1);
            line.truncate(end);
        }
        for (from, to) in moves {
            let (from, to) = (from.index(lines.len()), to.index(lines.len()));
            lines.swap(from, to);
        }
        let kept: Vec<String> = lines.into_iter().zip(keep.iter().cycle()).filter(|(_, keep)| **keep).map(|(line, _)| line).collect();
        let (kills, reports) = read((kept.join("\n") + "\n").as_bytes());
        prop_assert_eq!(reports, 0);
        for kill in &kills {
            prop_assert!(is_known(kill), "{:#?}", kill);
        }
    }

    #[test]
    fn any_bytes_behind_a_tag_are_survived(tag in prop::sample::select(vec!["earlyoom[1]", "systemd-oomd[2]", "nohang", "kubelet", "systemd[1]", "oomd"]), messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6)) {
        let mut log = syslog(tag, &[MEM, SENDING]).into_bytes();
        for message in messages {
            log.extend_from_slice(format!("2026-11-23T22:00:09Z web-3 {tag}: ").as_bytes());
            log.extend(message.iter().filter(|b| **b != b'\n'));
            log.push(b'\n');
        }
        let (_, reports) = read(&log);
        prop_assert_eq!(reports, 0);
    }
}
