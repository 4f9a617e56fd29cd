//! What logs have instead of reports, as people paste it.

use std::collections::BTreeSet;
use std::io::{BufReader, Cursor, Read as _};

use oomtrace_grams::Step;
use proptest::prelude::*;

use super::table::{NEEDLES, RULES_MAX, WORDS_MAX, signs};
use super::{Signs, Watched, merge};
use crate::model::{Sign, SignMeaning};

/// Kinds with their counts.
fn read(log: &str) -> Vec<Sign> {
    let signs = Signs::new();
    let mut watched = Watched::new(Cursor::new(log.as_bytes().to_vec()), "log", signs.clone());
    let mut out = Vec::new();
    watched.read_to_end(&mut out).unwrap();
    assert_eq!(out, log.as_bytes(), "it passes unchanged");
    signs.take()
}

fn one(line: &str) -> Sign {
    let mut found = read(&format!("before\n{line}\nafter\n"));
    assert_eq!(found.len(), 1, "{line}: {found:#?}");
    let found = found.remove(0);
    assert_eq!((found.count, found.line), (1, 2), "{line}");
    found
}

fn none(line: &str) {
    assert_eq!(read(&format!("{line}\n")), [], "{line}");
}

/// Lines as they are found, with their kinds.
const LINES: &[(&str, &str)] = &[
    (
        "[ 5301.104932] kworker/u8:3: page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL|__GFP_COMP), nodemask=(null)",
        "page_allocation_failure",
    ),
    (
        "Nov 23 22:00:00 web kernel: swapper/0: page allocation failure. order:1, mode:0x20",
        "page_allocation_failure",
    ),
    (
        "[  612.001] vmap allocation for size 20480 failed: use vmalloc=<size> to increase size",
        "vmalloc_failure",
    ),
    ("[  612.001000] modprobe: vmalloc: allocation failure: 1052672 bytes, mode:0x8d2", "vmalloc_failure"),
    (
        "[  612.001000] insmod: vmalloc error: size 1052672, failed to allocate pages, mode:0xcc0(GFP_KERNEL)",
        "vmalloc_failure",
    ),
    (
        "[ 99.000001] java: page allocation stalls for 10004ms, order:0, mode:0x24280ca(GFP_HIGHUSER)",
        "allocation_stall",
    ),
    ("[ 99.000001] SLUB: Unable to allocate memory on node -1, gfp=0xcc0(GFP_KERNEL)", "slab_failure"),
    ("lowmemorykiller: Killing 'com.example.app' (4711), adj 906,", "lowmemorykiller"),
    (
        "<6>[ 1200.000001] lowmemorykiller: send sigkill to 4711 (ndroid.gallery), adj 15, size 4096",
        "lowmemorykiller",
    ),
    (
        "11-23 22:00:00.123  456  456 I lowmemorykiller: Kill 'com.example.app' (4711), uid 10123, oom_score_adj 900 to free 51200kB rss",
        "lowmemorykiller",
    ),
    (
        "I/lowmemorykiller(  456): Kill 'com.example.app' (4711), uid 10123, oom_adj 900 to free 51200kB",
        "lowmemorykiller",
    ),
    (
        "Nov 23 22:00:00 web systemd[1]: shop.service: A process of this unit has been killed by the OOM killer.",
        "systemd_oom_kill",
    ),
    ("Nov 23 22:00:00 web systemd[1]: shop.service: Failed with result 'oom-kill'.", "systemd_oom_kill"),
    ("[ 5000.000001] systemd[1]: shop.service: Failed with result 'oom-kill'.", "systemd_oom_kill"),
    (
        "Nov 23 22:00:00 node kubelet[812]: E1123 22:00:00.123456     812 oom_watcher_linux.go:82] \"System OOM encountered\" victimProcess=\"java\" pid=4711",
        "kubelet_system_oom",
    ),
    (
        "  Warning  SystemOOM  2m  kubelet  System OOM encountered, victim process: java, pid: 4711",
        "kubelet_system_oom",
    ),
    ("      Reason:       OOMKilled", "container_oom_killed"),
    ("    \"OOMKilled\": true,", "container_oom_killed"),
    ("web-0   0/1   OOMKilled   3   5m", "container_oom_killed"),
    (
        "time=\"2026-11-23T22:00:00Z\" level=info msg=\"TaskOOM event container_id:\\\"3f2a\\\"\"",
        "containerd_oom_event",
    ),
    ("2026-11-23 22:00:00 +0000 UTC k8s.io /tasks/oom {\"container_id\":\"3f2a\"}", "containerd_oom_event"),
    ("2026-11-23T22:00:00.123456789Z container oom 3f2a9c1b (image=shop, name=web)", "containerd_oom_event"),
    (
        "slurmstepd: error: Detected 1 oom_kill event in StepId=4711.batch. Some of the step tasks have been OOM Killed.",
        "slurm_oom_kill",
    ),
    (
        "slurmstepd: error: Detected 2 oom-kill event(s) in step 4711.batch cgroup. Some of your processes may have been killed by the cgroup out-of-memory handler.",
        "slurm_oom_kill",
    ),
    ("4711.batch      batch   OUT_OF_MEMORY      0:125", "slurm_oom_kill"),
    (
        "user: warning: [2026-11-23T22:00:00Z]: [talos] Sending SIGKILL to cgroup {\"component\": \"controller-runtime\", \"cgroup\": \"/sys/fs/cgroup/kubepods/besteffort/pod1\"}",
        "talos_oom",
    ),
    (
        "Container [pid=4711,containerID=container_1_01] is running beyond physical memory limits. Current usage: 2.1 GB of 2 GB physical memory used; killing container.",
        "yarn_limit",
    ),
    ("OutOfMemoryError: Container killed due to memory usage", "ecs_limit"),
    ("2026-11-23T22:00:00+00:00 heroku[web.1]: Error R14 (Memory quota exceeded)", "heroku_quota"),
    ("2026-11-23T22:00:00+00:00 heroku[web.1]: Error R15 (Memory quota vastly exceeded)", "heroku_kill"),
    (
        "Memory limit of 512 MiB exceeded with 531 MiB used. Consider increasing the memory limit",
        "cloud_run_limit",
    ),
    ("torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", "gpu_out_of_memory"),
    ("# There is insufficient memory for the Java Runtime Environment to continue.", "jvm_refused"),
    (
        "# Native memory allocation (mmap) failed to map 715849728 bytes for committing reserved memory.",
        "jvm_refused",
    ),
    (
        "OpenJDK 64-Bit Server VM warning: INFO: os::commit_memory(0x00000000d5550000, 715849728, 0) failed; error='Cannot allocate memory' (errno=12)",
        "jvm_refused",
    ),
    (
        "java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits reached",
        "jvm_threads",
    ),
    ("Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space", "jvm_heap"),
    ("java.lang.OutOfMemoryError: GC overhead limit exceeded", "jvm_heap"),
    ("Caused by: java.lang.OutOfMemoryError: Metaspace", "jvm_metaspace"),
    ("java.lang.OutOfMemoryError: Direct buffer memory", "jvm_direct_memory"),
    ("java.lang.OutOfMemoryError: Requested array size exceeds VM limit", "jvm_out_of_memory"),
    ("fatal error: runtime: out of memory", "go_out_of_memory"),
    ("runtime: out of memory: cannot allocate 4194304-byte block (1073741824 in use)", "go_out_of_memory"),
    (
        "FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory",
        "node_heap",
    ),
    ("NoMemoryError (failed to allocate memory)", "ruby_no_memory"),
    ("app.rb:3:in `*': failed to allocate memory (NoMemoryError)", "ruby_no_memory"),
    ("MemoryError", "python_memory_error"),
    (
        "numpy.core._exceptions._ArrayMemoryError: Unable to allocate 7.45 GiB for an array with shape (1000, 1000, 1000)",
        "python_memory_error",
    ),
    (
        "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in /var/www/a.php on line 7",
        "php_memory_limit",
    ),
    ("PHP Fatal error:  Out of memory (allocated 1073741824) (tried to allocate 20480 bytes)", "php_refused"),
    (
        "Unhandled exception. System.OutOfMemoryException: Exception of type 'System.OutOfMemoryException' was thrown.",
        "dotnet_out_of_memory",
    ),
    ("memory allocation of 17179869184 bytes failed", "rust_refused"),
    ("terminate called after throwing an instance of 'std::bad_alloc'", "cpp_bad_alloc"),
    ("eheap_alloc: Cannot allocate 762886488 bytes of memory (of type \"heap\").", "erlang_refused"),
    ("Error: cannot allocate vector of size 1.5 Gb", "r_refused"),
    ("2026-11-23 22:00:00 0 [ERROR] InnoDB: Cannot allocate memory for the buffer pool", "mysql_refused"),
    ("mysqld: Out of memory (Needed 128917504 bytes)", "mysql_refused"),
    ("InnoDB: mmap(137363456 bytes) failed; errno 12", "mysql_refused"),
    (
        "2026-11-23 22:00:00 UTC [81] LOG:  server process (PID 4711) was terminated by signal 9: Killed",
        "postgres_signal_9",
    ),
    ("2026-11-23 22:00:00 UTC [4711] ERROR:  out of memory", "postgres_refused"),
    (
        "2026-11-23 22:00:00 UTC [4711] DETAIL:  Failed on request of size 262144 in memory context \"x\".",
        "postgres_refused",
    ),
    (
        "2026-11-23 22:00:00 UTC [1] LOG:  could not fork new process for connection: Cannot allocate memory",
        "postgres_refused",
    ),
    ("81:M 23 Nov 2026 22:00:00.123 # Can't save in background: fork: Cannot allocate memory", "redis_fork"),
    ("(error) OOM command not allowed when used memory > 'maxmemory'.", "redis_maxmemory"),
    ("81:M 23 Nov 2026 22:00:00.123 # Out Of Memory allocating 4194304 bytes!", "redis_refused"),
    (
        "Nov 23 22:00:00 bsd kernel: pid 4711 (java), jid 0, uid 1001, was killed: out of swap space",
        "freebsd_kill",
    ),
    ("pid 4711 (java), jid 0, uid 1001, was killed: failed to reclaim memory", "freebsd_kill"),
    (
        "kernel: memorystatus: killing_specific_process pid 4711 [java] (per-process-limit 6) 1024000KB",
        "macos_jetsam",
    ),
    ("low swap: killing largest compressed process with pid 4711 (java) and size 8589934592", "macos_jetsam"),
    ("c++: fatal error: Killed signal terminated program cc1plus", "compiler_killed"),
    ("malloc(): corrupted top size", "heap_corruption"),
    ("free(): double free detected in tcache 2", "heap_corruption"),
    ("*** Error in `./a': double free or corruption (fasttop): 0x0000 ***", "heap_corruption"),
    ("-bash: fork: Cannot allocate memory", "fork_refused"),
    ("Error: spawn ENOMEM", "fork_refused"),
    ("nginx: [emerg] mmap(MAP_ANON|MAP_SHARED, 10485760) failed (12: Cannot allocate memory)", "refused"),
    ("Error: Process completed with exit code 137.", "exit_137"),
    ("web-1 exited with code 137", "exit_137"),
    (
        "Nov 23 22:00:00 web systemd[1]: shop.service: Main process exited, code=killed, status=9/KILL",
        "exit_137",
    ),
    ("ld: out of memory allocating 1048576 bytes", "program_out_of_memory"),
    ("virtual memory exhausted: Success", "program_out_of_memory"),
];

