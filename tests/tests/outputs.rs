//! Files that root writes for a user: whatever the user, the wrapped command or another user does to their names, nothing of
//! root's or of another user's is written to, and no wait is without end.

// Helpers say what they expect as tests do.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use oomtrace_tests::sys;
use support::{PATIENCE, errors, oomtrace, root};

/// Who calls sudo.
const CALLER: (u32, &str) = (65_534, "nobody");
/// Somebody else.
const OTHER: u32 = 1;
const SECRET: &str = "root's own\n";
/// The name of GitLab's file is fixed.
const GITLAB: &str = "oomtrace-annotations.json";

/// A file system of the test's own, in mounts that only its thread and children see.
struct World {
    directory: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        sys::own_mounts().expect("root can have mounts of its own");
        let directory = tempfile::tempdir().expect("a directory");
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).expect("modes");
        sys::mount("tmpfs", directory.path(), "tmpfs", "mode=755,size=256m").expect("a file system");
        let world = Self { directory };
        for (name, owner, mode) in
            [("home", CALLER.0, 0o755), ("sticky", 0, 0o1777), ("shared", 0, 0o777), ("roots", 0, 0o755)]
        {
            let path = world.path(name);
            fs::create_dir(&path).expect("a directory");
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("modes");
            chown(&path, Some(owner), Some(owner)).expect("owners");
        }
        world.file("roots/secret", SECRET, 0, 0o600);
        // What report and explain read.
        world.file("roots/log", &fs::read_to_string(log()).expect("a log"), 0, 0o644);
        let record = r#"{"type":"footer","time":"2026-01-01T00:00:00Z","kills":0,"filtered":0,"lost_kills":0,"complete":true}"#;
        world.file("roots/evidence", &format!("{record}\n"), 0, 0o644);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn file(&self, name: &str, text: &str, owner: u32, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("modes");
        chown(&path, Some(owner), Some(owner)).expect("owners");
        path
    }

    /// Root's file is as it was.
    fn unharmed(&self, what: &str) {
        self.as_it_was("roots/secret", SECRET, 0, 0o600, what);
    }

    fn as_it_was(&self, name: &str, text: &str, owner: u32, mode: u32, what: &str) {
        let path = self.path(name);
        let meta = fs::metadata(&path).expect("it is still there");
        assert_eq!(fs::read_to_string(&path).expect("text"), text, "{what}: {name} was written to");
        assert_eq!((meta.uid(), meta.mode() & 0o7777), (owner, mode), "{what}: {name} changed hands");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let path =
            std::ffi::CString::new(self.directory.path().as_os_str().as_encoded_bytes()).expect("a path");
        // SAFETY: a live string.
        unsafe { libc::umount2(path.as_ptr(), libc::MNT_DETACH) };
    }
}

fn log() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../oomtrace/tests/fixtures/klog/6.12-v2-kinds.kmsg")
}

/// A way to have a file written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Evidence,
    Summary,
    Junit,
    GithubOutput,
    GithubSummary,
    Gitlab,
    Trace,
    Record,
    Compressed,
    Journal,
    Flight,
    Report,
    Explain,
}

use Kind::{
    Compressed, Evidence, Explain, Flight, GithubOutput, GithubSummary, Gitlab, Journal, Junit, Record,
    Report, Summary, Trace,
};

const RUN: [Kind; 6] = [Evidence, Summary, Junit, GithubOutput, GithubSummary, Gitlab];
const ALL: [Kind; 13] = [
    Evidence,
    Summary,
    Junit,
    GithubOutput,
    GithubSummary,
    Gitlab,
    Trace,
    Record,
    Compressed,
    Journal,
    Flight,
    Report,
    Explain,
];

