//! What is known of a victim comes from several sides, in any order.

use std::fs;

use super::tests::{cmdline, process, start, startup, world};
use super::*;
use crate::enrich::runtime::go_head;

/// It and its environment, the first `read` bytes of which could be read.
fn with_environment(pid: u32, arguments: &[u8], environ: &[u8], read: usize) -> (Startup, Vec<u8>) {
    let mut record = startup(pid, arguments);
    record.environ_total = u32::try_from(environ.len()).unwrap();
    record.environ_len = u32::try_from(read).unwrap();
    (record, environ[..read].to_vec())
}

/// What the kernel side kept of process `pid` at an exec.
fn exec(pid: u32, cmdline: &[u8], time: u64) -> Identity {
    let mut record = Identity {
        maxrss: 0,
        start_time: start(pid).unwrap(),
        time,
        ppid: 1,
        cmdline_len: u32::try_from(cmdline.len()).unwrap(),
        cmdline: [0; oomtrace_common::CMDLINE_LEN],
        exe: [0; oomtrace_common::CMDLINE_LEN],
    };
    record.cmdline[..cmdline.len()].copy_from_slice(cmdline);
    record
}

#[test]
fn what_a_victim_tells_goes_before_all_else() {
    let mut world = world(&[(50, "sh", "sh\0-c\0")]);
    let (record, environ) = with_environment(50, b"java\0-jar\0", b"A=secret\0GOGC=50\0", 17);
    world.enricher.learn_startup(&record, environ);
    assert_eq!(
        world.enricher.cache().lookup(50, start(50)).unwrap().environment,
        Some(b"GOGC=50\0".to_vec()),
        "the rest of an environment is not kept"
    );
    let (victim, notes) = world.kill(50, "java", None, start(50));
    assert_eq!(cmdline(&victim), [b"java", &b"-jar"[..]]);
    // What it did not tell is that of before.
    assert_eq!((victim.uid, victim.ppid), (Some(33), Some(1)));
    assert!(victim.runtime.unwrap().environment_read && notes.is_empty(), "{notes:?}");
}

#[test]
fn what_a_victim_tells_after_its_report_is_told_once() {
    let mut world = world(&[(50, "java", "java\0--password=x\0")]);
    world.enricher.redact = Some(|args, _| args.iter().map(|_| b"***".to_vec()).collect());
    world.kill(50, "java", None, start(50));
    assert_eq!(world.enricher.told_late(50), (Vec::new(), None), "it told nothing");
    let (record, environ) = with_environment(50, b"java\0--password=x\0", b"GOGC=50\0", 8);
    world.enricher.learn_startup(&record, environ);
    let (shown, runtime) = world.enricher.told_late(50);
    assert_eq!((shown, runtime.unwrap().environment_read), (vec!["***".into(), "***".into()], true));
    assert_eq!(world.enricher.told_late(50), (Vec::new(), None));
    // What it told in time is in its report.
    world.enricher.learn_startup(&startup(50, b"java\0"), Vec::new());
    world.kill(50, "java", None, start(50));
    assert_eq!(world.enricher.told_late(50), (Vec::new(), None));
}

#[test]
fn an_environment_that_was_not_read_whole_says_nothing() {
    let mut world = world(&[]);
    for (read, known) in [(8, true), (7, false), (0, false)] {
        let (record, environ) = with_environment(50, b"java\0", b"GOGC=50\0", read);
        world.enricher.learn_startup(&record, environ);
        let (victim, _) = world.kill(50, "java", None, start(50));
        assert_eq!(victim.runtime.unwrap().environment_read, known, "{read} bytes");
    }
}

#[test]
fn a_title_written_over_the_arguments_goes_on_in_the_environment() {
    let mut world = world(&[]);
    let (record, environ) = with_environment(50, b"postgres: ann", b" idle\0GOGC=50\0", 14);
    world.enricher.learn_startup(&record, environ);
    let (victim, _) = world.kill(50, "postgres", None, start(50));
    assert_eq!(cmdline(&victim), [b"postgres: ann idle"]);
    assert!(!victim.runtime.unwrap().environment_read, "it was written over");
}

