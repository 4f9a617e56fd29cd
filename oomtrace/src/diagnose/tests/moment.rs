//! Logs of one moment: the largest parts are named, the value of advice follows from them, and nothing is said of growth.

use std::fmt::Write as _;
use std::io::Cursor;
use std::path::PathBuf;

use crate::diagnose::diagnose;
use crate::klog::incident::{Known, incident};
use crate::klog::input::{Found, LogReader};
use crate::model::{CulpritKind, Diagnosis, Incident, VerdictKind};
use crate::render::{Render as _, Text, TextStyle};

pub(super) fn only(log: &str) -> Incident {
    let mut found = None;
    let mut sink = |item: Found| {
        if let Found::Report(told) = item {
            found = Some(incident(&told, &Known::default()));
        }
    };
    let mut reader = LogReader::new();
    reader.read("log", Box::new(Cursor::new(log.as_bytes().to_vec())), &mut sink).unwrap();
    reader.finish(&mut sink);
    let mut incident = found.unwrap();
    incident.diagnosis = Some(diagnose(&incident));
    incident
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/shortage").join(name)
}

fn fixture(name: &str) -> Incident {
    only(&std::fs::read_to_string(path(name)).unwrap())
}

/// A machine of `ram` pages without swap, with these rows of the task table: name and pages. The first is killed.
fn machine(ram: u64, uses: &str, rows: &[(&str, u64)]) -> Incident {
    let mut log = String::from(
        "[    5.000001] sh invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO), order=0, oom_score_adj=0\n",
    );
    log += "[    5.000002] CPU: 0 PID: 9 Comm: sh Not tainted 6.1.0-13-amd64 #1\n[    5.000002] Mem-Info:\n";
    let _ = writeln!(
        log,
        "[    5.000003] active_anon:10 inactive_anon:20 isolated_anon:0\n slab_reclaimable:1 {uses} free:100"
    );
    log += "[    5.000004] Node 0 Normal free:40000kB min:44000kB low:55000kB high:66000kB present:9000000kB managed:8000000kB\n";
    log += "[    5.000004] lowmem_reserve[]: 0 0 0 0\n[    5.000004] Free swap  = 0kB\n[    5.000004] Total swap = 0kB\n";
    let _ = writeln!(log, "[    5.000005] {ram} pages RAM\n[    5.000005] 0 pages reserved");
    log += "[    5.000006] Tasks state (memory values in pages):\n[    5.000006] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n";
    for ((name, rss), pid) in rows.iter().zip(100..) {
        let _ = writeln!(
            log,
            "[    5.000007] [{pid:>7}]    33 {pid:>5} {rss:>8} {rss:>8}        0        0             0 {name}"
        );
    }
    let (name, rss) = rows[0];
    let _ = writeln!(
        log,
        "[    5.000008] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task={name},pid=100,uid=33"
    );
    let kb = rss * 4;
    let _ = writeln!(
        log,
        "[    5.000009] Out of memory: Killed process 100 ({name}) total-vm:{kb}kB, anon-rss:{kb}kB, file-rss:0kB, shmem-rss:0kB, UID:33 pgtables:0kB oom_score_adj:0"
    );
    only(&log)
}

fn verdict(incident: &Incident) -> &Diagnosis {
    incident.diagnosis.as_ref().unwrap()
}

