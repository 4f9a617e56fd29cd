//! A process that calls exec is another program: its name, its executable, and memory that begins at nothing.

use super::tests::{MIB, MS, S, find, incident, named, process};
use super::*;
use crate::model::{Entity, Text};
use crate::sample::Image;

fn image(exe: &str, comm: &str, exec_ns: Option<u64>) -> Image {
    let mut name = [0; 16];
    name[..comm.len()].copy_from_slice(comm.as_bytes());
    Image { exe: Some(exe.into()), comm: Some(name), exec_ns }
}

/// One pass with process 10 as it is now, and the answer for it where that is asked for.
fn pass(history: &mut History, now: u64, comm: &str, anon: u64, answer: &Image) -> bool {
    history.processes(&[process(10, S / 2, 3, comm, anon)], now, true);
    let (mut keys, mut ids) = (Vec::new(), Vec::new());
    history.nameless(10, &mut keys, &mut ids);
    for key in &keys {
        history.name_process(*key, answer);
    }
    !keys.is_empty()
}

fn all(history: &History, kill: u64) -> Vec<Entity> {
    let all = history.before(&incident(kill), kill).entities;
    all.into_iter().filter(|e| e.kind == model::EntityKind::Process && e.pid == Some(10)).collect()
}

use crate::model;

/// `sh -c 'sleep 3; exec app'`: three samples of sh, then `app` grows by 10 MiB/s.
fn wrapped(exec_ns: Option<u64>) -> History {
    let mut history = named();
    for second in 1..=3 {
        pass(&mut history, second * S, "sh", MIB, &image("/bin/dash", "sh", None));
    }
    for second in 4..=6 {
        let app = image("/usr/bin/app", "app", exec_ns);
        pass(&mut history, second * S, "app", (second - 3) * 10 * MIB, &app);
    }
    history
}

#[test]
fn name_executable_and_level_before_are_those_after_exec() {
    for (exec_ns, begins) in [(None, -3000), (Some(3 * S + 200 * MS), -3300)] {
        let history = wrapped(exec_ns);
        let app = find(
            &history.before(&incident(6 * S + 500 * MS), 6 * S + 500 * MS),
            model::EntityKind::Process,
            "app",
        );
        assert_eq!(app.exe, Some(Text::from("/usr/bin/app")));
        assert_eq!(app.exec_ms, Some(begins));
        assert!(app.points.iter().all(|(t, _)| *t >= begins), "{:?}", app.points);
        assert_eq!(app.started_ms, Some(-6000), "it is the same process");
    }
}

#[test]
fn a_family_is_one_of_the_program_that_runs() {
    let history = wrapped(None);
    let families: Vec<_> = history.families.ids().filter_map(|id| history.families.get(id)).collect();
    let app = families.iter().find(|family| family.exe.as_deref() == Some(b"/usr/bin/app")).unwrap();
    assert_eq!((app.living, &app.comm[..4]), (1, b"app\0".as_slice()));
    let sh = families.iter().find(|family| family.exe.as_deref() == Some(b"/bin/dash")).unwrap();
    assert_eq!(sh.living, 0);
}

#[test]
fn what_it_ran_before_is_an_entity_of_its_own_where_it_held_much() {
    let mut history = named();
    let python = image("/usr/bin/python3", "python3", None);
    for second in 1..=3 {
        pass(&mut history, second * S, "python3", 40 * MIB, &python);
    }
    // The same name and executable: much less memory, and the kernel side saw an exec.
    let again = Image { exec_ns: Some(3 * S + 400 * MS), ..python };
    assert!(pass(&mut history, 4 * S, "python3", 2 * MIB, &again), "it is asked for again");
    let all = all(&history, 4 * S + 500 * MS);
    let [now, before] = &all[..] else { panic!("{all:#?}") };
    assert_eq!((now.exec_ms, before.exited_ms), (Some(-1100), Some(-1100)));
    assert!(before.points.iter().all(|(t, bytes)| *t < -1100 && *bytes >= 40 * MIB), "{before:?}");
    assert!(!now.points.iter().any(|(t, _)| *t < -1100), "{now:?}");
}

