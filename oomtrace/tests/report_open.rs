//! `report --open`: what is handed to the program that opens files, and what is said when there is none or it fails.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ndjson/samples.ndjson");

/// A machine with one program that opens files: it writes down what it was given, and ends with a code.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new(code: i32) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let script =
            format!("#!/bin/sh\nprintf '%s\\n' \"$#\" \"$1\" > {}\nexit {code}\n", desk.given().display());
        let opener = desk.0.path().join("xdg-open");
        fs::write(&opener, script).unwrap();
        fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(desk.runtime()).unwrap();
        desk
    }

    fn given(&self) -> PathBuf {
        self.0.path().join("given")
    }

    fn runtime(&self) -> PathBuf {
        self.0.path().join("run")
    }

    fn report(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oomtrace"));
        command.args(["report", SAMPLES, "--open"]).args(arguments);
        command.env("PATH", self.0.path()).env("XDG_RUNTIME_DIR", self.runtime());
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// The one argument of the opener.
    fn opened(&self) -> PathBuf {
        let given = fs::read_to_string(self.given()).unwrap();
        let path = given.strip_prefix("1\n").unwrap();
        path.trim_end_matches('\n').into()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn begins(file: &Path, with: &str) -> bool {
    fs::read_to_string(file).unwrap().starts_with(with)
}

#[test]
fn a_page_without_a_name_is_private_and_opened() {
    let desk = Desk::new(0);
    let output = desk.report(&[]);
    assert!(output.status.success() && output.stdout.is_empty(), "{}", said(&output));
    let page = desk.opened();
    assert!(page.starts_with(desk.runtime()), "{page:?}");
    assert!(begins(&page, "<!doctype html>") || begins(&page, "<!DOCTYPE html>"), "{page:?}");
    assert_eq!(fs::metadata(&page).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(said(&output).contains(page.to_str().unwrap()), "where it is has to be said: {}", said(&output));
    // A second one is another file.
    assert!(desk.report(&[]).status.success());
    assert_ne!(desk.opened(), page);
}

#[test]
fn a_named_file_of_any_kind_is_opened() {
    let desk = Desk::new(0);
    let file = desk.0.path().join("a name; with $(touch x) blanks.md");
    let output = desk.report(&["-o", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(desk.opened(), file);
    assert!(begins(&file, "#"), "Markdown by the end of its name");
    assert!(!Path::new("x").exists() && !desk.0.path().join("x").exists());
}

#[test]
fn an_opener_that_fails_or_is_missing_is_told_with_what_to_do() {
    let desk = Desk::new(3);
    let output = desk.report(&[]);
    let page = desk.opened();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("xdg-open failed") && said(&output).contains(page.to_str().unwrap()),
        "{}",
        said(&output)
    );
    fs::remove_file(desk.0.path().join("xdg-open")).unwrap();
    let output = desk.report(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("can't run xdg-open") && said(&output).contains("the page is written"),
        "{}",
        said(&output)
    );
}
