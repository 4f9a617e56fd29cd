//! The command line: options, exit codes, signals, outputs that fail.

// Helpers say what they expect as tests do.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use oomtrace_tests::sys;
use serde_json::Value;
use support::{PATIENCE, end, errors, kill, oomtrace, root, run, wait_for};

fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn kind(record: &Value) -> &str {
    record["type"].as_str().unwrap_or_default()
}

/// Whole stream: header first, footer last, nothing half-written.
fn whole(text: &str) -> Vec<Value> {
    assert!(text.ends_with('\n'), "the last line is cut off: {text}");
    let records = records(text);
    assert_eq!(records.first().map(kind), Some("header"), "{text}");
    assert_eq!(records.last().map(kind), Some("footer"), "{text}");
    records
}

fn kills_in<'a>(records: &'a [Value], cgroup: &str) -> Vec<&'a Value> {
    records.iter().filter(|r| kind(r) == "oom_kill" && r["victims"][0]["cgroup"]["path"] == cgroup).collect()
}

#[test]
fn help_needs_no_root_and_names_the_options() {
    for argument in ["--help", "-h"] {
        let output = run(&[argument]);
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for option in ["--json", "--output", "--duration", "--count", "--format"] {
            assert!(text.contains(option), "{argument} does not name {option}:\n{text}");
        }
    }
    let output = run(&["--version"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("oomtrace "));
}

#[test]
fn hidden_options_stay_hidden() {
    let text = String::from_utf8_lossy(&run(&["--help"]).stdout).into_owned();
    assert!(!text.contains("--without-probe"), "{text}");
}

#[test]
fn bad_options_are_code_2_and_named() {
    for (arguments, word) in [
        (&["--no-such-option"][..], "--no-such-option"),
        (&["--duration", "soon"], "soon"),
        (&["--count", "-1"], "-1"),
        (&["-f", "pdf"], "pdf"),
        (&["--ring-size", "tiny"], "tiny"),
        (&["no-such-command"], "no-such-command"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", errors(&output));
        assert!(errors(&output).contains(word), "{arguments:?}: {}", errors(&output));
        assert!(output.stdout.is_empty(), "{arguments:?} wrote to standard output");
    }
}

#[test]
fn without_root_cause_and_remedy_are_named() {
    if !root("running as nobody") {
        return;
    }
    // The build directory need not be readable to others.
    let directory = tempfile::Builder::new().prefix("oomtrace-cli").tempdir_in("/tmp").expect("a directory");
    let copy = directory.path().join("oomtrace");
    std::fs::copy(oomtrace(), &copy).expect("a copy");
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).expect("modes");
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"])
        .arg(&copy)
        .args(["--json", "--duration", "1s"])
        .stdin(Stdio::null())
        .output()
        .expect("setpriv (util-linux)");
    let text = errors(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("CAP_BPF") || text.contains("CAP_SYS_ADMIN"), "no capability is named: {text}");
    assert!(text.contains("sudo") || text.contains("setcap"), "no remedy is named: {text}");
}

#[test]
fn an_output_that_cannot_be_made_is_named() {
    let output = run(&["--json", "--duration", "1s", "-o", "/no/such/directory/file"]);
    let text = errors(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("/no/such/directory/file"), "{text}");
}

#[test]
fn a_full_disk_is_an_error() {
    if !root("full disk") {
        return;
    }
    let output = run(&["--json", "--duration", "1s", "-o", "/dev/full"]);
    let text = errors(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("/dev/full") && text.contains("No space left"), "{text}");
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    if !root("closed pipe") {
        return;
    }
    let mut child = Command::new(oomtrace())
        .args(["--json", "--duration", "2s"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("oomtrace starts");
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    output.read_line(&mut line).expect("a line");
    assert_eq!(kind(&records(&line)[0]), "header");
    drop(output);
    let status = end(&mut child, PATIENCE);
    let mut text = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut text).expect("text");
    assert_eq!(status.code(), Some(0), "{text}");
    assert!(!text.to_lowercase().contains("pipe"), "{text}");
}

#[test]
fn signals_flush_and_end_well() {
    if !root("signals") {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    // SIGHUP opens a file anew (tests of writing).
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let file = directory.path().join(signal.to_string());
        let mut child = Command::new(oomtrace())
            .args(["--json", "-o"])
            .arg(&file)
            .stdin(Stdio::null())
            .spawn()
            .expect("oomtrace starts");
        wait_for(&file, "header", |text| text.contains("\"header\"") && text.ends_with('\n'));
        let (cgroup, pid) = kill(&format!("signal-{signal}"));
        // At once: the record is on its way when the signal comes.
        sys::kill(i32::try_from(child.id()).expect("a pid"), signal).expect("the tracer runs");
        assert_eq!(end(&mut child, PATIENCE).code(), Some(0), "signal {signal}");
        let records = whole(&std::fs::read_to_string(&file).expect("the output"));
        let kills = kills_in(&records, &cgroup);
        assert_eq!(kills.len(), 1, "signal {signal}");
        assert_eq!(kills[0]["victims"][0]["pid"], pid);
    }
}

#[test]
fn two_at_once_see_the_same() {
    if !root("two at once") {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let files = [directory.path().join("a"), directory.path().join("b")];
    let mut tracers: Vec<_> = files
        .iter()
        .map(|file| {
            let mut command = Command::new(oomtrace());
            command.args(["--json", "-o"]).arg(file).stdin(Stdio::null()).spawn().expect("oomtrace starts")
        })
        .collect();
    for file in &files {
        wait_for(file, "header", |text| text.contains("\"header\"") && text.ends_with('\n'));
    }
    let (cgroup, pid) = kill("two");
    for (file, tracer) in files.iter().zip(&mut tracers) {
        wait_for(file, "kill", |text| text.contains(&cgroup));
        sys::kill(i32::try_from(tracer.id()).expect("a pid"), libc::SIGINT).expect("the tracer runs");
        assert_eq!(end(tracer, PATIENCE).code(), Some(0));
        let records = whole(&std::fs::read_to_string(file).expect("the output"));
        let kills = kills_in(&records, &cgroup);
        assert_eq!(kills.len(), 1);
        assert_eq!(kills[0]["victims"][0]["pid"], pid);
    }
}

#[test]
fn duration_ends_it() {
    if !root("--duration") {
        return;
    }
    let started = Instant::now();
    let output = run(&["--json", "--duration", "1s"]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    whole(&String::from_utf8_lossy(&output.stdout));
}

#[test]
fn count_ends_it() {
    if !root("--count") {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("out");
    let mut child = Command::new(oomtrace())
        .args(["--json", "--count", "1", "-o"])
        .arg(&file)
        .stdin(Stdio::null())
        .spawn()
        .expect("oomtrace starts");
    wait_for(&file, "header", |text| text.contains("\"header\""));
    kill("count");
    assert_eq!(end(&mut child, PATIENCE).code(), Some(0));
    let records = whole(&std::fs::read_to_string(&file).expect("the output"));
    assert_eq!(records.iter().filter(|record| kind(record) == "oom_kill").count(), 1);
}

/// A kill as text on a terminal.
fn on_a_terminal(no_color: bool) -> String {
    let (mut master, mut slave) = (-1, -1);
    let null = std::ptr::null_mut();
    // SAFETY: both descriptors are written by the call and owned by nobody else; name and sizes are left out.
    let (mut master, slave) = unsafe {
        assert_eq!(libc::openpty(&raw mut master, &raw mut slave, null, null.cast(), null.cast()), 0);
        (File::from(OwnedFd::from_raw_fd(master)), OwnedFd::from_raw_fd(slave))
    };
    let mut command = Command::new(oomtrace());
    command.args(["-f", "text", "--duration", "6s"]).stdin(Stdio::null()).stdout(slave).stderr(Stdio::null());
    command.env_remove("NO_COLOR").env("TERM", "xterm-256color");
    if no_color {
        command.env("NO_COLOR", "1");
    }
    let mut child = command.spawn().expect("oomtrace starts");
    // The command holds the terminal's other end open.
    drop(command);
    // A terminal that nobody reads from is full after a few KiB.
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        // Ends with EIO when the other end is closed.
        let _ = master.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    // Text has no header to wait for.
    std::thread::sleep(Duration::from_secs(3));
    kill(if no_color { "plain" } else { "colour" });
    end(&mut child, PATIENCE);
    reader.join().expect("the terminal was read")
}

#[test]
fn colour_on_a_terminal_unless_no_color() {
    if !root("NO_COLOR") {
        return;
    }
    let coloured = on_a_terminal(false);
    assert!(coloured.contains("victim") && coloured.contains("\x1b["), "no colour: {coloured:?}");
    let plain = on_a_terminal(true);
    assert!(plain.contains("victim") && !plain.contains('\x1b'), "not plain: {plain:?}");
}
