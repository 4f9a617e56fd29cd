//! Places in a made-up cgroup tree.

use super::*;
use std::fs;

/// A mount with a cgroup `job` in it; the files of the kernel are ordinary ones.
struct Made {
    mount: tempfile::TempDir,
    version: Version,
}

impl Made {
    fn new(version: Version) -> Self {
        let made = Self { mount: tempfile::tempdir().unwrap(), version };
        fs::create_dir(made.mount.path().join("job")).unwrap();
        made.set("cgroup.subtree_control", "cpu memory\n");
        made.set("job/cgroup.events", "populated 1\n");
        made
    }

    fn set(&self, file: &str, text: &str) {
        fs::write(self.mount.path().join(file), text).unwrap();
    }

    fn here(&self, dir: &str) -> Here {
        let mount = self.mount.path().to_owned();
        let hierarchy = Hierarchy { version: self.version, mount: mount.clone(), root: "/".into() };
        Here { hierarchy, dir: mount.join(dir).components().collect() }
    }
}

/// Makes control files as the kernel does with a new cgroup, and removes them with it.
struct Files;

impl Tree for Files {
    fn make(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir(dir)?;
        let files =
            ["cgroup.procs", "memory.max", "memory.high", "memory.limit_in_bytes", "memory.oom.group"];
        files.iter().try_for_each(|file| fs::write(dir.join(file), ""))
    }

    fn remove(&self, dir: &Path) -> io::Result<()> {
        fs::remove_dir_all(dir)
    }

    fn read(&self, file: &Path) -> io::Result<String> {
        Kernel.read(file)
    }

    fn write(&self, file: &Path, text: &str) -> io::Result<()> {
        // The kernel has no empty rest of an older value.
        file.metadata().and_then(|_| fs::write(file, text))
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<String>> {
        Kernel.names(dir)
    }

    fn dirs(&self, dir: &Path) -> Vec<PathBuf> {
        Kernel.dirs(dir)
    }

    fn kill(&self, pid: i32) {
        panic!("nobody is to be killed, not {pid}");
    }
}

fn make(here: &Here, limits: Limits) -> Result<Place> {
    Place::make_in(here, Box::new(Files), limits, &Roots::default())
}

#[test]
fn v1_below_ours_and_v2_beside_it() {
    let v1 = Made::new(Version::V1);
    let place = make(&v1.here("job"), Limits::default()).unwrap();
    assert!(place.dir().starts_with(v1.mount.path().join("job")));
    let v2 = Made::new(Version::V2);
    let place = make(&v2.here("job"), Limits::default()).unwrap();
    assert_eq!(place.dir().parent(), Some(v2.mount.path()));
    let dir = place.dir().to_owned();
    assert!(dir.exists() && place.id().is_some());
    drop(place);
    assert!(!dir.exists());
    // The root may have processes, and has no limits to take over.
    assert_eq!(make(&v2.here(""), Limits::default()).unwrap().dir().parent(), Some(v2.mount.path()));
}

#[test]
fn beside_ours_with_our_limits() {
    let made = Made::new(Version::V2);
    made.set("job/memory.max", "1048576\n");
    made.set("job/memory.high", "max\n");
    let place = make(&made.here("job"), Limits::default()).unwrap();
    assert_eq!(fs::read_to_string(place.dir().join("memory.max")).unwrap(), "1048576");
    assert_eq!(fs::read_to_string(place.dir().join("memory.high")).unwrap(), "");
    assert!(place.notes[0].contains("memory.max 1048576"), "{:?}", place.notes);
    drop(place);
    // What is asked for goes before.
    let place = make(&made.here("job"), Limits { memory: Some(4096), swap: None }).unwrap();
    assert_eq!(fs::read_to_string(place.dir().join("memory.max")).unwrap(), "4096");
}

#[test]
fn the_root_of_a_container_has_nothing_beside_it() {
    let made = Made::new(Version::V2);
    made.set("cgroup.events", "populated 1\n");
    let error = make(&made.here(""), Limits::default()).err().unwrap().to_string();
    assert!(error.contains("--cgroupns=host"), "{error}");
}

#[test]
fn members_of_all_below_are_found_and_moved_out() {
    let made = Made::new(Version::V1);
    made.set("job/cgroup.procs", "");
    let place = make(&made.here("job"), Limits::default()).unwrap();
    fs::write(place.dir().join("cgroup.procs"), "7\n8\n").unwrap();
    fs::create_dir(place.dir().join("below")).unwrap();
    fs::write(place.dir().join("below/cgroup.procs"), "9\n").unwrap();
    assert_eq!(members(place.dir()), [7, 8, 9]);
    assert!(place.has_below());
    drop(place);
    // The last of the three that were written one after the other.
    assert_eq!(fs::read_to_string(made.mount.path().join("job/cgroup.procs")).unwrap(), "8");
}

#[test]
fn v1_limits_with_swap() {
    let made = Made::new(Version::V1);
    let place = make(&made.here("job"), Limits { memory: Some(100), swap: Some(20) }).unwrap();
    assert_eq!(fs::read_to_string(place.dir().join("memory.limit_in_bytes")).unwrap(), "100");
    // Without swap accounting there is no file for the rest.
    assert!(!place.dir().join("memory.memsw.limit_in_bytes").exists());
}
