//! `oomtrace run`: what the command finds, what becomes of it, and the exit codes one by one.

// Helpers say what they expect as tests do.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

use oomtrace_tests::cgroup::{Cgroup, Hierarchy};
use oomtrace_tests::scenario::PREFIX;
use oomtrace_tests::sys;
use support::{GUEST, PATIENCE, end, errors, oomtrace, root};

/// A workload that does not fit into a limit of 32 MiB.
fn eater(name: &str) -> String {
    format!("{GUEST} workload comm={name} anon 134217728")
}

fn command(options: &[&str], cmd: &[&str]) -> Command {
    let mut command = Command::new(oomtrace());
    command.arg("run").args(options).arg("--").args(cmd).stdin(Stdio::null());
    for name in ["SUDO_UID", "SUDO_GID", "SUDO_USER", "GITHUB_ACTIONS", "GITLAB_CI"] {
        command.env_remove(name);
    }
    interruptible(&mut command);
    command
}

/// Who starts the tests in the background may have them ignore SIGINT, and a command would inherit that.
fn interruptible(command: &mut Command) {
    // SAFETY: a system call only.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGINT, libc::SIG_DFL);
            Ok(())
        });
    }
}

fn run(options: &[&str], cmd: &[&str]) -> Output {
    command(options, cmd).output().expect("oomtrace starts")
}

fn sh(options: &[&str], script: &str) -> Output {
    run(options, &["sh", "-c", script])
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn exit_codes_one_by_one() {
    if !root("exit codes of run") {
        return;
    }
    let eater = eater("child");
    for (options, script, code, word) in [
        (&[][..], "exit 0", 0, "pass"),
        (&[], "exit 3", 3, "command failed  no OOM kill"),
        (&["--memory-max", "32M"], &format!("{eater}; exit 0"), 86, "child (pid"),
        (&["--memory-max", "32M", "--exit-code", "99"], &format!("{eater}; exit 0"), 99, "child (pid"),
        (&["--memory-max", "32M", "--fail-on", "none"], &format!("{eater}; exit 0"), 0, "child"),
        (&["--memory-max", "32M"], &format!("{eater}; exit 5"), 5, "child (pid"),
        (&["--memory-max", "16M", "--fail-above", "1%"], "sleep 0.5; echo", 86, "memory below 1 %"),
        (&["--timeout", "300ms"], "sleep 20", 124, "ended within"),
        (&["--no-such-option"], "exit 0", 125, "--no-such-option"),
        (&["--evidence", "/no/such/directory/x"], "echo started", 125, "/no/such/directory/x"),
        (&["--user", "no-such-user"], "echo started", 125, "no-such-user"),
    ] {
        let output = sh(options, script);
        assert_eq!(output.status.code(), Some(code), "{options:?} {script}: {}", errors(&output));
        assert!(errors(&output).contains(word), "{options:?} {script}: {}", errors(&output));
        assert!(!out(&output).contains("started"), "{options:?} started the command");
    }
    for (program, code) in [("/no/such/program", 127), ("no-such-program", 127), ("/etc/passwd", 126)] {
        let output = run(&[], &[program]);
        assert_eq!(output.status.code(), Some(code), "{program}: {}", errors(&output));
        assert!(errors(&output).contains(program), "{}", errors(&output));
    }
}

#[test]
fn a_victim_is_named_and_its_signal_passed_on() {
    if !root("a victim") {
        return;
    }
    let output = run(&["--memory-max", "32M"], &[GUEST, "workload", "comm=victim", "anon", "134217728"]);
    assert_eq!(output.status.signal(), Some(libc::SIGKILL), "{}", errors(&output));
    assert!(errors(&output).contains("by the OOM killer"), "{}", errors(&output));
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let output = sh(&[], &format!("kill -{signal} $$"));
        assert_eq!(output.status.signal(), Some(signal), "{}", errors(&output));
    }
}

#[test]
fn a_plain_sigkill_is_told_as_plainly() {
    if !root("a plain SIGKILL") {
        return;
    }
    let output = sh(&[], "sh -c 'kill -9 $PPID' & wait; sleep 5");
    let text = errors(&output);
    assert_eq!(output.status.signal(), Some(libc::SIGKILL), "{text}");
    assert!(text.contains("not by the OOM killer: SIGKILL was sent by sh (pid"), "{text}");
    assert!(text.contains("oomtrace run: command failed  no OOM kill"), "{text}");
}