#[test]
fn another_name_alone_is_no_exec() {
    let mut history = named();
    let node = |comm: &str| image("/usr/bin/node", comm, None);
    pass(&mut history, S, "node", 40 * MIB, &node("node"));
    assert!(pass(&mut history, 2 * S, "next-server", 44 * MIB, &node("next-server")));
    let all = all(&history, 3 * S);
    let [it] = &all[..] else { panic!("{all:#?}") };
    assert_eq!((it.exec_ms, it.points[0].1), (None, 41 * MIB), "its memory goes on");
}

#[test]
fn memory_that_is_given_back_is_no_exec() {
    let mut history = named();
    let python = image("/usr/bin/python3", "python3", Some(S / 2 + 1_000_000));
    for (second, held) in [(1, 40), (2, 10), (3, 40), (4, 10)] {
        pass(&mut history, second * S, "python3", held * MIB, &python);
    }
    let all = all(&history, 5 * S);
    let [it] = &all[..] else { panic!("{all:#?}") };
    assert_eq!((it.exec_ms, it.points[0].1), (None, 41 * MIB));
    assert_eq!(history.processes.iter().find(|p| p.key.pid == 10).unwrap().peak, 41 * 256);
}

#[test]
fn an_answer_about_a_later_program_is_asked_for_again() {
    let mut history = named();
    let xargs = |history: &mut History, now, comm, answer: &Image| pass(history, now, comm, MIB, answer);
    // Sampled between fork and exec, read after exec.
    let gzip = image("/usr/bin/gzip", "gzip", None);
    xargs(&mut history, S, "xargs", &gzip);
    assert!(history.families.by_comm(process(10, 0, 3, "xargs", 0).comm, 3).is_none(), "no family of xargs");
    assert!(xargs(&mut history, 2 * S, "gzip", &gzip));
    let all = all(&history, 3 * S);
    assert_eq!(all[0].exe, Some(Text::from("/usr/bin/gzip")));
    assert_eq!(all[0].comm, Some(Text::from("gzip")));
}

#[test]
fn an_exec_after_the_last_sample_leaves_no_wrong_executable() {
    let mut history = named();
    for second in 1..=3 {
        pass(&mut history, second * S, "sh", MIB, &image("/bin/dash", "sh", None));
    }
    let kill = 3 * S + 900 * MS;
    let mut killed = incident(kill);
    killed.victims[0].pid = 10;
    killed.victims[0].comm = Text::from("app");
    killed.victims[0].start_time = Some("2026-01-01T00:00:56.600Z".to_owned());
    let it = find(&history.before(&killed, kill), model::EntityKind::Process, "app");
    assert_eq!(it.exe, None, "not that of sh");
}

#[test]
fn a_crash_loop_that_no_sample_sees_leaves_its_runs() {
    let mut history = named();
    let kill = |at: u64| {
        let mut killed = incident(at * S);
        killed.time = format!("2026-01-01T00:01:{at:02}Z");
        killed.victims[0].pid = 100 + u32::try_from(at).unwrap();
        killed.victims[0].comm = Text::from("app");
        killed.victims[0].start_time = Some(format!("2026-01-01T00:01:{:02}.700Z", at - 1));
        killed
    };
    for at in 10..14 {
        history.victims(&kill(at), at * S);
    }
    let lives = history.before(&kill(14), 14 * S).earlier_lives;
    assert_eq!(lives.len(), 4, "{lives:#?}");
    let newest = &lives[0];
    assert_eq!((newest.pid, newest.started_ms, newest.exited_ms), (Some(113), -1300, -1000));
    assert!(newest.oom_killed && newest.peak_bytes == 42 * MIB + 4096, "{newest:?}");
}
