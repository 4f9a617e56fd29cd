use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use super::*;

/// A made-up machine, with a process 42 that runs `/usr/bin/earlyoom`. The one who runs the tests stands for root.
struct Machine {
    dir: tempfile::TempDir,
    owner: u32,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let owner = fs::metadata(dir.path()).unwrap().uid();
        let machine = Self { dir, owner };
        fs::create_dir_all(machine.path("usr/bin")).unwrap();
        fs::create_dir_all(machine.dir.path().join("42")).unwrap();
        for directory in ["", "usr", "usr/bin"] {
            machine.mode(directory, 0o755);
        }
        machine.file("usr/bin/earlyoom");
        symlink(machine.path("usr/bin/earlyoom"), machine.dir.path().join("42/exe")).unwrap();
        machine
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join("1/root").join(below)
    }

    fn mode(&self, below: &str, mode: u32) {
        fs::set_permissions(self.path(below), Permissions::from_mode(mode)).unwrap();
    }

    fn file(&self, below: &str) {
        fs::write(self.path(below), below).unwrap();
        self.mode(below, 0o755);
    }

    fn look(&self, exe: &str) -> File {
        look(self.dir.path(), 42, exe.as_bytes(), self.owner)
    }
}

#[test]
fn a_file_that_only_root_can_change() {
    let machine = Machine::new();
    assert_eq!(machine.look("/usr/bin/earlyoom"), File::OfRoot);
    // /bin is a link on most machines.
    symlink("usr/bin", machine.path("bin")).unwrap();
    assert_eq!(machine.look("/bin/earlyoom"), File::OfRoot);
}

#[test]
fn everything_above_it_counts() {
    for (below, mode) in [
        ("", 0o777),
        ("usr", 0o757),
        ("usr", 0o1777),
        ("usr/bin", 0o757),
        ("usr/bin", 0o1777),
        ("usr/bin/earlyoom", 0o757),
    ] {
        let machine = Machine::new();
        machine.mode(below, mode);
        let expected = if (below, mode) == ("usr", 0o1777) { File::OfRoot } else { File::OfOthers };
        assert_eq!(machine.look("/usr/bin/earlyoom"), expected, "{below} {mode:o}");
    }
    let machine = Machine::new();
    let look = look(machine.dir.path(), 42, b"/usr/bin/earlyoom", machine.owner + 1);
    assert_eq!(look, File::OfOthers, "another user's");
}

#[test]
fn the_process_runs_another_file_than_the_machine_has_there() {
    let machine = Machine::new();
    machine.file("usr/bin/other");
    let exe = machine.dir.path().join("42/exe");
    fs::remove_file(&exe).unwrap();
    symlink(machine.path("usr/bin/other"), &exe).unwrap();
    assert_eq!(machine.look("/usr/bin/earlyoom"), File::OfOthers);
    fs::remove_file(&exe).unwrap();
    assert_eq!(machine.look("/usr/bin/earlyoom"), File::PathAlone, "gone");
}

#[test]
fn what_is_no_directory_of_root_s_is_not_looked_at() {
    let machine = Machine::new();
    let roots = Roots { proc: machine.dir.path().into(), ..Roots::default() };
    assert_eq!(executable(&roots, 42, b"/home/x/earlyoom"), File::OfOthers);
}

#[test]
fn links_in_a_circle_end() {
    let machine = Machine::new();
    symlink("b", machine.path("a")).unwrap();
    symlink("a", machine.path("b")).unwrap();
    assert_eq!(machine.look("/a/earlyoom"), File::PathAlone);
}

#[test]
fn users_by_name() {
    let machine = Machine::new();
    let roots = Roots { proc: machine.dir.path().into(), ..Roots::default() };
    assert_eq!(user_id(&roots, "systemd-oom"), None);
    fs::create_dir(machine.path("etc")).unwrap();
    fs::write(machine.path("etc/passwd"), "root:x:0:0::/:/bin/sh\nsystemd-oom:!*:998:998::/:/x\n").unwrap();
    assert_eq!(user_id(&roots, "systemd-oom"), Some(998));
    assert_eq!(user_id(&roots, "systemd-oo"), None);
}
