//! What tests on this machine stand on.

// Each test binary uses its own part, and a helper of tests says what it expects as they do.
#![allow(dead_code, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use oomtrace_tests::cgroup::{Cgroup, Hierarchy};
use oomtrace_tests::scenario::PREFIX;
use oomtrace_tests::sys;

/// The guest binary, which has the workloads.
pub(crate) const GUEST: &str = env!("CARGO_BIN_EXE_oomtrace-guest");

/// Generous: a debug build on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The tracer: `OOMTRACE_BIN`, or built now: what lies beside the tests may be older than the source.
pub(crate) fn oomtrace() -> PathBuf {
    static ALONE: std::sync::Once = std::sync::Once::new();
    // Tests that are run by sudo are to act for root, not for whoever called.
    ALONE.call_once(|| {
        for name in ["SUDO_UID", "SUDO_GID", "SUDO_USER", "SUDO_COMMAND", "DOAS_USER", "PKEXEC_UID"] {
            // SAFETY: only std reads the environment here, and it has a lock for that.
            unsafe { std::env::remove_var(name) };
        }
    });
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let named = std::env::var_os("OOMTRACE_BIN").map(PathBuf::from);
    let binary = named.unwrap_or_else(|| BUILT.get_or_init(build).clone());
    assert!(binary.exists(), "no tracer at {}: OOMTRACE_BIN names nothing", binary.display());
    binary
}

fn build() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "oomtrace", "--bin", "oomtrace"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let status = cargo.status().expect("cargo starts");
    assert!(status.success(), "oomtrace does not build");
    Path::new(GUEST).with_file_name("oomtrace")
}

/// True when real kills can be made. Without root the test fails, unless `OOMTRACE_NO_ROOT=1` asks to leave it out.
pub(crate) fn root(test: &str) -> bool {
    if sys::is_root() {
        return true;
    }
    assert!(
        std::env::var_os("OOMTRACE_NO_ROOT").is_some_and(|value| value == "1"),
        "{test} needs root to load probes and make memory cgroups: run with sudo, or leave it out by OOMTRACE_NO_ROOT=1"
    );
    // Past the capture of the test harness: what is left out must be seen.
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: not root (OOMTRACE_NO_ROOT=1)");
    false
}

/// Runs oomtrace to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    Command::new(oomtrace()).args(arguments).stdin(Stdio::null()).output().expect("oomtrace starts")
}

/// Standard error as text.
pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits for the end of a process.
pub(crate) fn end(child: &mut Child, within: Duration) -> std::process::ExitStatus {
    let limit = Instant::now() + within;
    loop {
        if let Some(status) = child.try_wait().expect("a child of ours") {
            return status;
        }
        if Instant::now() > limit {
            let _ = child.kill();
            panic!("process {} did not end within {within:?}", child.id());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until the text of a file satisfies.
pub(crate) fn wait_for(file: &Path, what: &str, satisfied: impl Fn(&str) -> bool) -> String {
    let limit = Instant::now() + PATIENCE;
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if satisfied(&text) {
            return text;
        }
        assert!(Instant::now() < limit, "no {what} in {}: {text}", file.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// One contained kill; returns the path of the cgroup, which is gone, and the victim's process id.
pub(crate) fn kill(name: &str) -> (String, u32) {
    let hierarchy = Hierarchy::find().expect("a memory cgroup hierarchy");
    let name = format!("{PREFIX}{}-{name}", std::process::id());
    let cgroup = Cgroup::new(&hierarchy, name.as_bytes()).expect("root can make a cgroup");
    cgroup.limit(8 << 20).expect("a limit");
    let mut victim = Command::new(GUEST)
        .arg("workload")
        .arg(cgroup.join())
        .args(["comm=victim", "anon", "33554432"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the workload starts");
    let pid = victim.id();
    let status = end(&mut victim, PATIENCE);
    use std::os::unix::process::ExitStatusExt as _;
    assert_eq!(status.signal(), Some(libc::SIGKILL), "the workload was not killed");
    (String::from_utf8(cgroup.path()).expect("a plain name"), pid)
}
