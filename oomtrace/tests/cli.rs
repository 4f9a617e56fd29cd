//! The command line from outside: options, exit codes, and what each subcommand prints where.

// Helpers say what they expect as tests do.
#![allow(clippy::expect_used, clippy::panic)]

use std::io::ErrorKind;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const NOBODY: u32 = 65534;

fn oomtrace(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomtrace"));
    for name in ["RUST_LOG", "NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    oomtrace(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What failed when a test of an exit code fails.
fn shown(output: &Output) -> String {
    format!("{:?}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr))
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", shown(output)))
}

/// Runs a copy as nobody, since the build directory may be closed to others; `None` without root.
fn as_nobody(arguments: &[&str]) -> Option<Output> {
    // SAFETY: no arguments, and it can't fail.
    if unsafe { libc::geteuid() } != 0 {
        eprintln!("SKIPPED: running as another user needs root");
        return None;
    }
    let dir = tempfile::Builder::new().prefix("oomtrace-cli-").tempdir_in("/tmp").expect("a directory");
    let copy = dir.path().join("oomtrace");
    std::fs::copy(env!("CARGO_BIN_EXE_oomtrace"), &copy).expect("a copy");
    for path in [dir.path(), copy.as_path()] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(path, mode).expect("readable");
    }
    let mut command = Command::new(&copy);
    // A change of the user drops every capability from the effective and permitted sets.
    command.args(arguments).current_dir("/").gid(NOBODY).uid(NOBODY).env_remove("RUST_LOG");
    // A child that another test starts at this moment holds the copy open for writing until it runs its own program.
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        match command.output() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(10));
            }
            output => return Some(output.expect("the copy starts")),
        }
    }
}

