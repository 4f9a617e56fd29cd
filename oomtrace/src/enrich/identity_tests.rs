//! The cache with made-up processes, and one look at the real /proc.

use super::*;
use proptest::prelude::*;

const START: u64 = 1_000_000_000;

fn identity(args: &[&str]) -> ProcessIdentity {
    ProcessIdentity {
        comm: Some(b"java".to_vec()),
        cmdline: args.iter().map(|a| a.as_bytes().to_vec()).collect(),
        cmdline_cut: false,
        exe: Some(b"/usr/bin/java".to_vec()),
        cgroup: Some(b"/app.slice".to_vec()),
        ppid: Some(1),
        uid: Some(0),
        environment: Some(b"GOGC=off\0".to_vec()),
        is_go: true,
        as_of_ns: START,
        source: IdentitySource::Scan,
    }
}

#[test]
fn a_reused_number_is_another_process() {
    let mut cache = IdentityCache::default();
    cache.learn(5, START, &identity(&["java", "", "-jar"]));
    let tick = tick_ns();
    for start in [Some(START), Some(START + tick - 1), None] {
        assert_eq!(cache.lookup(5, start), Some(identity(&["java", "", "-jar"])));
    }
    for (tgid, start) in [(5, START + tick), (5, START - tick), (6, START)] {
        assert_eq!(cache.lookup(tgid, Some(start)), None);
    }
}

#[test]
fn what_is_not_known_stays_absent() {
    let mut cache = IdentityCache::default();
    let bare =
        ProcessIdentity { comm: None, exe: None, cgroup: None, ppid: None, uid: None, ..identity(&[]) };
    cache.learn(5, START, &bare);
    assert_eq!(cache.lookup(5, Some(START)), Some(bare));
}

#[test]
fn long_command_lines_are_cut_and_say_so() {
    let mut cache = IdentityCache::default();
    cache.learn(5, START, &identity(&["x", &"y".repeat(CMDLINE_KEPT)]));
    let known = cache.lookup(5, None).unwrap();
    assert!(known.cmdline_cut);
    assert_eq!(known.cmdline.iter().map(Vec::len).collect::<Vec<_>>(), [1, CMDLINE_KEPT - 2]);
}

#[test]
fn bounded_in_number() {
    let mut cache = IdentityCache::default();
    let all = u32::try_from(PROCESSES_MAX).unwrap();
    for pid in 0..=all {
        cache.offer(pid, Kept::new(START, &identity(&["x"])));
    }
    assert_eq!((cache.len(), cache.left_out()), (PROCESSES_MAX, 1));
    // A number that is known already takes the room of its predecessor.
    cache.learn(0, 2 * START, &identity(&["y"]));
    assert_eq!((cache.len(), cache.left_out()), (PROCESSES_MAX, 1));
    // What is learned for a kill is kept in any case.
    cache.learn(all, START, &identity(&["z"]));
    assert_eq!(cache.lookup(all, None), Some(identity(&["z"])));
    assert_eq!((cache.len(), cache.left_out()), (PROCESSES_MAX, 2));
}

#[test]
fn bounded_in_bytes() {
    let mut cache = IdentityCache::default();
    let large = identity(&[&"x".repeat(CMDLINE_KEPT)]);
    for pid in 0..4000 {
        cache.offer(pid, Kept::new(START, &large));
    }
    assert!(cache.bytes() <= BYTES_MAX && cache.bytes() > BYTES_MAX - 2 * CMDLINE_KEPT);
    assert_eq!(cache.len() + cache.left_out(), 4000);
    cache.learn(9999, START, &large);
    assert_eq!(cache.lookup(9999, None), Some(large));
    assert!(cache.bytes() <= BYTES_MAX);
    for pid in 0..10_000 {
        cache.forget(pid);
    }
    assert_eq!((cache.bytes(), cache.is_empty()), (0, true));
}

