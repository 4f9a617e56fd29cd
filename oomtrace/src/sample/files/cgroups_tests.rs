use std::fs;
use std::path::Path;

use super::*;
use crate::kernel::cgroup::{Hierarchy, Version};

fn memcgs(mount: &Path, version: Version) -> Memcgs {
    let hierarchy = Hierarchy { version, mount: mount.into(), root: "/".into() };
    Memcgs { hierarchy: Some(hierarchy), tick_ns: 1 }
}

fn make(path: &Path, usage: u64) {
    fs::create_dir_all(path).unwrap();
    fs::write(path.join("memory.current"), format!("{usage}\n")).unwrap();
    fs::write(path.join("memory.max"), "8192\n").unwrap();
    fs::write(path.join("memory.stat"), format!("anon {usage}\nshmem 1\nfile 3\n")).unwrap();
}

fn system() -> SystemSample {
    SystemSample { anon: 5, file: 6, shmem: 7, ..SystemSample::default() }
}

struct Tree {
    tmp: tempfile::TempDir,
    reader: FileCgroups,
    paths: Paths,
}

impl Tree {
    fn new() -> Self {
        let tmp = tempfile::tempdir().unwrap();
        let memcgs = memcgs(tmp.path(), Version::V2);
        Self { reader: FileCgroups::new(&memcgs), paths: Paths::new(&memcgs), tmp }
    }

    fn pass(&mut self, parts: bool) -> (Vec<CgroupSample>, Pass) {
        let mut samples = Vec::new();
        let pass = self.reader.all(parts, Some(&system()), &mut self.paths, &mut samples);
        (samples, pass)
    }

    fn path(&self, sample: &CgroupSample) -> String {
        String::from_utf8(self.paths.path(sample.id).unwrap()).unwrap()
    }
}

#[test]
fn parents_come_first_and_the_root_is_the_machine() {
    let mut tree = Tree::new();
    make(&tree.tmp.path().join("a"), 100);
    make(&tree.tmp.path().join("a/b"), 50);
    // Without the controller: no memory.current.
    fs::create_dir_all(tree.tmp.path().join("a/b/no")).unwrap();
    let (samples, pass) = tree.pass(false);
    assert_eq!((pass.missed, pass.complete), (0, true));
    let names: Vec<String> = samples.iter().map(|s| tree.path(s)).collect();
    assert_eq!(names, ["/", "/a", "/a/b"]);
    assert_eq!(samples.iter().map(|s| s.usage).collect::<Vec<_>>(), [18, 100, 50]);
    assert_eq!((samples[1].parent, samples[2].parent), (samples[0].id, samples[1].id));
    assert_eq!((samples[2].limit, samples[2].anon), (Some(8192), None));
    let (samples, _) = tree.pass(true);
    assert_eq!((samples[2].anon, samples[2].file), (Some(50), Some(2)));
}

#[test]
fn the_removed_are_left_out_and_new_ones_found_later() {
    let mut tree = Tree::new();
    make(&tree.tmp.path().join("a"), 1);
    make(&tree.tmp.path().join("b"), 2);
    tree.reader.budget = Budget::of(0);
    assert_eq!(tree.pass(false).0.len(), 3);
    fs::remove_dir_all(tree.tmp.path().join("a")).unwrap();
    make(&tree.tmp.path().join("c"), 3);
    let (samples, pass) = tree.pass(false);
    assert_eq!((samples.len(), pass.missed), (2, 0), "the walk is not due");
    tree.reader.walked = None;
    let (samples, _) = tree.pass(false);
    let mut usage: Vec<u64> = samples.iter().map(|s| s.usage).collect();
    usage.sort_unstable();
    assert_eq!(usage, [2, 3, 18]);
}

#[test]
fn kinds_are_read_of_the_largest() {
    let of = |usage| CgroupSample { usage, ..CgroupSample::default() };
    let mut found = largest(&[of(1), of(9), of(3), of(7)], 2);
    found.sort_unstable();
    assert_eq!(found, [1, 3]);
    assert_eq!(largest(&[of(1)], 2), [0]);
}

#[test]
fn without_a_hierarchy_nothing_is_complete() {
    let none = Memcgs { hierarchy: None, tick_ns: 1 };
    let mut samples = Vec::new();
    let pass = FileCgroups::new(&none).all(true, None, &mut Paths::new(&none), &mut samples);
    assert!(!pass.complete && samples.is_empty());
}