#[test]
fn help_names_every_subcommand_and_hides_the_rest() {
    let output = run(&["--help"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    let help = text(&output.stdout);
    for word in ["trace", "demo", "doctor", "schema", "completions", "--json"] {
        assert!(help.contains(word), "{word}: {help}");
    }
    for word in ["demo-child", "--without-probe", "\n  man "] {
        assert!(!help.contains(word), "{word}: {help}");
    }
    for command in ["trace", "demo", "doctor", "schema", "completions", "man"] {
        assert_eq!(run(&[command, "--help"]).status.code(), Some(0), "{command}");
    }
}

#[test]
fn wrong_usage_is_code_2_on_standard_error() {
    for arguments in [
        &["--no-such-option"][..],
        &["no-such-command"],
        &["doctor", "--no-such-option"],
        &["demo", "--color", "pink"],
        &["completions", "no-such-shell"],
        &["schema", "surplus"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", shown(&output));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}: {}", shown(&output));
    }
}

#[test]
fn schema_is_the_committed_json() {
    let output = run(&["schema"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    assert!(json(&output).is_object());
    assert_eq!(text(&output.stdout), oomtrace::inside::SCHEMA_JSON);
}

#[test]
fn completions_and_manual_know_the_subcommands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        assert!(text(&output.stdout).contains("doctor"), "{shell}");
    }
    let output = run(&["man"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    assert!(text(&output.stdout).contains(".TH oomtrace 1"), "{}", shown(&output));
}

fn code_of(state: &str) -> i32 {
    match state {
        "ok" => 0,
        "degraded" => 3,
        "unusable" => 4,
        other => panic!("a state that is not known: {other}"),
    }
}

/// One object whose parts agree with each other and with the exit code.
fn check_doctor(output: &Output) -> Value {
    let doctor = json(output);
    assert_eq!((&doctor["schema"], &doctor["type"]), (&"oomtrace/1".into(), &"doctor".into()));
    let state = doctor["state"].as_str().unwrap_or_default();
    assert_eq!(output.status.code(), Some(code_of(state)), "{}", shown(output));
    let checks = doctor["checks"].as_array().expect("checks");
    for check in checks {
        let fine = check["state"] == "ok";
        assert_eq!(fine, check.get("remedy").is_none(), "{check}");
        assert!(check["read"].as_str().is_some_and(|read| !read.is_empty()), "{check}");
    }
    if state == "ok" {
        assert!(checks.iter().all(|check| check["state"] == "ok"), "{doctor}");
    }
    for fact in doctor["facts"].as_array().expect("facts") {
        let hooks = doctor["probes"].as_array().expect("probes").iter();
        let attached: Vec<&Value> =
            hooks.filter(|hook| hook["fact"] == fact["fact"] && hook["state"] == "attached").collect();
        assert_eq!(attached.len(), usize::from(fact.get("served_by").is_some()), "{fact}");
    }
    assert_eq!(text(&output.stdout).lines().count(), 1);
    doctor
}

#[test]
fn doctor_agrees_with_its_exit_code() {
    check_doctor(&run(&["doctor", "--json"]));
    let people = run(&["doctor"]);
    let words = text(&people.stdout);
    assert!(!words.contains('\x1b'), "colours in a pipe: {words}");
    assert!(words.lines().all(|line| line.chars().count() <= 80), "{words}");
    let last = ["ok: ", "degraded: ", "unusable: "];
    assert!(last.iter().any(|word| words.contains(&format!("\n\n{word}"))), "{words}");
}

#[test]
fn doctor_without_any_witness_is_not_well() {
    let output = run(&["doctor", "--json", "--without-probe", "decision", "--without-probe", "victim"]);
    let doctor = check_doctor(&output);
    assert_ne!(doctor["state"], "ok");
}

#[test]
fn a_bad_btf_file_is_code_1_and_named() {
    let output = run(&["doctor", "--btf", "/proc/self/status"]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    let error = text(&output.stderr);
    assert!(
        error.starts_with("oomtrace: --btf \"/proc/self/status\": ") && error.lines().count() == 1,
        "{error}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn doctor_without_privileges_tries_nothing_and_says_what_is_missing() {
    let Some(output) = as_nobody(&["doctor", "--json"]) else { return };
    let doctor = check_doctor(&output);
    assert_ne!(doctor["state"], "ok");
    let missing = |name: &str| {
        let mut checks = doctor["checks"].as_array().expect("checks").iter();
        checks.any(|check| check["name"] == name && check["state"] == "missing")
    };
    assert!(missing("CAP_BPF") && missing("CAP_PERFMON"), "{doctor}");
    assert!(
        doctor["probes"].as_array().expect("probes").iter().all(|hook| hook["state"] == "not_tried"),
        "{doctor}"
    );
}

#[test]
fn a_demo_without_privileges_names_cause_and_remedy_once() {
    let Some(output) = as_nobody(&["demo"]) else { return };
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    let error = text(&output.stderr);
    assert!(error.starts_with("oomtrace: ") && error.lines().count() == 1, "{error}");
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    for arguments in [&["schema"][..], &["completions", "bash"], &["man"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let status = oomtrace(arguments).stdout(writer).status().expect("the program starts");
        assert_eq!((status.code(), status.signal()), (Some(0), None), "{arguments:?}");
    }
}

#[test]
fn a_full_disk_is_code_1() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let output =
        oomtrace(&["schema"]).stdout(full).stderr(Stdio::piped()).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(text(&output.stderr).contains("No space left on device"), "{}", shown(&output));
}

/// A kill by the kernel, one by a program, and the words of neither.
const LOG: &str = "\
Nov 23 22:00:00 web-3 kernel: [ 5.000001] Memory cgroup out of memory: Killed process 4711 (java) total-vm:9000kB, anon-rss:8000kB, file-rss:4kB, shmem-rss:0kB, UID:0 pgtables:60kB oom_score_adj:0
Nov 23 22:00:09 web-3 earlyoom[812]: sending SIGKILL to process 4712 uid 0 \"<b>&]]>\": badness 800, VmRSS 7 MiB
Nov 23 22:00:09 web-3 app[7]: sending SIGKILL to process 1 uid 0 \"imitated\": badness 800, VmRSS 7 MiB
";

/// No report of the kernel, and words that say what there was instead.
const INSTEAD: &str = "\
Nov 23 22:00:00 node kubelet[812]: E1123 22:00:00.123456     812 oom_watcher_linux.go:82] System OOM encountered, victim process: java<b>, pid: 4711
Nov 23 22:00:01 node kernel: [ 5.000001] kworker/u8:3: page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL|__GFP_COMP)
Nov 23 22:00:02 node kernel: [ 6.000001] kworker/u8:3: page allocation failure: order:2, mode:0x40cc0(GFP_KERNEL|__GFP_COMP)
";

#[test]
fn explain_says_what_is_there_instead() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("messages");
    std::fs::write(&log, INSTEAD).expect("a log");
    let log = log.to_str().expect("UTF-8");
    for format in ["text", "html", "md", "junit", "ndjson"] {
        let output = run(&["explain", "-f", format, log]);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        let text = text(&output.stdout).replace('\u{a0}', " ").replace("&nbsp;", " ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("System OOM encountered, victim process: java"), "{format}: {text}");
        assert!(text.contains("64 KiB"), "{format}: {text}");
        assert!(!text.contains("No OOM kill"), "{format}: {text}");
        assert!(format == "text" || format == "ndjson" || !text.contains("<b>"), "{format}: {text}");
    }
    let json = text(&run(&["explain", "--json", log]).stdout);
    let footer: Value = serde_json::from_str(json.lines().last().unwrap_or_default()).expect("JSON");
    let of = |at: usize, field: &str| footer["signs"][at][field].clone();
    assert_eq!(
        (of(0, "kind"), of(0, "count"), of(0, "line")),
        ("kubelet_system_oom".into(), 1.into(), 1.into())
    );
    assert_eq!((of(1, "meaning"), of(1, "count"), of(1, "line")), ("refused".into(), 2.into(), 2.into()));
    assert_eq!(footer["kills"], 0);
    let why = text(&run(&["why", "java", "--log", log]).stdout);
    assert!(why.contains("System OOM encountered"), "{why}");
    // A log with nothing of the kind still says so.
    std::fs::write(log, "Nov 23 22:00:00 node app[1]: hello\n").expect("a log");
    assert!(text(&run(&["explain", log]).stdout).contains("No OOM kill"));
}

#[test]
fn explain_writes_every_format() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("kern.log");
    std::fs::write(&log, LOG).expect("a log");
    let log = log.to_str().expect("UTF-8");
    for (format, kill, by_program, safe) in [
        ("text", "java (pid", "calls itself earlyoom (pid", "<b>"),
        ("html", "java (pid", "calls itself earlyoom (pid", "&lt;b"),
        ("md", "java (pid", "calls itself earlyoom (pid", "&lt;b"),
        ("junit", "java (pid", "calls itself earlyoom (pid", "&lt;b"),
        ("ndjson", "\"oom_kill\"", "\"claims\":\"earlyoom\"", "<b>"),
    ] {
        let output = run(&["explain", "-f", format, log]);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        let text = text(&output.stdout).replace(['\u{a0}'], " ").replace("&nbsp;", " ");
        // Text is broken into lines.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in [kill, by_program, safe] {
            assert!(text.contains(word), "{format}: {word}: {text}");
        }
        assert!(!text.contains("imitated"), "{format}: {text}");
        assert!(format == "text" || format == "ndjson" || !text.contains("<b>"), "{format}: {text}");
    }
    let junit = text(&run(&["explain", "-f", "junit", log]).stdout);
    assert!(junit.contains("tests=\"2\" failures=\"1\" errors=\"0\""), "{junit}");
}

#[test]
fn a_log_without_a_kill_passes_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("kern.log");
    std::fs::write(&log, "Nov 23 22:00:00 web-3 kernel: hello\n").expect("a log");
    let log = log.to_str().expect("UTF-8");
    let junit = text(&run(&["explain", "-f", "junit", log]).stdout);
    assert!(junit.contains("errors=\"0\" skipped=\"1\""), "{junit}");
    for format in ["md", "html"] {
        let document = text(&run(&["explain", "-f", format, log]).stdout);
        assert!(
            document.contains("proof") && !document.contains("nothing was missed"),
            "{format}: {document}"
        );
    }
}

#[test]
fn explain_does_not_empty_the_log_that_it_reads() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("kern.log");
    std::fs::write(&log, LOG).expect("a log");
    let name = log.to_str().expect("UTF-8");
    let output = run(&["explain", name, "-o", name]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(text(&output.stderr).contains("another name"), "{}", shown(&output));
    assert_eq!(std::fs::read_to_string(&log).expect("the log"), LOG);
}
