use std::fs;
use std::path::Path;

use super::*;

const STAT: &str = "S 1 10 10 0 -1 4194560 1 2 9 4 5 6 7 8 20 0 2 0 500 1000 200 18446744073709551615";

fn write(proc: &Path, pid: u32, resident: u64, start: u64) {
    let dir = proc.join(pid.to_string());
    fs::create_dir_all(&dir).unwrap();
    let stat = STAT.replace(" 500 ", &format!(" {start} "));
    fs::write(dir.join("stat"), format!("{pid} (a b) {stat}\n")).unwrap();
    fs::write(dir.join("statm"), format!("100 {resident} 2 3 0 4 0\n")).unwrap();
    let status = format!("Uid:\t5\t5\t5\t5\nRssAnon:\t{} kB\nRssFile:\t8 kB\nVmPTE:\t12 kB\n", resident * 4);
    fs::write(dir.join("status"), status).unwrap();
    fs::write(dir.join("oom_score_adj"), "-17\n").unwrap();
}

fn reader(proc: &Path) -> (FileProcesses, Memcgs) {
    let roots = Roots { proc: proc.into(), sys: proc.into() };
    let mut reader = FileProcesses::open(&roots);
    reader.notes.clear();
    (reader, Memcgs::find(&roots).0)
}

#[test]
fn changes_are_seen_and_the_gone_forgotten() {
    let tmp = tempfile::tempdir().unwrap();
    let (mut reader, mut memcgs) = reader(tmp.path());
    write(tmp.path(), 10, 50, 500);
    write(tmp.path(), 11, 60, 501);
    let mut samples = Vec::new();
    assert!(reader.all(&mut memcgs, &mut samples).complete);
    samples.sort_by_key(|s| s.key);
    let first = samples[0];
    assert_eq!((samples.len(), first.key.pid, first.key.start_ns), (2, 10, 500 * memcgs.tick_ns));
    assert_eq!((first.uid, first.ppid, first.threads, first.major_faults), (5, 1, 2, 9));
    assert_eq!((first.anon, first.file, first.page_tables), (200 << 10, 8 << 10, 12 << 10));
    assert_eq!((&first.comm[..4], first.oom_score_adj), (&b"a b\0"[..], -17));
    write(tmp.path(), 10, 51, 500);
    fs::remove_dir_all(tmp.path().join("11")).unwrap();
    let pass = reader.all(&mut memcgs, &mut samples);
    assert_eq!((samples.len(), samples[0].anon, pass.missed), (1, 204 << 10, 0));
    assert_eq!((reader.known.len(), reader.budget_used()), (1, 1));
}

#[test]
fn a_later_process_of_the_number_is_another() {
    let tmp = tempfile::tempdir().unwrap();
    let (mut reader, mut memcgs) = reader(tmp.path());
    reader.budget = Budget::of(0);
    write(tmp.path(), 10, 50, 500);
    let mut samples = Vec::new();
    reader.all(&mut memcgs, &mut samples);
    write(tmp.path(), 10, 50, 900);
    for _ in 0..=2 * RECHECK {
        reader.all(&mut memcgs, &mut samples);
    }
    assert_eq!(samples[0].key.start_ns, 900 * memcgs.tick_ns);
}

#[test]
fn threads_of_the_kernel_and_zombies_are_left_out() {
    let tmp = tempfile::tempdir().unwrap();
    let (mut reader, mut memcgs) = reader(tmp.path());
    for pid in [2, 3] {
        write(tmp.path(), pid, 0, 1);
    }
    let stat = fs::read_to_string(tmp.path().join("2/stat")).unwrap();
    fs::write(tmp.path().join("2/stat"), stat.replace("4194560", "69238880")).unwrap();
    fs::write(tmp.path().join("3/status"), "State:\tZ (zombie)\nUid:\t0\t0\t0\t0\n").unwrap();
    let mut samples = Vec::new();
    let pass = reader.all(&mut memcgs, &mut samples);
    assert_eq!((samples.len(), pass.missed, reader.budget_used()), (0, 0, 0));
    // The leader has exited, a thread lives on: the memory is the thread's.
    fs::create_dir_all(tmp.path().join("3/task/4")).unwrap();
    fs::write(tmp.path().join("3/task/4/status"), "Uid:\t0\nRssAnon:\t7 kB\n").unwrap();
    let (mut again, mut memcgs) = self::reader(tmp.path());
    again.all(&mut memcgs, &mut samples);
    assert_eq!(samples.iter().map(|s| s.anon).collect::<Vec<_>>(), [7 << 10]);
}

#[test]
fn what_may_not_be_read_is_counted_and_said_once() {
    let tmp = tempfile::tempdir().unwrap();
    let (mut reader, mut memcgs) = reader(tmp.path());
    for pid in [20, 21] {
        fs::create_dir_all(tmp.path().join(format!("{pid}/stat"))).unwrap();
    }
    let mut samples = Vec::new();
    let pass = reader.all(&mut memcgs, &mut samples);
    assert_eq!((pass.missed, pass.complete), (2, true));
    reader.all(&mut memcgs, &mut samples);
    assert_eq!(reader.notes().len(), 1);
}

#[test]
fn without_proc_nothing_is_complete() {
    let (mut reader, mut memcgs) = reader(Path::new("/nonexistent"));
    let mut samples = Vec::new();
    assert!(!reader.all(&mut memcgs, &mut samples).complete);
}

#[test]
fn hidden_processes() {
    let mounts = |options| format!("sysfs /sys sysfs rw 0 0\nproc /proc proc rw,{options} 0 0\n");
    assert!(hides(&mounts("hidepid=2"), false) && hides(&mounts("hidepid=invisible"), false));
    assert!(!hides(&mounts("hidepid=2"), true) && !hides(&mounts("hidepid=off"), false));
    assert!(!hides(&mounts("relatime"), false));
}

#[test]
fn ourselves() {
    let roots = Roots::default();
    let mut reader = FileProcesses::open(&roots);
    let mut memcgs = Memcgs::find(&roots).0;
    let mut samples = Vec::new();
    reader.of(&[std::process::id()], &mut memcgs, &mut samples);
    let me = samples[0];
    assert!(me.anon > 0 && me.file > 0 && me.threads > 0 && me.page_tables > 0, "{me:?}");
    // SAFETY: a plain call.
    assert_eq!(me.uid, unsafe { libc::getuid() });
}

impl FileProcesses {
    fn budget_used(&self) -> usize {
        self.known.values().filter(|known| known.statm.is_some()).count()
    }
}