impl Kind {
    /// The name in its directory.
    fn name(self) -> &'static str {
        match self {
            Gitlab => GITLAB,
            Journal => "x.journal",
            Report | Explain => "x.json",
            _ => "x",
        }
    }

    fn runs(self) -> bool {
        RUN.contains(&self)
    }

    /// oomtrace as root for the caller of sudo, writing to `file`.
    fn command(self, world: &World, file: &Path, script: &str) -> Command {
        let mut command = Command::new(oomtrace());
        // The tests themselves may run in a CI system.
        for name in ["GITHUB_ACTIONS", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITLAB_CI", "CI_JOB_URL"] {
            command.env_remove(name);
        }
        let (directory, shown) = (file.parent().expect("a directory"), file.to_string_lossy());
        let quick = ["--duration", "300ms", "--without-probe", "all", "-q"];
        match self {
            Trace => command.args(["trace", "--json", "-o", &shown]).args(quick),
            Record => command.args(["record", "-o", &shown]).args(quick),
            Compressed => command.args(["record", "--compress", "-o", &shown]).args(quick),
            Journal => command.args(["record", "-o", shown.trim_end_matches(".journal")]).args(quick),
            Flight => command.args(["record", "--max-size", "1M", "-o", &shown]).args(quick),
            Report => command.args(["report", "-o", &shown]).arg(world.path("roots/evidence")),
            Explain => command.args(["explain", "-q", "-o", &shown]).arg(world.path("roots/log")),
            _ => {
                command.args(["run", "--without-probe", "all", "--scope", "tree"]);
                match self {
                    Evidence => command.args(["--evidence", &shown]),
                    Summary => command.args(["--summary", &shown]),
                    Junit => command.args(["--junit", &shown]),
                    GithubOutput => command.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", file),
                    GithubSummary => command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", file),
                    _ => command.env("GITLAB_CI", "true").env("CI_JOB_URL", "https://ci.example/1"),
                };
                command.args(["--", "sh", "-c", script])
            }
        };
        command
            .current_dir(directory)
            .env("SUDO_UID", CALLER.0.to_string())
            .env("SUDO_GID", CALLER.0.to_string());
        command.env("SUDO_USER", CALLER.1).stdin(Stdio::null());
        command
    }

    fn run(self, world: &World, file: &Path, script: &str) -> Output {
        within(&mut self.command(world, file, script))
    }

    /// It ends as a failure of oomtrace itself, before the wrapped command has begun.
    fn refuses(self, world: &World, file: &Path, word: &str) {
        let output = self.run(world, file, "echo started");
        let (code, text) = (output.status.code(), errors(&output));
        assert_eq!(code, Some(if self.runs() { 125 } else { 1 }), "{self:?} {word}: {text}");
        assert!(text.contains(word), "{self:?}: no {word:?} in: {text}");
        assert!(output.stdout.is_empty(), "{self:?} {word}: the command was started");
        world.unharmed(&format!("{self:?} {word}"));
    }
}

/// Runs to the end, which has to come.
fn within(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("oomtrace starts");
    support::end(&mut child, PATIENCE);
    child.wait_with_output().expect("its output")
}

fn fifo(path: &Path, owner: u32) {
    let name = std::ffi::CString::new(path.as_os_str().as_encoded_bytes()).expect("a path");
    // SAFETY: a live string.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o666) }, 0, "a FIFO");
    fs::set_permissions(path, Permissions::from_mode(0o666)).expect("modes");
    chown(path, Some(owner), Some(owner)).expect("owners");
}

#[test]
fn what_is_written_is_the_callers_own() {
    if !root("files for the caller") {
        return;
    }
    let world = World::new();
    for kind in ALL {
        for directory in ["home", "sticky", "shared"] {
            let file = world.path(directory).join(kind.name());
            let output = kind.run(&world, &file, "true");
            assert!(output.status.success(), "{kind:?} in {directory}: {}", errors(&output));
            if kind == Journal {
                assert!(!file.exists(), "the journal is left");
                fs::remove_file(file.with_extension("")).expect("the recording");
                continue;
            }
            let meta = fs::symlink_metadata(&file).expect("a file");
            assert_eq!((meta.uid(), meta.nlink()), (CALLER.0, 1), "{kind:?} in {directory}");
            assert!(meta.len() > 0, "{kind:?} in {directory}: nothing was written");
            let for_others = [GithubOutput, GithubSummary, Gitlab].contains(&kind);
            assert!(for_others || meta.mode() & 0o777 == 0o600, "{kind:?} in {directory}: {:o}", meta.mode());
            fs::remove_file(&file).expect("it can be removed");
        }
        // Where the caller may not write, root does not write for them.
        let file = world.path("roots").join(kind.name());
        kind.refuses(&world, &file, "denied");
        assert!(!file.exists(), "{kind:?} made a file in root's directory");
    }
    assert_eq!(fs::read_dir(world.path("home")).expect("names").count(), 0, "something is left");
}