#[test]
fn lines_as_people_paste_them() {
    for (line, kind) in LINES {
        assert_eq!(one(line).kind, *kind, "{line}");
    }
}

#[test]
fn every_kind_has_a_line_and_is_found_by_the_search() {
    let tried: BTreeSet<&str> = LINES.iter().map(|(_, kind)| *kind).collect();
    let mut words: BTreeSet<&'static str> = BTreeSet::new();
    for sign in signs() {
        assert!(tried.contains(sign.kind) || sign.kind == "nomad_oom", "{} has no line", sign.kind);
        for all in sign.words {
            let found = all.iter().any(|word| NEEDLES.iter().any(|needle| word.contains(needle)));
            assert!(found, "{}: none of the needles is in {all:?}", sign.kind);
            words.extend(all.iter());
        }
        words.extend(sign.without.iter());
    }
    assert!(words.len() <= WORDS_MAX, "{} words do not fit", words.len());
    assert!(signs().count() <= RULES_MAX, "{} kinds do not fit", signs().count());
    for (words, shortest) in
        [(NEEDLES.to_vec(), Step::Four.shortest()), (words.into_iter().collect(), Step::Two.shortest())]
    {
        assert_eq!(words.iter().find(|word| word.len() < shortest), None, "not to be found");
    }
    let kinds: BTreeSet<&str> = signs().map(|sign| sign.kind).collect();
    assert_eq!(kinds.len(), signs().count(), "a kind is there twice");
}