#[test]
fn grandchildren_and_detached_ones_count() {
    if !root("detached processes") {
        return;
    }
    for (name, script) in [
        ("grandchild", format!("sh -c '{}; true'; exit 0", eater("grandchild"))),
        ("detached", format!("setsid sh -c '{} &' </dev/null >/dev/null 2>&1; sleep 3", eater("detached"))),
    ] {
        let output = sh(&["--memory-max", "32M"], &script);
        let text = errors(&output);
        assert_eq!(output.status.code(), Some(86), "{name}: {text}");
        assert!(text.contains(&format!("{name} (pid")), "{text}");
    }
}

#[test]
fn in_a_process_tree_as_well() {
    if !root("a process tree") {
        return;
    }
    let hierarchy = Hierarchy::find().expect("a memory cgroup hierarchy");
    let name = format!("{PREFIX}{}-tree", std::process::id());
    let cgroup = Cgroup::new(&hierarchy, name.as_bytes()).expect("root can make a cgroup");
    cgroup.limit(16 << 20).expect("a limit");
    let procs = cgroup.file("cgroup.procs");
    let script = format!(
        "(setsid sh -c 'sleep 0.5; echo $$ > {}; exec {}' &); sleep 3",
        procs.display(),
        eater("orphan")
    );
    let output = sh(&["--scope", "tree"], &script);
    let text = errors(&output);
    assert_eq!(output.status.code(), Some(86), "{text}");
    assert!(text.contains("orphan (pid"), "{text}");
}

#[test]
fn without_the_right_to_make_a_cgroup_it_says_so() {
    if !root("a container") {
        return;
    }
    let hierarchy = Hierarchy::find().expect("a memory cgroup hierarchy");
    let read_only = format!("mount -o bind,remount,ro {}; exec \"$@\"", hierarchy.root.display());
    let run_in_it = |options: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &format!("mount --make-rprivate /; {read_only}"), "sh"]);
        command.arg(oomtrace()).arg("run").args(options).args(["--", "sh", "-c", "exit 4"]);
        command.stdin(Stdio::null()).output().expect("unshare (util-linux)")
    };
    let output = run_in_it(&[]);
    assert_eq!(output.status.code(), Some(4), "{}", errors(&output));
    assert!(errors(&output).contains("process tree is followed"), "{}", errors(&output));
    // A limit can't be left out in silence.
    let output = run_in_it(&["--memory-max", "64M"]);
    assert_eq!(output.status.code(), Some(125), "{}", errors(&output));
}