#[test]
fn what_the_kernel_kept_goes_before_the_scan() {
    let mut world = world(&[(50, "sh", "sh\0-c\0")]);
    world.gone(50);
    let scanned = world.enricher.cache().lookup(50, start(50)).unwrap().as_of_ns;
    world.enricher.learn(50, &exec(50, b"java\0", scanned + 1));
    assert_eq!(cmdline(&world.kill(50, "java", None, start(50)).0), [b"java"]);
}

#[test]
fn a_scan_after_the_exec_goes_before_what_the_kernel_kept() {
    let mut world = world(&[(50, "java", "java\0-jar\0")]);
    world.gone(50);
    world.enricher.learn(50, &exec(50, b"java\0-ja", 0));
    // No other name makes one doubt it: there has been no exec.
    let (victim, notes) = world.kill(50, "GC Thread", None, start(50));
    assert_eq!(cmdline(&victim), [b"java", &b"-jar"[..]]);
    assert_eq!((victim.uid, victim.cgroup.unwrap().path), (Some(33), "/of-50".into()));
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn a_scan_that_got_no_answer_does_not_hide_what_the_kernel_kept() {
    let mut world = world(&[(50, "java", "")]);
    world.gone(50);
    world.enricher.learn(50, &exec(50, b"java\0-jar\0", 0));
    let (victim, notes) = world.kill(50, "java", None, start(50));
    assert_eq!(cmdline(&victim), [b"java", &b"-jar"[..]]);
    assert!(victim.uid == Some(33) && notes.is_empty(), "{notes:?}");
}

#[test]
fn a_second_look_takes_nothing_away() {
    let mut world = world(&[]);
    for pid in [50, 60] {
        process(world.dir.path(), pid, "prog", "");
        fs::write(world.dir.path().join(format!("{pid}/exe")), go_head()).unwrap();
    }
    world.enricher.peek(50, start(50).unwrap());
    world.enricher.peek(60, start(60).unwrap());
    // A zombie has a name and nothing else.
    for file in ["exe", "cgroup"] {
        fs::remove_file(world.dir.path().join("50").join(file)).unwrap();
    }
    world.enricher.peek(50, start(50).unwrap());
    let known = world.enricher.cache().lookup(50, start(50)).unwrap();
    assert!(known.is_go && known.cgroup.is_some(), "{known:?}");
    // What it tells meanwhile is no reason not to look.
    process(world.dir.path(), 70, "prog", "");
    world.enricher.learn_startup(&startup(70, b"prog\0"), Vec::new());
    world.enricher.peek(70, start(70).unwrap());
    let known = world.enricher.cache().lookup(70, start(70)).unwrap();
    assert_eq!((known.cmdline.len(), known.cgroup.unwrap()), (1, b"/of-70".to_vec()));
}

#[test]
fn what_the_kernel_kept_does_not_undo_what_was_told_since() {
    // A victim may tell of itself between the SIGKILL and the mark, and each of the two asks for what the kernel kept.
    let mut world = world(&[(40, "java", "java\0")]);
    for (pid, own) in [(50, true), (60, false)] {
        process(world.dir.path(), pid, "java", "");
        fs::write(world.dir.path().join(format!("{pid}/exe")), go_head()).unwrap();
        let kernel = |enricher: &mut Enricher| {
            if own {
                enricher.learn(pid, &exec(pid, b"java\0-jar\0", 7));
            } else {
                assert!(enricher.learn_fork(
                    pid,
                    start(pid).unwrap(),
                    40,
                    Some(&exec(40, b"java\0-jar\0", 7))
                ));
            }
            enricher.peek(pid, start(pid).unwrap());
        };
        kernel(&mut world.enricher);
        let (mut record, environ) = with_environment(pid, b"java\0-jar\0", b"GOGC=50\0", 8);
        record.header.time = 8;
        world.enricher.learn_startup(&record, environ);
        kernel(&mut world.enricher);
        let known = world.enricher.cache().lookup(pid, start(pid)).unwrap();
        assert_eq!((known.environment.is_some(), known.is_go), (true, true), "{pid}");
        // An exec since is another matter.
        world.enricher.learn(pid, &exec(pid, b"perl\0", 9));
        assert_eq!(cmdline(&world.kill(pid, "perl", None, start(pid)).0), [b"perl"]);
    }
}
