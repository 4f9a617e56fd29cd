//! Made-up processes below a made-up /proc.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::*;
use crate::kernel::proc::tick_ns;
use crate::model::{Runtime, System, Trigger};

/// A process whose start is `pid` ticks after boot.
pub(super) fn process(proc: &Path, pid: u32, comm: &str, cmdline: &str) {
    let dir = proc.join(pid.to_string());
    fs::create_dir_all(&dir).unwrap();
    let stat = format!("{pid} ({comm}) S 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 {pid} 0 0\n");
    fs::write(dir.join("stat"), stat).unwrap();
    fs::write(dir.join("comm"), format!("{comm}\n")).unwrap();
    fs::write(dir.join("cmdline"), cmdline).unwrap();
    fs::write(dir.join("status"), "Uid:\t33\t0\t0\t0\n").unwrap();
    fs::write(dir.join("cgroup"), format!("4:memory:/of-{pid}\n")).unwrap();
}

pub(super) struct World {
    pub(super) dir: tempfile::TempDir,
    pub(super) enricher: Enricher,
}

/// An enricher that has seen `before`.
pub(super) fn world(before: &[(u32, &str, &str)]) -> World {
    let dir = tempfile::tempdir().unwrap();
    for (pid, comm, cmdline) in before {
        process(dir.path(), *pid, comm, cmdline);
    }
    let roots = Roots { proc: dir.path().into(), ..Roots::default() };
    World { enricher: Enricher::new(&roots, None), dir }
}

impl World {
    pub(super) fn gone(&self, pid: u32) {
        fs::remove_dir_all(self.dir.path().join(pid.to_string())).unwrap();
    }

    /// The victim `pid` named `comm`, enriched, and the notes.
    pub(super) fn kill(
        &mut self,
        pid: u32,
        comm: &str,
        ppid: Option<u32>,
        start: Option<u64>,
    ) -> (Victim, Vec<String>) {
        let victim = Victim { pid, comm: comm.into(), ppid, ..Victim::default() };
        let mut incident = Incident { victims: vec![victim], ..Incident::default() };
        let starts: Vec<(u32, u64)> = start.map(|start| (pid, start)).into_iter().collect();
        self.enricher.enrich(&mut incident, &starts);
        (incident.victims.remove(0), incident.source.notes)
    }
}

pub(super) fn start(pid: u32) -> Option<u64> {
    // The kernel's time is exact, that of /proc is cut to the tick.
    Some(u64::from(pid) * tick_ns() + 17)
}

/// What the kernel side tells of process `pid` at its SIGKILL.
pub(super) fn startup(pid: u32, arguments: &[u8]) -> Startup {
    let bytes = vec![0u8; size_of::<Startup>()];
    let mut record: Startup = oomtrace_common::decode(&bytes).unwrap();
    record.header.current_tgid = pid;
    record.start_time = start(pid).unwrap();
    record.arguments[..arguments.len()].copy_from_slice(arguments);
    record.arguments_len = u32::try_from(arguments.len()).unwrap();
    record.arguments_total = record.arguments_len;
    record
}

pub(super) fn cmdline(victim: &Victim) -> Vec<&[u8]> {
    victim.cmdline.iter().map(Text::as_bytes).collect()
}