#[test]
fn what_was_planted_before_is_refused() {
    if !root("files planted before") {
        return;
    }
    let world = World::new();
    for kind in ALL {
        links_planted_before(&world, kind);
        for directory in ["home", "sticky", "shared"] {
            let name = format!("{directory}/{}", kind.name());
            let file = world.path(&name);
            // Another user's file that all may write to.
            world.file(&name, "theirs\n", OTHER, 0o666);
            kind.refuses(&world, &file, "belongs to uid 1");
            world.as_it_was(&name, "theirs\n", OTHER, 0o666, &format!("{kind:?}"));
            remove(&file);
            if directory != "home" {
                fifo(&file, OTHER);
                kind.refuses(&world, &file, "");
                remove(&file);
            }
            // What a recording had made before its journal was refused.
            let _ = fs::remove_file(world.path(directory).join("x"));
        }
        // A directory that leads into one of root's.
        world.file(&format!("roots/{}", kind.name()), "root's\n", 0, 0o644);
        symlink(world.path("roots"), world.path("home/dir")).expect("a link");
        kind.refuses(&world, &world.path("home/dir").join(kind.name()), "denied");
        world.as_it_was(&format!("roots/{}", kind.name()), "root's\n", 0, 0o644, &format!("{kind:?}"));
        fs::remove_file(world.path("home/dir")).expect("it can be removed");
        fs::remove_file(world.path("roots").join(kind.name())).expect("it can be removed");
    }
}

fn remove(file: &Path) {
    fs::remove_file(file).expect("it can be removed");
}

fn links_planted_before(world: &World, kind: Kind) {
    let (file, secret, new) =
        (world.path("home").join(kind.name()), world.path("roots/secret"), world.path("roots/new"));
    // Links: of the caller, of root, to nothing.
    for (target, owner) in [(&secret, CALLER.0), (&secret, 0), (&new, CALLER.0)] {
        symlink(target, &file).expect("a link");
        std::os::unix::fs::lchown(&file, Some(owner), Some(owner)).expect("owners");
        kind.refuses(world, &file, "symbolic link");
        remove(&file);
    }
    assert!(!new.exists(), "{kind:?} made a file through a link");
    fs::hard_link(&secret, &file).expect("a link");
    kind.refuses(world, &file, "denied");
    remove(&file);
    // The caller's file with another name: it may be anything.
    fs::write(&file, "mine\n").expect("a file");
    chown(&file, Some(CALLER.0), Some(CALLER.0)).expect("owners");
    let second = world.path("home/second");
    fs::hard_link(&file, &second).expect("a link");
    kind.refuses(world, &file, "hard links");
    remove(&second);
    remove(&file);
    let _ = fs::remove_file(world.path("home/x"));
}

#[test]
fn what_the_command_plants_changes_nothing_of_roots() {
    if !root("files planted by the command") {
        return;
    }
    let world = World::new();
    let secret = world.path("roots/secret").display().to_string();
    for kind in RUN {
        let name = kind.name();
        // A file that is removed may be made anew before the next command.
        let plant = |command: &str| format!("until {command} {name} 2>/dev/null; do rm -f {name}; done");
        let plants = [
            ("a link", plant(&format!("ln -sT {secret}"))),
            ("a link to nothing", plant(&format!("ln -sT {}", world.path("roots/new").display()))),
            ("a FIFO", plant("mkfifo")),
            ("a directory", plant("mkdir")),
            (
                "another directory",
                format!("cd ..; mv work aside; ln -s {} work", world.path("roots").display()),
            ),
        ];
        for (what, script) in plants {
            let work = world.path("home/work");
            fs::create_dir(&work).expect("a directory");
            chown(&work, Some(CALLER.0), Some(CALLER.0)).expect("owners");
            world.file(&format!("roots/{name}"), "root's\n", 0, 0o644);
            let file = work.join(name);
            let output = kind.run(&world, &file, &format!("{script} && echo planted"));
            let said = format!("{kind:?}, {what}");
            assert_eq!(String::from_utf8_lossy(&output.stdout), "planted\n", "{said}: {}", errors(&output));
            world.unharmed(&said);
            world.as_it_was(&format!("roots/{name}"), "root's\n", 0, 0o644, &said);
            assert!(!world.path("roots/new").exists(), "{said}: a file was made through a link");
            // A document takes its name back; a directory at it is in the way, and said.
            if [Summary, Junit].contains(&kind) && what != "a directory" {
                let kept =
                    if what == "another directory" { world.path("home/aside").join(name) } else { file };
                let meta = fs::symlink_metadata(&kept).expect("the report");
                assert!(
                    meta.is_file() && meta.len() > 0 && meta.uid() == CALLER.0,
                    "{said}: {}",
                    errors(&output)
                );
                assert!(output.status.success(), "{said}: {}", errors(&output));
            }
            let _ = fs::remove_file(&work);
            for left in ["home/work", "home/aside"] {
                let _ = fs::remove_dir_all(world.path(left));
            }
            fs::remove_file(world.path("roots").join(name)).expect("it can be removed");
        }
    }
}

