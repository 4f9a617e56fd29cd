//! A sandbox in a made-up cgroup tree.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::*;
use crate::command::memcg::namespace;
use crate::enrich::process::Process;
use std::io;

/// Directories, what was written to files, what they say, and the errors they give.
#[derive(Default)]
struct State {
    dirs: Vec<PathBuf>,
    written: Vec<(PathBuf, String)>,
    says: BTreeMap<PathBuf, String>,
    fails: BTreeMap<PathBuf, i32>,
    killed: Vec<i32>,
    /// How often `remove` is to say "busy".
    busy: u32,
}

#[derive(Clone, Default)]
struct Fake(Arc<Mutex<State>>);

impl Fake {
    fn with<T>(&self, path: &Path, act: impl FnOnce(&mut State) -> T) -> io::Result<T> {
        let mut state = self.0.lock().unwrap();
        match state.fails.get(path) {
            Some(code) => Err(io::Error::from_raw_os_error(*code)),
            None => Ok(act(&mut state)),
        }
    }
}

impl Tree for Fake {
    fn make(&self, dir: &Path) -> io::Result<()> {
        self.with(Path::new("make"), |s| s.dirs.push(dir.into()))
    }

    fn remove(&self, dir: &Path) -> io::Result<()> {
        self.with(dir, |s| {
            if s.busy > 0 {
                s.busy -= 1;
                return Err(io::Error::from_raw_os_error(libc::EBUSY));
            }
            let at = s.dirs.iter().position(|d| d == dir).ok_or(io::ErrorKind::NotFound)?;
            s.dirs.remove(at);
            Ok(())
        })?
    }

    fn read(&self, file: &Path) -> io::Result<String> {
        self.with(file, |s| s.says.get(file).cloned().unwrap_or_default())
    }

