//! More forms in which logs are found, of other languages, collectors, tools and forums: `tests/fixtures/forms.txt`.

use super::excerpts::{kills, told};
use crate::model::Constraint;

const FORMS: &str = include_str!("../../../tests/fixtures/forms.txt");

const KILL: &str = "Out of memory: Killed process 2112 (postmaster) total-vm:18250476kB, anon-rss:411028kB, file-rss:8192kB, shmem-rss:12220416kB, UID:26 pgtables:25560kB oom_score_adj:0";

const REPORT: &str = "celery invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
CPU: 3 PID: 4400 Comm: celery Not tainted 5.15.0-91-generic #101-Ubuntu
Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.15.0-1 04/01/2014
Call Trace:
 <TASK>
 dump_stack_lvl+0x4a/0x63
 oom_kill_process.cold+0xb/0x10
 </TASK>
memory: usage 524288kB, limit 524288kB, failcnt 2081
swap: usage 0kB, limit 0kB, failcnt 0
Memory cgroup stats for /system.slice/celery.service:
anon 530579456
file 1081344
kernel_stack 163840
pagetables 1757184
shmem 0
slab_reclaimable 1015808
slab_unreclaimable 708608
Tasks state (memory values in pages):
[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[   4400]  1000  4400   190412   100512   962560        0             0 celery
[   4401]  1000  4401   171304    30112   851968        0             0 celery
oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=celery.service,mems_allowed=0,oom_memcg=/system.slice/celery.service,task_memcg=/system.slice/celery.service,task=celery,pid=4400,uid=1000
Memory cgroup out of memory: Killed process 4400 (celery) total-vm:761648kB, anon-rss:400252kB, file-rss:1796kB, shmem-rss:0kB, UID:1000 pgtables:940kB oom_score_adj:0";

/// What stands before the words and behind them. The last `@` is their place.
fn form(line: &str) -> (String, String) {
    let mut plain = line.to_owned();
    for (written, byte) in
        [("\\\\", "\u{1}"), ("\\e", "\x1b"), ("\\a", "\x07"), ("\\t", "\t"), ("\\r", "\r"), ("\\0", "\0")]
    {
        plain = plain.replace(written, byte);
    }
    let (before, after) = plain.rsplit_once('@').unwrap_or_else(|| panic!("{line}: no place for the words"));
    (before.replace('\u{1}', "\\"), after.replace('\u{1}', "\\"))
}

fn log(line: &str, words: &str) -> Vec<u8> {
    let (before, after) = form(line);
    words.lines().map(|text| format!("{before}{text}{after}\n")).collect::<String>().into_bytes()
}

#[test]
fn a_lone_line_in_each() {
    let wrong: Vec<_> = FORMS.lines().filter(|form| !is_whole(&log(form, KILL))).collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), FORMS.lines().count());
}

fn is_whole(log: &[u8]) -> bool {
    let all = kills(log);
    all.len() == 1 && {
        let victim = &all[0].victims[0];
        (victim.pid, victim.comm.lossy().as_ref(), victim.oom_score_adj) == (2112, "postmaster", Some(0))
    }
}

#[test]
fn a_whole_report_in_each() {
    let wrong: Vec<_> = FORMS.lines().filter_map(|form| Some((form, lacks(&log(form, REPORT))?))).collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), FORMS.lines().count());
}

/// What is not read of the report.
fn lacks(log: &[u8]) -> Option<String> {
    let all = kills(log);
    let [incident] = &all[..] else { return Some(format!("{} kills", all.len())) };
    let memcg = incident.scope.memcg.as_ref();
    let (trigger, stats) = (incident.trigger.as_ref(), incident.scope.stats.as_ref());
    let rows: Vec<_> = incident.candidates.iter().map(|row| row.comm.lossy().into_owned()).collect();
    let parts = [
        ("victim", incident.victims[0].pid == 4400 && incident.victims[0].oom_score_adj == Some(0)),
        ("constraint", incident.scope.constraint == Some(Constraint::Memcg)),
        ("trigger", trigger.is_some_and(|by| by.pid == 4400 && by.comm.lossy() == "celery")),
        ("table", rows == ["celery", "celery"]),
        ("path", memcg.is_some_and(|memcg| memcg.level.path.lossy() == "/system.slice/celery.service")),
        ("limit", memcg.is_some_and(|memcg| memcg.level.limit_bytes == Some(512 << 20))),
        ("statistics", stats.is_some_and(|stats| stats.items.iter().any(|item| item.value == 530_579_456))),
    ];
    let lacking: Vec<_> = parts.iter().filter(|(_, right)| !right).map(|(name, _)| *name).collect();
    (!lacking.is_empty()).then(|| lacking.join(", "))
}

/// The same words with a program's tag before them, in the forms that come nearest to those above.
#[test]
fn a_program_is_not_believed_in_any() {
    for before in [
        "Nov 28 07:26:44 web-3 app: [   12.345678] ",
        "Nov 28 07:26:44 web-3 app[77]: [   12.345678] ",
        "Nov 28 07:26:44 web-3 app[77]: kernel: <3>",
        "Nov 28 07:26:44 web-3 app[77]: facility=kern level=error msg=",
        "Nov 28 07:26:44 web-3 app.web: {\"message\":\"",
        "2023-11-28T07:26:44Z app.web: {\"program\":\"app\",\"message\":\"",
        "app[77]: [   12.345678] ",
        "<14>app: [   12.345678] ",
        "<30>Nov 28 07:26:44 app: [   12.345678] ",
        "web-1  | app: [   12.345678] ",
        "kern.log:Nov 28 07:26:44 web-3 app: [   12.345678] ",
        "[   12.345678] app: [   12.345678] ",
        "[   12.345678] app: kernel: ",
        "[   12.345678] c2 app: ",
        "[   12.345678] process '/tmp/",
        "[main] app: ",
        "==> app: ",
        "{\"log\":\"app: [   12.345678] ",
        "level=error component=kernel msg=",
        "2023-11-28 07:26:44,123 ERROR [main] com.example.A - [   12.345678] ",
        "[2023-11-28 07:26:44,123] ERROR in app: [   12.345678] ",
    ] {
        let end = if before.contains('{') { "\"}" } else { "" };
        let all = kills(format!("{before}{KILL}{end}\n").as_bytes());
        assert!(all.is_empty(), "{before}: {all:#?}");
    }
}

/// A line that a tool labels with the name of a machine is read, and nothing says who wrote it.
#[test]
fn a_label_is_no_proof() {
    let (all, _) = told(format!("web-3: [   12.345678] {KILL}\n").as_bytes());
    assert!(all.len() == 1 && all[0].context.unknown_writer);
    assert_eq!(all[0].context.host.as_deref(), Some("web-3"));
}