#[test]
fn the_size_that_failed_is_told() {
    let failure = one(LINES[0].0);
    assert_eq!(failure.meaning, SignMeaning::Refused);
    assert_eq!(
        failure.detail.as_deref().map(|text| text.replace('\u{a0}', " ")),
        Some("an allocation of 64 KiB (order 4) failed".into())
    );
    assert!(one("[ 6.0] vmap allocation for size 20480 failed").detail.unwrap().contains("20"));
    assert_eq!(
        one("[ 6.000001] a: page allocation failure: order:99, mode:0x20").detail,
        None,
        "no such order"
    );
}

#[test]
fn what_is_no_sign() {
    for line in [
        "[ 1.000001] Out of memory: Killed process 4711 (java) total-vm:9000kB",
        "Nov 23 22:00:00 web app[7]: Out of memory: Killed process 1 (init) total-vm:1kB, anon-rss:1kB",
        "Memory cgroup out of memory: Killed process 4711 (java)",
        "[ 1.000001] java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
        "[ 1.000001] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task=java,pid=4711,uid=0",
        "\"OOMKilled\": false,",
        "  \"OOMKilled\":false",
        "the ROOM OOM",
        "GET /api/order:4 137",
        "",
    ] {
        none(line);
    }
    // Whose words these are is known, and it was another one.
    none("Nov 23 22:00:00 web app[7]: a.service: A process of this unit has been killed by the OOM killer.");
    none("Nov 23 22:00:00 web app[7]: swapper/0: page allocation failure: order:1, mode:0x20");
    none("[ 5.000001] app[7]: shop.service: Failed with result 'oom-kill'.");
}

