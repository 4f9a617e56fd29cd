//! The contained scenarios on this very machine: real kills in throw-away memory cgroups.

mod support;

use std::process::Command;

#[test]
fn every_contained_scenario_agrees_with_the_kernel() {
    if !support::root("native scenarios") {
        return;
    }
    let status = Command::new(support::GUEST)
        .arg("--native")
        .env("OOMTRACE_BIN", support::oomtrace())
        .status()
        .expect("the guest binary starts");
    assert!(status.success(), "see the lines `@@ fail` and `MISMATCH` above");
    let left: Vec<_> = std::fs::read_dir("/sys/fs/cgroup")
        .into_iter()
        .flatten()
        .chain(std::fs::read_dir("/sys/fs/cgroup/memory").into_iter().flatten())
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("oomtrace-test-"))
        .map(|entry| entry.path())
        .collect();
    assert!(left.is_empty(), "memory cgroups left behind: {left:?}");
}
