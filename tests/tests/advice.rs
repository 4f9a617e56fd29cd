//! Advice is tried: a program is killed under `oomtrace run`, the advice of its record is followed word by word, and the next
//! run has to end as the advice promises. `cargo test -p oomtrace-tests --test advice -- --nocapture` prints the table.

// Helpers say what they expect as tests do.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::{errors, oomtrace, root};

/// What the advice promises of the next run.
enum Promise {
    /// It ends by itself with 0, and nothing is killed.
    Lives,
    /// It ends by itself with these words, and nothing is killed.
    FailsWith(&'static str),
}

/// A program, the limit that it dies of, and the advice to follow.
struct Tried {
    kind: &'static str,
    program: &'static str,
    limit: &'static str,
    /// The program's text, in a file of this name.
    file: &'static str,
    text: &'static str,
    /// The command line; `FILE` stands for the file.
    line: &'static [&'static str],
    /// Part of the command that is followed.
    command: &'static str,
    promise: Promise,
}

/// Needs 100 MiB in the end, and slows down.
const FINITE: &str = "\
import time
kept = []
for step in range(20):
    kept.append(bytearray(1048576 * max(1, 14 - step)))
    time.sleep(0.1 + step * 0.01)
";

/// Keeps 40 MB/s on the heap of V8, without end.
const KEEPS: &str = "\
const kept = [];
setInterval(() => { for (let n = 0; n < 6; n++) kept.push(new Array(8190).fill(7)); }, 10);
";

/// Keeps 20 MB/s on the heap of the JVM, without end.
const HEAP: &str = "\
import java.util.*;
class Keeps {
    public static void main(String[] args) throws Exception {
        List<byte[]> kept = new ArrayList<>();
        while (true) { kept.add(new byte[1 << 20]); Thread.sleep(50); }
    }
}
";

/// Keeps 3 MB/s, without end: growth of less than 30 s is no reason for more than a run that shows more.
const SCRIPT: &str = "\
<?php
$kept = [];
while (true) { $kept[] = str_repeat('x', 1 << 20); usleep(350000); }
";

const ALL: [Tried; 5] = [
    Tried {
        kind: "limit, measured by a run",
        program: "python3",
        limit: "64M",
        file: "finite.py",
        text: FINITE,
        line: &["/usr/bin/python3", "FILE"],
        command: "oomtrace run --memory-max",
        promise: Promise::Lives,
    },
    Tried {
        kind: "heap of Node.js",
        program: "node",
        limit: "400M",
        file: "keeps.js",
        text: KEEPS,
        line: &["node", "--max-old-space-size=2000", "FILE"],
        command: "--max-old-space-size=",
        promise: Promise::FailsWith("heap out of memory"),
    },
    Tried {
        kind: "heap of the JVM",
        program: "java",
        limit: "256M",
        file: "Keeps.java",
        text: HEAP,
        line: &["java", "-Xmx1g", "FILE"],
        command: "-Xmx",
        promise: Promise::FailsWith("OutOfMemoryError"),
    },
    Tried {
        kind: "memory_limit of PHP",
        program: "php",
        limit: "128M",
        file: "keeps.php",
        text: SCRIPT,
        line: &["/usr/bin/php", "FILE"],
        command: "-d memory_limit=",
        promise: Promise::FailsWith("Allowed memory size"),
    },
    Tried {
        kind: "V8's default heap",
        program: "node",
        limit: "200M",
        file: "keeps.js",
        text: KEEPS,
        line: &["node", "FILE"],
        command: "export NODE_OPTIONS",
        promise: Promise::FailsWith("heap out of memory"),
    },
];

/// The record of the first kill under a limit.
fn killed(limit: &str, line: &[String], dir: &Path) -> Value {
    let evidence = dir.join("evidence.ndjson");
    let mut run = Command::new(oomtrace());
    run.args(["run", "--memory-max", limit, "--evidence"]).arg(&evidence).arg("--").args(line);
    let output = run.stdin(Stdio::null()).output().expect("oomtrace starts");
    let text = fs::read_to_string(&evidence).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let found = lines.filter(|line| line["type"] == "oom_kill").find(|line| line["diagnosis"].is_object());
    found.unwrap_or_else(|| panic!("no kill of {line:?}: {}", errors(&output)))
}