#[test]
fn a_victim_that_is_gone_is_known_from_before() {
    let mut world = world(&[(50, "java", "java\0-jar\0")]);
    world.gone(50);
    let (victim, notes) = world.kill(50, "java", None, start(50));
    assert_eq!(cmdline(&victim), [b"java", &b"-jar"[..]]);
    assert_eq!((victim.uid, victim.ppid), (Some(33), Some(1)));
    assert_eq!(victim.cgroup.unwrap().path, Text::from("/of-50"));
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn a_reused_number_does_not_lend_its_arguments() {
    let mut world = world(&[(50, "java", "java\0-jar\0")]);
    world.gone(50);
    let (victim, _) = world.kill(50, "java", None, start(51));
    assert_eq!(victim, Victim { pid: 50, comm: "java".into(), ..Victim::default() });
    // Nor does one that /proc shows now.
    process(world.dir.path(), 50, "java", "java\0-new\0");
    let (victim, _) = world.kill(50, "java", None, start(52));
    assert!(victim.cmdline.is_empty());
}

#[test]
fn a_victims_memory_is_not_looked_into() {
    let mut world = world(&[(50, "sh", "sh\0-c\0")]);
    process(world.dir.path(), 50, "java", "java\0-jar\0");
    let (victim, notes) = world.kill(50, "java", None, start(50));
    assert_eq!(cmdline(&victim), [b"sh", &b"-c"[..]]);
    assert_eq!(
        notes,
        ["the command line of 50 was taken from the scan of /proc at start, when it was named \"sh\""]
    );
}

#[test]
fn another_threads_name_does_not_hide_what_is_known() {
    let mut world = world(&[(50, "java", "java\0-jar\0")]);
    world.gone(50);
    let (victim, notes) = world.kill(50, "GC Thread", None, start(50));
    assert_eq!(cmdline(&victim), [b"java", &b"-jar"[..]]);
    assert_eq!(
        notes,
        ["the command line of 50 was taken from the scan of /proc at start, when it was named \"java\""]
    );
}

#[test]
fn without_a_start_time_the_name_decides() {
    let mut world = world(&[(50, "java", "java\0-jar\0")]);
    assert!(world.kill(50, "perl", None, None).0.cmdline.is_empty());
    assert_eq!(world.kill(50, "java", None, None).0.cmdline.len(), 2);
}

#[test]
fn a_look_in_time_is_enough() {
    let mut world = world(&[]);
    process(world.dir.path(), 50, "java", "java\0-jar\0");
    process(world.dir.path(), 60, "perl", "perl\0");
    for pid in [50, 60] {
        world.enricher.peek(pid, start(pid).unwrap());
        world.gone(pid);
    }
    world.enricher.learn_startup(&startup(50, b"java\0-jar\0"), Vec::new());
    // Another thread's name changes nothing about it.
    let (victim, _) = world.kill(50, "GC Thread", None, start(50));
    assert_eq!(cmdline(&victim), [b"java", &b"-jar"[..]]);
    assert_eq!(victim.cgroup.unwrap().path, Text::from("/of-50"));
    let (victim, _) = world.kill(60, "perl", None, start(60));
    assert_eq!((victim.cmdline, victim.cgroup.unwrap().path), (Vec::new(), "/of-60".into()));
    // Learned for one kill, and forgotten with it.
    assert!(world.enricher.cache().is_empty());
}

#[test]
fn a_look_at_an_emptied_process_or_at_none_teaches_nothing() {
    let mut world = world(&[(50, "sh", "sh\0-c\0")]);
    process(world.dir.path(), 50, "sh", "");
    world.enricher.peek(50, start(50).unwrap());
    world.enricher.peek(70, start(70).unwrap());
    assert_eq!(cmdline(&world.kill(50, "sh", None, start(50)).0), [b"sh", &b"-c"[..]]);
    assert_eq!((world.enricher.cache().len(), world.enricher.cache().lookup(70, None)), (1, None));
}

#[test]
fn without_a_start_time_a_look_still_counts_by_name() {
    let mut world = world(&[]);
    for (name, cgroup) in [("java", None), ("perl", Some("/of-60".into()))] {
        process(world.dir.path(), 60, "perl", "perl\0");
        world.enricher.peek(60, UNKNOWN);
        world.gone(60);
        let (victim, _) = world.kill(60, name, None, Some(UNKNOWN));
        assert_eq!(victim.cgroup.map(|cgroup| cgroup.path), cgroup);
    }
}

#[test]
fn a_fork_has_its_parents_arguments_and_says_so() {
    let mut world = world(&[(40, "postgres", "postgres\0-D\0/data\0")]);
    let (victim, notes) = world.kill(60, "postgres", Some(40), start(60));
    assert_eq!(victim.cmdline.len(), 3);
    assert_eq!((victim.uid, victim.cgroup), (None, None));
    assert_eq!(notes, ["the command line of 60 was taken from its parent, which has the same name"]);
    // A parent of another name says nothing about its child.
    assert!(world.kill(60, "perl", Some(40), start(60)).0.cmdline.is_empty());
}

#[test]
fn a_victim_without_memory_left_is_completed_from_before() {
    let mut world = world(&[(50, "sh", "sh\0-c\0")]);
    process(world.dir.path(), 50, "java", "");
    let (victim, _) = world.kill(50, "java", None, start(50));
    assert_eq!(cmdline(&victim), [b"sh", &b"-c"[..]]);
}

#[test]
fn secrets_are_taken_out() {
    let mut world = world(&[(50, "java", "java\0--password=x\0")]);
    world.enricher.redact = Some(|args, _| args.iter().map(|_| b"***".to_vec()).collect());
    assert_eq!(cmdline(&world.kill(50, "java", None, start(50)).0), [b"***", b"***"]);
}

#[test]
fn what_is_there_is_kept() {
    let mut world = world(&[(50, "java", "java\0")]);
    let victim = Victim {
        pid: 50,
        comm: "java".into(),
        cmdline: vec!["kept".into()],
        uid: Some(1),
        ppid: Some(2),
        exe: Some("/kept".into()),
        cgroup: Some(CgroupRef { path: "/kept".into(), id: Some("7".into()) }),
        runtime: Some(Runtime { environment_read: true, ..Runtime::default() }),
        ..Victim::default()
    };
    let system = System { mem_total_bytes: Some(1), ..System::default() };
    let mut incident = Incident { victims: vec![victim], system: Some(system), ..Incident::default() };
    let before = incident.clone();
    world.enricher.take_scene(&mut incident, 5);
    world.enricher.enrich(&mut incident, &[(50, start(50).unwrap())]);
    assert_eq!(incident, before);
}

#[test]
fn the_scene_and_the_triggers_cgroup() {
    let mut world = world(&[(50, "java", "java\0")]);
    fs::write(world.dir.path().join("50/statm"), "9 7 0 0 0 0 0\n").unwrap();
    let trigger = Trigger { tgid: Some(50), pid: 51, comm: "worker".into(), ..Trigger::default() };
    let mut incident = Incident { trigger: Some(trigger), ..Incident::default() };
    world.enricher.take_scene(&mut incident, 1234);
    world.enricher.enrich(&mut incident, &[]);
    assert_eq!(incident.trigger.unwrap().cgroup, Some("/of-50".into()));
    let system = incident.system.unwrap();
    assert_eq!((system.age_ns, system.top_processes[0].pid), (Some(1234), 50));
}

/// Names of files that are opened below a directory.
struct Opened(OwnedFd);

impl Opened {
    fn below(dir: &Path) -> Self {
        // SAFETY: plain calls; the path is a C string, and the descriptor is new and ours.
        unsafe {
            let fd = OwnedFd::from_raw_fd(libc::inotify_init1(libc::IN_NONBLOCK | libc::IN_CLOEXEC));
            let path = CString::new(dir.as_os_str().as_bytes()).unwrap();
            assert!(libc::inotify_add_watch(fd.as_raw_fd(), path.as_ptr(), libc::IN_OPEN) >= 0);
            Self(fd)
        }
    }

    /// Those since the last call, each once.
    fn names(&mut self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut buf = [0u8; 4096];
        // SAFETY: a live buffer of this length.
        let len = unsafe { libc::read(self.0.as_raw_fd(), buf.as_mut_ptr().cast(), buf.len()) };
        let mut rest = &buf[..usize::try_from(len).unwrap_or(0)];
        // struct inotify_event: i32 watch, u32 mask, u32 cookie, u32 length of the name, the name.
        while let Some(length) = rest.get(12..16) {
            let end = 16 + u32::from_ne_bytes(length.try_into().unwrap()) as usize;
            let name = rest[16..end].split(|b| *b == 0).next().unwrap();
            names.insert(String::from_utf8(name.to_vec()).unwrap());
            rest = &rest[end..];
        }
        names
    }
}

#[test]
fn nothing_is_read_that_holds_a_victims_memory() {
    let mut world = world(&[]);
    process(world.dir.path(), 50, "java", "java\0-jar\0");
    process(world.dir.path(), 60, "perl", "perl\0");
    for pid in [50, 60] {
        fs::write(world.dir.path().join(format!("{pid}/statm")), "9 7 0 0 0 0 0\n").unwrap();
        fs::write(world.dir.path().join(format!("{pid}/exe")), "ELF").unwrap();
    }
    let of = |pid: u32| Opened::below(&world.dir.path().join(pid.to_string()));
    let (mut victims, mut others) = (of(50), of(60));
    world.enricher.peek(50, start(50).unwrap());
    let trigger = Trigger { tgid: Some(50), pid: 50, comm: "java".into(), ..Trigger::default() };
    let victim = Victim { pid: 50, comm: "java".into(), ..Victim::default() };
    let mut incident = Incident { victims: vec![victim], trigger: Some(trigger), ..Incident::default() };
    world.enricher.take_scene(&mut incident, 5);
    world.enricher.enrich(&mut incident, &[(50, start(50).unwrap())]);
    assert_eq!(victims.names(), ["", "cgroup", "comm", "exe"].map(String::from).into());
    // The scene is that of a machine with others on it.
    assert!(others.names().contains("statm"));
    let system = incident.system.unwrap();
    assert_eq!(system.top_processes.iter().map(|process| process.pid).collect::<Vec<_>>(), [60]);
}

#[test]
fn who_has_sent_a_signal_stays_in_the_scene_and_who_is_dying_is_counted() {
    let mut world = world(&[(50, "java", "java\0"), (60, "perl", "perl\0"), (70, "sh", "sh\0")]);
    for (pid, pages) in [(50, 7), (60, 6), (70, 5)] {
        fs::write(world.dir.path().join(format!("{pid}/statm")), format!("9 {pages} 0 0 0 0 0\n")).unwrap();
    }
    // 60 has sent a SIGKILL, 70 was killed before and is there still.
    world.enricher.peek(60, start(60).unwrap());
    world.enricher.scene().leave_alone(70);
    world.enricher.scene().leave_alone(50);
    let taken = world.enricher.scene().take(1);
    assert_eq!(taken.system.top_processes.iter().map(|process| process.pid).collect::<Vec<_>>(), [60]);
    assert!(
        taken.notes[0]
            .starts_with("top_processes lacks processes killed shortly before and still exiting (1)"),
        "{taken:?}"
    );
}