fn text(incident: Incident) -> String {
    let mut out = Vec::new();
    let event = crate::model::Event::OomKill(Box::new(incident));
    Text::new(TextStyle { width: 4000, ..TextStyle::default() }).event(&event, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn has(found: &Diagnosis, words: &str) {
    assert!(found.reasons.iter().any(|reason| reason.contains(words)), "{words:?} in {found:#?}");
}

#[test]
fn a_pool_is_summed_up_by_name() {
    let mut rows = vec![("mysqld", 250_000)];
    rows.extend([("php-fpm8.2", 390_000); 20]);
    let incident = machine(8_000_000, "slab_unreclaimable:9", &rows);
    let found = verdict(&incident);
    assert_eq!(found.verdict, VerdictKind::ForkSwarm, "{found:#?}");
    let culprit = found.culprit.as_ref().unwrap();
    assert_eq!((culprit.kind, culprit.members), (CulpritKind::Family, Some(20)));
    has(
        found,
        "by name, largest first: 20 php-fpm8.2 29.8 GiB (98 % of 30.5 GiB), mysqld (pid 100) 977 MiB, all 21 processes",
    );
    let pool = &found.advice[0];
    assert!(pool.action.contains("(pm.max_children = 17)"), "{found:#?}");
    assert!(pool.why.contains("1.49 GiB each on average") && pool.why.contains("one moment"), "{pool:?}");
    let page = text(incident);
    assert!(page.contains("as of one moment") && !page.contains("leak"), "{page}");
}

#[test]
fn the_largest_process_is_named_with_its_share() {
    let incident =
        machine(1_000_000, "slab_unreclaimable:9", &[("java", 730_000), ("sshd", 2_000), ("cron", 1_000)]);
    let found = verdict(&incident);
    assert_eq!(found.verdict, VerdictKind::Undetermined, "{found:#?}");
    let culprit = found.culprit.as_ref().unwrap();
    assert_eq!((culprit.pid, culprit.likely), (Some(100), true));
    assert!(
        found.summary.contains("java (pid 100) holds most of it: 2.78 GiB, 73 % of the memory"),
        "{}",
        found.summary
    );
    has(found, "java (pid 100) 2.78 GiB (73 % of 3.81 GiB)");
    has(found, "this is one moment");
    assert!(found.advice.iter().any(|advice| advice.value_bytes.is_some()), "{found:#?}");
    assert!(found.advice.last().unwrap().action.starts_with("Keep oomtrace running"), "{found:#?}");
}

#[test]
fn the_largest_kinds_are_named() {
    let rows = [("a", 9_000), ("b", 8_000)];
    let incident = machine(1_000_000, "slab_unreclaimable:700000", &rows);
    assert_eq!(verdict(&incident).verdict, VerdictKind::KernelMemory);
    let incident = machine(1_000_000, "slab_unreclaimable:9 pagetables:600000", &rows);
    assert_eq!(verdict(&incident).verdict, VerdictKind::KernelMemory);
    let incident = machine(1_000_000, "slab_unreclaimable:400000 unevictable:450000", &rows);
    let found = verdict(&incident);
    assert_eq!((found.verdict, &found.culprit), (VerdictKind::Undetermined, &None), "{found:#?}");
    has(found, "of 3.81 GiB of RAM: unevictable 1.72 GiB (45 %), slab 1.53 GiB (40 %)");
    assert!(found.summary.starts_with("at that moment: "), "{}", found.summary);
}

#[test]
fn a_zone_a_block_and_a_charge_blame_nobody() {
    for (name, verdict_of, words) in [
        (
            "dma32-request.log",
            VerdictKind::Undetermined,
            "zones DMA and DMA32 ran out of memory, not the whole machine",
        ),
        (
            "fragmented.log",
            VerdictKind::Undetermined,
            "free memory was in pieces too small for an allocation of 32 KiB",
        ),
        (
            "failed-charge.log",
            VerdictKind::Undetermined,
            "a memory cgroup could not be charged for kernel memory, though the machine had 115 GiB free",
        ),
        ("low-memory.log", VerdictKind::KernelMemory, "zone DMA ran out of memory, not the whole machine"),
    ] {
        let incident = fixture(name);
        let found = verdict(&incident);
        assert_eq!(found.verdict, verdict_of, "{name}: {found:#?}");
        assert!(found.culprit.as_ref().is_none_or(|culprit| culprit.pid.is_none()), "{name}");
        let page = text(incident);
        assert!(page.split_whitespace().collect::<Vec<_>>().join(" ").contains(words), "{name}: {page}");
        assert!(!page.contains("whole machine ran out"), "{name}: {page}");
    }
}

#[test]
fn one_line_is_enough_for_values() {
    // However many digits the stamp has.
    let log =
        std::fs::read_to_string(path("lone-line.log")).unwrap().replace("12345.67890]", "12345.678900]");
    let incident = only(&log);
    let found = verdict(&incident);
    has(found, "next-server (pid 3281050) held 5.63 GiB when it was killed");
    let all: Vec<_> = found.advice.iter().map(|advice| advice.action.as_str()).collect();
    assert!(all[0].contains("MemoryMax=5G"), "{all:#?}");
    assert!(
        all.iter().any(|action| action.contains("Node.js"))
            && all.iter().any(|action| action.contains("1.5 GiB of swap")),
        "{all:#?}"
    );
}