#[test]
fn a_fork_is_who_its_origin_was_then() {
    let mut cache = IdentityCache::default();
    cache.learn(5, START, &identity(&["scanned"]));
    let mut exec = record(b"executed\0");
    exec.time = 3 * START;
    let known =
        |cache: &IdentityCache, pid| cache.lookup(pid, None).map(|i| (i.cmdline[0].clone(), i.source));
    // Forked after the exec; before it but after the scan; before anything is known.
    assert!(cache.learn_fork(10, 4 * START, 5, Some(&exec)));
    assert_eq!(known(&cache, 10), Some((b"executed".to_vec(), IdentitySource::Forked)));
    assert!(cache.learn_fork(11, 2 * START, 5, Some(&exec)));
    assert_eq!(known(&cache, 11), Some((b"scanned".to_vec(), IdentitySource::Forked)));
    assert!(!cache.learn_fork(12, START - 1, 5, Some(&exec)));
    assert!(!cache.learn_fork(12, 4 * START, 6, None));
    assert_eq!(known(&cache, 12), None);
    assert_eq!(cache.lookup(11, None).unwrap().cgroup, None);
}

fn record(args: &[u8]) -> Identity {
    let mut record = Identity {
        maxrss: 0,
        start_time: START,
        time: START,
        ppid: 7,
        cmdline_len: u32::try_from(args.len()).unwrap(),
        cmdline: [0; oomtrace_common::CMDLINE_LEN],
        exe: [0; oomtrace_common::CMDLINE_LEN],
    };
    record.cmdline[..args.len()].copy_from_slice(args);
    record.exe[..7].copy_from_slice(b"/bin/sh");
    record
}

#[test]
fn the_kernel_sides_form() {
    let mut record = record(b"sh\0-c\0ls\0");
    let known = ProcessIdentity::from_kernel(&record);
    assert_eq!(known.cmdline, [b"sh".to_vec(), b"-c".to_vec(), b"ls".to_vec()]);
    assert_eq!((known.exe.as_deref(), known.ppid), (Some(&b"/bin/sh"[..]), Some(7)));
    assert!(!known.cmdline_cut);
    // A length that lies, and a field that is full.
    record.cmdline_len = u32::MAX;
    record.cmdline.fill(b'x');
    assert!(ProcessIdentity::from_kernel(&record).cmdline_cut);
}

#[test]
fn finds_ourselves_in_the_real_proc() {
    let cache = IdentityCache::scan(&Roots::default());
    let me = Process::read(&Roots::default(), std::process::id()).unwrap();
    let known = cache.lookup(std::process::id(), me.start_boottime_ns).unwrap();
    assert_eq!((known.exe, known.ppid), (me.exe, me.ppid));
    assert_eq!(cache.lookup(2, None), None, "kthreadd is no candidate");
}

#[test]
fn who_does_not_answer_at_the_scan_is_known_without_its_arguments() {
    let tmp = tempfile::tempdir().unwrap();
    let roots = Roots { proc: tmp.path().into(), ..Roots::default() };
    for pid in [6, 7, 8] {
        let dir = tmp.path().join(pid.to_string());
        std::fs::create_dir(&dir).unwrap();
        let stat = format!("{pid} (x) S 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 12345 1000 200 0");
        std::fs::write(dir.join("stat"), stat).unwrap();
        std::fs::write(dir.join("cmdline"), "x\0-y\0").unwrap();
    }
    let dir = Dir::open(tmp.path()).unwrap();
    let read = move |pid, _, buf: &mut Vec<u8>| {
        if pid == 7 {
            std::thread::sleep(Duration::from_secs(3600));
        }
        Process::read_at(&dir, pid, buf)
    };
    let cache = IdentityCache::scan_with(&roots, LateReader::with(2, read), Duration::from_secs(2));
    let arguments = |pid| cache.lookup(pid, None).unwrap().cmdline.len();
    assert_eq!([6, 7, 8].map(arguments), [2, 0, 2]);
    assert_eq!(cache.unanswered(), 1);
}

proptest! {
    #[test]
    fn any_identity_comes_back(
        args in proptest::collection::vec(proptest::collection::vec(1u8.., 0..20), 0..5),
        exe in proptest::option::of(proptest::collection::vec(any::<u8>(), 1..20)),
    ) {
        // One empty argument and none at all look the same in the kernel's form.
        prop_assume!(args.len() != 1 || !args[0].is_empty());
        let whole = ProcessIdentity { cmdline: args, exe, ..identity(&[]) };
        let mut cache = IdentityCache::default();
        cache.learn(1, START, &whole);
        prop_assert_eq!(cache.lookup(1, Some(START)), Some(whole));
    }
}