/// Follows a command as it is printed, in a shell in which `sudo` is what root needs of it: nothing. What is only set or
/// changed by it holds for the run that follows in the same shell.
fn follow(shell: &str, command: &str, limit: &str, line: &[String]) -> Output {
    let own = oomtrace().display().to_string();
    let run = format!("'{own}' run --memory-max {limit} --");
    let again = if command.starts_with("export ") {
        let words: Vec<_> = line.iter().map(|word| format!("'{word}'")).collect();
        format!("{command} && {run} {}", words.join(" "))
    } else if command.contains("oomtrace run") {
        command.to_owned()
    } else {
        format!("{run} {command}")
    };
    let script = format!("sudo() {{ \"$@\"; }}; oomtrace() {{ '{own}' \"$@\"; }}; {again}");
    Command::new(shell).args(["-c", &script]).stdin(Stdio::null()).output().expect("the shell starts")
}

fn check(tried: &Tried, shell: &str, command: &str, output: &Output) {
    let all = format!("{}{}", String::from_utf8_lossy(&output.stdout), errors(output));
    let told = format!("{}, {shell}: {command}: {}\n{all}", tried.kind, output.status);
    assert_ne!(output.status.code(), Some(86), "killed again: {told}");
    assert!(!all.contains("OOM-killed") && output.status.code() != Some(137), "killed again: {told}");
    match tried.promise {
        Promise::Lives => assert!(output.status.success(), "{told}"),
        Promise::FailsWith(words) => assert!(!output.status.success() && all.contains(words), "{told}"),
    }
    println!("| {} | `{}` | {shell} | as promised |", tried.kind, command.replace('|', "\\|"));
}

fn installed(program: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .output()
        .is_ok_and(|out| out.status.success())
}

fn attempt(tried: &Tried) {
    // A machine of the tests has them all: what is missing there fails.
    assert!(installed(tried.program), "{} is not installed", tried.program);
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join(tried.file);
    fs::write(&file, tried.text).expect("the program");
    let file = file.display().to_string();
    let line: Vec<_> = tried.line.iter().map(|word| word.replace("FILE", &file)).collect();
    let record = killed(tried.limit, &line, dir.path());
    let advice = record["diagnosis"]["advice"].as_array().cloned().unwrap_or_default();
    let commands: Vec<_> = advice.iter().filter_map(|advice| advice["command"].as_str()).collect();
    let is_run = |command: &str| command.contains("oomtrace run");
    let asked = |command: &&&str| command.contains(tried.command) && is_run(command) == is_run(tried.command);
    let command = commands.iter().find(asked);
    let command =
        command.unwrap_or_else(|| panic!("{}: no such advice: {:#}", tried.kind, record["diagnosis"]));
    for shell in ["bash", "dash"] {
        check(tried, shell, command, &follow(shell, command, tried.limit, &line));
    }
}

#[test]
fn a_limit_that_shows_the_need() {
    if root("a_limit_that_shows_the_need") {
        attempt(&ALL[0]);
    }
}

#[test]
fn a_heap_of_node_that_fits() {
    if root("a_heap_of_node_that_fits") {
        attempt(&ALL[1]);
    }
}

#[test]
fn a_heap_of_the_jvm_that_fits() {
    if root("a_heap_of_the_jvm_that_fits") {
        attempt(&ALL[2]);
    }
}

#[test]
fn a_limit_of_php() {
    if root("a_limit_of_php") {
        attempt(&ALL[3]);
    }
}

#[test]
fn a_heap_of_node_below_its_default() {
    if root("a_heap_of_node_below_its_default") {
        attempt(&ALL[4]);
    }
}