    fn write(&self, file: &Path, text: &str) -> io::Result<()> {
        self.with(file, |s| s.written.push((file.into(), text.into())))
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<String>> {
        let below = |d: &PathBuf| Some(d.strip_prefix(dir).ok()?.to_str()?.to_owned());
        self.with(dir, |s| s.dirs.iter().filter_map(below).collect())
    }

    fn dirs(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }

    fn kill(&self, pid: i32) {
        self.0.lock().unwrap().killed.push(pid);
    }
}

fn create(fake: &Fake, version: Version) -> Result<Sandbox> {
    let hierarchy = Hierarchy { version, mount: "/cg".into(), root: "/docker/3f2a".into() };
    Sandbox::create_in(hierarchy, Box::new(fake.clone()), &Roots::default(), 1 << 20)
}

/// What was written, by file name.
fn written(fake: &Fake) -> Vec<(String, String)> {
    let state = fake.0.lock().unwrap();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    state.written.iter().map(|(path, text)| (name(path), text.clone())).collect()
}

fn pair(name: &str, text: &str) -> (String, String) {
    (name.into(), text.into())
}

#[test]
fn v2_is_limited_and_left_as_it_was() {
    let fake = Fake::default();
    let sandbox = create(&fake, Version::V2).unwrap();
    assert!(sandbox.path().is_some_and(|path| path.starts_with("/docker/3f2a/oomtrace-demo-")));
    assert!(sandbox.dir().starts_with("/cg") && fake.0.lock().unwrap().dirs == [sandbox.dir()]);
    drop(sandbox);
    assert_eq!(
        written(&fake),
        [
            pair("cgroup.subtree_control", "+memory"),
            pair("memory.max", "1048576"),
            pair("memory.swap.max", "0"),
            pair("memory.oom.group", "0"),
            pair("cgroup.subtree_control", "-memory"),
        ]
    );
    assert!(fake.0.lock().unwrap().dirs.is_empty());
}

#[test]
fn a_controller_that_was_on_stays_on() {
    let fake = Fake::default();
    fake.0.lock().unwrap().says.insert("/cg/cgroup.subtree_control".into(), "cpu memory pids\n".into());
    drop(create(&fake, Version::V2).unwrap());
    assert!(written(&fake).iter().all(|(name, _)| name != "cgroup.subtree_control"));
}

#[test]
fn v1_without_swap_accounting() {
    let fake = Fake::default();
    let dir = create(&fake, Version::V1).unwrap().dir().to_owned();
    fake.0.lock().unwrap().written.clear();
    fake.0.lock().unwrap().fails.insert(dir.join("memory.memsw.limit_in_bytes"), libc::ENOENT);
    drop(create(&fake, Version::V1).unwrap());
    let expected =
        [("memory.limit_in_bytes", "1048576"), ("memory.swappiness", "0"), ("memory.oom_control", "0")];
    assert_eq!(written(&fake), expected.map(|(name, text)| pair(name, text)));
}

#[test]
fn members_are_killed_and_a_busy_cgroup_is_waited_for() {
    let fake = Fake::default();
    let sandbox = create(&fake, Version::V1).unwrap();
    let procs = sandbox.dir().join("cgroup.procs");
    fake.0.lock().unwrap().says.insert(procs, "0\n77\n-5\nx\n78\n".into());
    fake.0.lock().unwrap().busy = 2;
    drop(sandbox);
    let state = fake.0.lock().unwrap();
    assert!(state.dirs.is_empty());
    assert_eq!(state.killed, [77, 78].repeat(3));
}

#[test]
fn stale_ones_are_removed_and_others_left_alone() {
    let fake = Fake::default();
    let me = std::process::id();
    let start = Process::read(&Roots::default(), me).unwrap().start_boottime_ns.unwrap();
    let own = namespace(&Roots::default());
    // The last one is of another pid namespace.
    let others = [
        "system.slice".into(),
        "oomtrace-demo-x".into(),
        "oomtrace-demo-7".into(),
        "oomtrace-demo-1-5-7".into(),
    ];
    let running = format!("{PREFIX}{me}-{start}{own}");
    let stale =
        [format!("{PREFIX}{}-5{own}", u32::MAX), format!("{PREFIX}{me}-{}{own}", start + 1_000_000_000)];
    fake.0.lock().unwrap().dirs =
        others.iter().chain([&running]).chain(&stale).map(|n| Path::new("/cg").join(n)).collect();
    remove_stale(&fake, Path::new("/cg"), PREFIX, None, &Roots::default());
    let left: Vec<PathBuf> = others.iter().chain([&running]).map(|n| Path::new("/cg").join(n)).collect();
    assert_eq!(fake.0.lock().unwrap().dirs, left);
}

#[test]
fn errors_name_cause_and_remedy_and_leave_nothing() {
    for (code, words) in [
        (libc::EACCES, "sudo oomtrace demo"),
        (libc::EROFS, "mounted read-only"),
        (libc::ENOSPC, "cgroup.max.descendants"),
    ] {
        let fake = Fake::default();
        fake.0.lock().unwrap().fails.insert("make".into(), code);
        let error = create(&fake, Version::V2).err().unwrap().to_string();
        assert!(error.contains(words) && error.contains("/cg/oomtrace-demo-"), "{error}");
        assert_eq!(written(&fake).last(), Some(&pair("cgroup.subtree_control", "-memory")));
    }
    let fake = Fake::default();
    fake.0.lock().unwrap().fails.insert("/cg/cgroup.subtree_control".into(), libc::EBUSY);
    let error = create(&fake, Version::V2).err().unwrap().to_string();
    assert!(error.contains("processes of its own"), "{error}");
}

#[test]
fn a_cgroup_without_the_controller_is_removed_again() {
    let fake = Fake::default();
    let dir = create(&fake, Version::V1).unwrap().dir().to_owned();
    fake.0.lock().unwrap().fails.insert(dir.join("memory.limit_in_bytes"), libc::ENOENT);
    let error = create(&fake, Version::V1).err().unwrap().to_string();
    assert!(error.contains("cgroup_enable=memory"), "{error}");
    assert!(fake.0.lock().unwrap().dirs.is_empty());
}