#[test]
fn the_command_finds_everything_as_it_was() {
    if !root("what the command finds") {
        return;
    }
    let script = "ulimit -a; cat /proc/self/oom_score_adj; grep -E '^(Sig|Shd)(Blk|Ign|Pnd)' /proc/self/status | sed 's/........\\(........\\)$/\\1/'; ls /proc/self/fd; \
                  id; pwd; echo $HOME; cat; exit 7";
    let mut bare = Command::new("sh");
    interruptible(&mut bare);
    let bare = bare.args(["-c", script]).stdin(Stdio::null()).output().expect("sh");
    let wrapped = sh(&["-q"], script);
    assert_eq!(out(&bare), out(&wrapped));
    assert_eq!((bare.status.code(), wrapped.status.code()), (Some(7), Some(7)));
    let mut child = command(&["-q"], &["cat"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("oomtrace starts");
    child.stdin.take().expect("a pipe").write_all(b"\0through\xff").expect("a reader");
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.stdout, b"\0through\xff");
}

#[test]
fn under_sudo_as_the_caller() {
    if !root("sudo") {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).expect("modes");
    let evidence = directory.path().join("evidence.ndjson");
    let as_caller = |options: &[&str]| {
        let mut command = command(options, &["sh", "-c", "id -u; id -g; echo ${SUDO_UID-none} $HOME"]);
        command
            .env("SUDO_UID", "65534")
            .env("SUDO_GID", "65534")
            .env("SUDO_USER", "nobody")
            .env("HOME", "/root");
        command.output().expect("oomtrace starts")
    };
    let output = as_caller(&["--evidence", &evidence.to_string_lossy()]);
    assert_eq!(out(&output), "65534\n65534\nnone /nonexistent\n", "{}", errors(&output));
    assert!(errors(&output).contains("--keep-root"), "{}", errors(&output));
    assert_eq!(fs::metadata(&evidence).expect("evidence").uid(), 65534, "the caller can't read the evidence");
    assert_eq!(out(&as_caller(&["--keep-root"])), "0\n0\n65534 /root\n");
    assert!(out(&as_caller(&["--user", "daemon"])).starts_with("1\n1\nnone"));
}

#[test]
fn reports_for_ci() {
    if !root("reports") {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str| directory.path().join(name);
    let text = |name: &str| fs::read_to_string(file(name)).expect("a report");
    let (junit, page) = (file("junit.xml"), file("page.md"));
    let (junit, page) = (junit.to_string_lossy(), page.to_string_lossy());
    let options = ["--memory-max", "32M", "--junit", &junit, "--summary", &page];
    // A name that would be a workflow command, a tag and a cell of its own.
    let script = format!("{GUEST} workload 'comm=::a%<b>|]]>&x' anon 134217728; true");
    let mut command = command(&options, &["sh", "-c", &script]);
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", file("out"))
        .env("GITHUB_STEP_SUMMARY", file("step.md"));
    let output = command.output().expect("oomtrace starts");
    assert_eq!(output.status.code(), Some(86), "{}", errors(&output));
    let lines = workflow_commands(&errors(&output));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with("::error title=OOM kill%3A %3A%3Aa%25<b>")
            && lines[0].contains("--memory-max 64M"),
        "{lines:?}"
    );
    assert!(text("out").contains("verdict=fail\noom_kills=1\nexit_code=86\n"), "{}", text("out"));
    for page in ["page.md", "step.md"] {
        assert!(
            text(page).contains("no OOM kill of the command") && text(page).contains("&lt;b&gt;"),
            "{}",
            text(page)
        );
    }
    let junit = text("junit.xml");
    assert!(
        junit.contains("failures=\"1\"") && !junit.contains("<b>") && junit.contains("&lt;b&gt;"),
        "{junit}"
    );
}

/// What GitHub's runner would take for commands.
fn workflow_commands(text: &str) -> Vec<String> {
    let (mut commands, mut stopped) = (Vec::new(), None::<String>);
    for line in text.lines().map(str::trim_start) {
        match (&stopped, line.strip_prefix("::stop-commands::")) {
            (Some(word), _) if line == format!("::{word}::") => stopped = None,
            (Some(_), _) => {}
            (None, Some(word)) => stopped = Some(word.to_owned()),
            (None, None) if line.starts_with("::") => commands.push(line.to_owned()),
            (None, None) => {}
        }
    }
    commands
}

#[test]
fn a_signal_for_us_is_passed_on() {
    if !root("signals") {
        return;
    }
    let script = "trap 'exit 9' TERM; trap 'exit 8' USR1; echo ready; while :; do sleep 0.05; done";
    for (signal, code) in [(libc::SIGTERM, 9), (libc::SIGUSR1, 8)] {
        let mut child =
            command(&["-q"], &["sh", "-c", script]).stdout(Stdio::piped()).spawn().expect("oomtrace starts");
        wait_for_line(&mut child, "ready");
        sys::kill(pid(&child), signal).expect("oomtrace runs");
        assert_eq!(end(&mut child, PATIENCE).code(), Some(code));
    }
}

#[test]
fn the_cgroup_goes_however_it_ends() {
    if !root("cleaning up") {
        return;
    }
    for signal in [None, Some(libc::SIGKILL)] {
        let mut child = command(&["-q"], &["sh", "-c", "cat /proc/self/cgroup; echo ready; sleep 60"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let text = wait_for_line(&mut child, "ready");
        let place = text
            .lines()
            .find_map(|l| Some(l[l.find("/oomtrace-run-")?..].to_owned()))
            .expect("its own cgroup");
        let place = find(&place);
        assert!(place.exists());
        match signal {
            Some(signal) => sys::kill(pid(&child), signal).expect("oomtrace runs"),
            None => sys::kill(pid(&child), libc::SIGTERM).expect("oomtrace runs"),
        }
        end(&mut child, PATIENCE);
        let limit = Instant::now() + PATIENCE;
        while place.exists() {
            assert!(Instant::now() < limit, "{} is left", place.display());
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

/// The directory of a cgroup with this end, anywhere below the hierarchy.
fn find(end: &str) -> PathBuf {
    fn search(dir: PathBuf, end: &str) -> Option<PathBuf> {
        if dir.to_string_lossy().ends_with(end) {
            return Some(dir);
        }
        let below = fs::read_dir(dir).ok()?.flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_dir()));
        below.into_iter().find_map(|entry| search(entry.path(), end))
    }
    search(Hierarchy::find().expect("a hierarchy").root, end).unwrap_or_else(|| panic!("no cgroup {end}"))
}

fn pid(child: &Child) -> i32 {
    i32::try_from(child.id()).expect("a pid")
}

/// Reads standard output up to a line.
fn wait_for_line(child: &mut Child, line: &str) -> String {
    let pipe = child.stdout.as_mut().expect("a pipe");
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains(&format!("{line}\n")) {
        let mut byte = [0];
        assert_eq!(pipe.read(&mut byte).expect("text"), 1, "it ended: {}", String::from_utf8_lossy(&text));
        text.push(byte[0]);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// A terminal with a session of its own on the other end.
struct Terminal {
    master: File,
    child: Child,
}

impl Terminal {
    fn start(script: &str) -> Self {
        let (mut master, mut slave) = (-1, -1);
        let null = std::ptr::null_mut();
        // SAFETY: both descriptors are written by the call and owned by nobody else; name and sizes are left out.
        let (master, slave) = unsafe {
            assert_eq!(libc::openpty(&raw mut master, &raw mut slave, null, null.cast(), null.cast()), 0);
            (File::from(OwnedFd::from_raw_fd(master)), OwnedFd::from_raw_fd(slave))
        };
        let end = |fd: &OwnedFd| Stdio::from(fd.try_clone().expect("a descriptor"));
        let mut command = Command::new("bash");
        command.args(["--norc", "--noprofile", "-i", "-c", script]);
        command.stdin(end(&slave)).stdout(end(&slave)).stderr(end(&slave)).env("RUN", oomtrace());
        interruptible(&mut command);
        // SAFETY: system calls only.
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY, 0);
                Ok(())
            });
        }
        let child = command.spawn().expect("bash");
        Self { master, child }
    }

    /// Reads until the text is there.
    fn expect(&mut self, text: &str) {
        let mut read = Vec::new();
        let limit = Instant::now() + PATIENCE;
        while !String::from_utf8_lossy(&read).contains(text) {
            let mut poll = libc::pollfd { fd: self.master.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            // SAFETY: one live pollfd.
            unsafe { libc::poll(&raw mut poll, 1, 200) };
            let mut some = [0; 256];
            if poll.revents & libc::POLLIN != 0 {
                let length = self.master.read(&mut some).unwrap_or(0);
                read.extend_from_slice(&some[..length]);
            }
            assert!(Instant::now() < limit, "no {text:?} in {:?}", String::from_utf8_lossy(&read));
        }
    }

    /// Reads until the shell has ended: its terminal gives an error then.
    fn rest(mut self) -> String {
        let mut text = Vec::new();
        let _ = self.master.read_to_end(&mut text);
        end(&mut self.child, PATIENCE);
        String::from_utf8_lossy(&text).into_owned()
    }

    fn press(&mut self, key: u8) {
        self.master.write_all(&[key]).expect("a terminal");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn keys_of_the_terminal_reach_the_command() {
    if !root("a terminal") {
        return;
    }
    let trap = "trap 'exit 7' INT; echo rea''dy; while :; do sleep 0.05; done";
    let mut terminal = Terminal::start(&format!("$RUN run -q -- sh -c \"{trap}\"; echo code=$?."));
    terminal.expect("ready");
    terminal.press(3);
    terminal.expect("code=7.");
    // Without a handler the signal ends it, and us as well: the shell has to see that. It starts nobody (see below).
    let mut terminal = Terminal::start("$RUN run -q -- sh -c 'echo rea\"\"dy; exec sleep 30'; echo code=$?.");
    terminal.expect("ready");
    terminal.press(3);
    let text = terminal.rest();
    assert!(text.contains("ended by signal 2") && !text.contains("code="), "{text}");
}

#[test]
fn a_job_is_stopped_and_continued() {
    if !root("job control") {
        return;
    }
    // A shell that waits in vfork for a child, which the key has stopped before its exec, does not stop: it starts nobody.
    let script = "set -m; $RUN run -q -- sh -c 'test -t 0 && echo rea\"\"dy; exec sleep 1'; echo stopped=$?.; fg >/dev/null; \
                  echo code=$?.";
    let mut terminal = Terminal::start(script);
    terminal.expect("ready");
    terminal.press(26);
    // 128 + SIGTSTP.
    terminal.expect("stopped=148.");
    terminal.expect("code=0.");
}