#[test]
fn a_journal_that_was_swapped_is_left_alone() {
    if !root("a swapped journal") {
        return;
    }
    let world = World::new();
    let file = world.path("home/x");
    let mut command = Record.command(&world, &file, "");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("oomtrace starts");
    let journal = world.path("home/x.journal");
    let begun = std::time::Instant::now();
    while !journal.exists() && begun.elapsed() < PATIENCE {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    fs::remove_file(&journal).expect("the journal");
    symlink(world.path("roots/secret"), &journal).expect("a link");
    support::end(&mut child, PATIENCE);
    assert!(fs::symlink_metadata(&journal).expect("the link").is_symlink());
    world.unharmed("a swapped journal");
}

/// Without sudo, too: what others made is not root's to write to, and their links lead root nowhere.
#[test]
fn root_follows_nobody_elses_links() {
    if !root("links of others") {
        return;
    }
    let world = World::new();
    let as_root = |kind: Kind, file: &Path| {
        let mut command = kind.command(&world, file, "echo started");
        for name in ["SUDO_UID", "SUDO_GID", "SUDO_USER"] {
            command.env_remove(name);
        }
        within(&mut command)
    };
    for kind in ALL {
        symlink(world.path("roots"), world.path("home/dir")).expect("a link");
        std::os::unix::fs::lchown(world.path("home/dir"), Some(CALLER.0), Some(CALLER.0)).expect("owners");
        world.file(&format!("roots/{}", kind.name()), "root's\n", 0, 0o644);
        // GitLab's file is in the working directory, which is root's to choose.
        if kind != Gitlab {
            let output = as_root(kind, &world.path("home/dir").join(kind.name()));
            assert!(!output.status.success() && output.stdout.is_empty(), "{kind:?}: {}", errors(&output));
            world.as_it_was(&format!("roots/{}", kind.name()), "root's\n", 0, 0o644, &format!("{kind:?}"));
        }
        fs::remove_file(world.path("home/dir")).expect("it can be removed");
        fs::remove_file(world.path("roots").join(kind.name())).expect("it can be removed");
        let name = format!("sticky/{}", kind.name());
        world.file(&name, "theirs\n", CALLER.0, 0o666);
        let output = as_root(kind, &world.path(&name));
        assert!(errors(&output).contains("belongs to uid 65534"), "{kind:?}: {}", errors(&output));
        world.as_it_was(&name, "theirs\n", CALLER.0, 0o666, &format!("{kind:?}"));
        fs::remove_file(world.path(&name)).expect("it can be removed");
    }
}

#[test]
fn devices_and_fifos_remain_usable() {
    if !root("devices") {
        return;
    }
    let world = World::new();
    for kind in [Trace, Summary, Junit, Evidence, GithubOutput, Explain] {
        let mut command = kind.command(&world, Path::new("/dev/null"), "true");
        let output = within(command.current_dir(world.path("home")));
        assert!(output.status.success(), "{kind:?}: {}", errors(&output));
        let output =
            within(kind.command(&world, Path::new("/dev/stdout"), "true").current_dir(world.path("home")));
        assert!(output.status.success() && !output.stdout.is_empty(), "{kind:?}: {}", errors(&output));
        let file = world.path("home/fifo");
        fifo(&file, CALLER.0);
        let reader = std::thread::spawn({
            let file = file.clone();
            move || fs::read_to_string(file).expect("text")
        });
        let output = kind.run(&world, &file, "true");
        assert!(output.status.success(), "{kind:?}: {}", errors(&output));
        assert!(!reader.join().expect("a reader").is_empty(), "{kind:?}: nothing came through the FIFO");
        fs::remove_file(&file).expect("it can be removed");
    }
}

#[test]
fn a_fifo_without_a_reader_is_not_waited_for_beyond_a_signal_or_the_time_given() {
    if !root("FIFOs") {
        return;
    }
    let world = World::new();
    let file = world.path("home/x");
    fifo(&file, CALLER.0);
    // These have a duration.
    for kind in [Trace, Record, Compressed] {
        kind.refuses(&world, &file, "nobody reads");
    }
    for kind in [Evidence, Summary, Explain] {
        let mut child =
            kind.command(&world, &file, "echo started").stdout(Stdio::piped()).spawn().expect("starts");
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(child.try_wait().expect("a child").is_none(), "{kind:?} did not wait for a reader");
        sys::kill(libc::pid_t::try_from(child.id()).expect("an id"), libc::SIGTERM).expect("it runs");
        support::end(&mut child, PATIENCE);
        assert!(child.wait_with_output().expect("its output").stdout.is_empty(), "{kind:?}: it was started");
    }
}