#[test]
fn lines_are_counted_and_the_first_is_kept() {
    let log = "x\n\nOOMKilled a\nfatal error: runtime: out of memory\nOOMKilled b\nlast OOMKilled c";
    let found = read(log);
    let told: Vec<_> = found.iter().map(|sign| (sign.kind.as_str(), sign.count, sign.line)).collect();
    assert_eq!(told, [("container_oom_killed", 3, 3), ("go_out_of_memory", 1, 4)], "the surest first");
    assert_eq!(found[0].text, "OOMKilled a".into());
    let mut all = read(log);
    merge(&mut all, read("OOMKilled\n"));
    assert_eq!((all[0].count, all[0].line), (4, 3));
    let time = "2026-11-23T22:00:00Z";
    let dated =
        &read(&format!("{time} node kubelet[1]: System OOM encountered, victim process: java, pid: 4711\n"))
            [0];
    assert_eq!(dated.time.as_deref(), Some(time));
    assert_eq!(dated.text, "System OOM encountered, victim process: java, pid: 4711".into());
}

#[test]
fn json_is_looked_into() {
    let line = r#"{"log":"java.lang.OutOfMemoryError: Java heap space\n","stream":"stderr","time":"2026-11-23T22:00:00Z"}"#;
    let found = one(line);
    assert_eq!(
        (found.kind.as_str(), found.text),
        ("jvm_heap", "java.lang.OutOfMemoryError: Java heap space".into())
    );
}

#[test]
fn a_line_without_an_end_is_bounded() {
    let signs = Signs::new();
    let endless = std::io::repeat(b'x').take(10 << 20).chain(Cursor::new(b" OOMKilled".to_vec()));
    let mut watched = Watched::new(BufReader::new(endless), "log", signs.clone());
    std::io::copy(&mut watched, &mut std::io::sink()).unwrap();
    assert_eq!(signs.take(), [], "what is beyond 64 KiB of a line is not looked at");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_tell_the_same_as_the_whole(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..12),
        size in 1_usize..200,
        buffered in any::<bool>(),
    ) {
        let log: String = picks.iter().map(|at| format!("{}\nplain line\n", LINES[at.index(LINES.len())].0)).collect();
        let signs = Signs::new();
        let pieces = BufReader::with_capacity(size, Cursor::new(log.clone().into_bytes()));
        let mut watched = Watched::new(pieces, "log", signs.clone());
        if buffered {
            let mut line = Vec::new();
            while std::io::BufRead::read_until(&mut watched, b'\n', &mut line).unwrap() > 0 {}
            prop_assert_eq!(line, log.clone().into_bytes());
        } else {
            let mut piece = vec![0; size];
            while watched.read(&mut piece).unwrap() > 0 {}
        }
        prop_assert_eq!(signs.take(), read(&log));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600), at in any::<prop::sample::Index>()) {
        let mut log = LINES[at.index(LINES.len())].0.as_bytes().to_vec();
        log.extend(bytes);
        let signs = Signs::new();
        let mut out = Vec::new();
        Watched::new(Cursor::new(log.clone()), "log", signs).read_to_end(&mut out).unwrap();
        prop_assert_eq!(out, log);
    }
}
