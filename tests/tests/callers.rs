//! Who called: as whom a command runs and files are opened, and what a plain user gets from the capabilities of the program's
//! file.

// Helpers say what they expect as tests do.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use support::{errors, oomtrace, root};

const NOBODY: u32 = 65_534;
const SUDO: [(&str, &str); 3] = [("SUDO_UID", "65534"), ("SUDO_GID", "65534"), ("SUDO_USER", "nobody")];
/// All that oomtrace asks for in one call, as `cap_user_data_t` has it: DAC_READ_SEARCH, IPC_LOCK, SYS_PTRACE, SYS_NICE,
/// SYS_RESOURCE; SYSLOG, PERFMON, BPF.
const CAPABILITIES: [u32; 2] =
    [READ_SEARCH | 1 << 14 | 1 << 19 | 1 << 23 | 1 << 24, 1 << 2 | 1 << 6 | 1 << 7];

const READ_SEARCH: u32 = 1 << 2;

fn run(variables: &[(&str, &str)], options: &[&str], script: &str) -> Output {
    command(variables, options, script).output().expect("oomtrace starts")
}

fn command(variables: &[(&str, &str)], options: &[&str], script: &str) -> Command {
    let mut command = Command::new(oomtrace());
    command.args(["run", "-q", "--without-probe", "all", "--scope", "tree", "--annotations", "none"]);
    command
        .args(options)
        .args(["--", "sh", "-c", script])
        .stdin(Stdio::null())
        .envs(variables.iter().copied());
    command
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A directory that the caller may go through and write to.
fn open_directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    fs::set_permissions(directory.path(), Permissions::from_mode(0o777)).expect("modes");
    directory
}

#[test]
fn a_caller_who_cannot_be_made_out_is_refused() {
    if !root("callers") {
        return;
    }
    let directory = open_directory();
    let file = directory.path().join("file");
    let name = file.to_string_lossy();
    let log = concat!(env!("CARGO_MANIFEST_DIR"), "/../oomtrace/tests/fixtures/klog/6.12-v2-kinds.kmsg");
    for variables in [
        &[("SUDO_UID", "4294967295"), ("SUDO_GID", "65534")][..],
        &[("SUDO_UID", "nobody"), ("SUDO_GID", "65534")],
        &[("SUDO_UID", ""), ("SUDO_GID", "65534")],
        &[("SUDO_UID", "-1"), ("SUDO_GID", "65534")],
        &[("SUDO_UID", "18446744073709551615"), ("SUDO_GID", "65534")],
        &[("SUDO_UID", "65534")],
        &[("SUDO_GID", "65534")],
        &[("SUDO_UID", "65534"), ("SUDO_GID", "x")],
        &[("SUDO_UID", "65534"), ("SUDO_GID", "0")],
        &[("SUDO_UID", "65534"), ("SUDO_GID", "65534"), ("SUDO_USER", "daemon")],
        &[("DOAS_USER", "")],
        &[("DOAS_USER", "no-such-user")],
        &[("PKEXEC_UID", "x")],
        &[("PKEXEC_UID", "4294967295")],
        &[("PKEXEC_UID", "65534"), ("DOAS_USER", "daemon")],
    ] {
        let output = run(variables, &[], "echo started");
        let text = errors(&output);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(125), ""), "{variables:?}: {text}");
        assert!(text.contains(variables[0].0) || variables.len() > 1, "{variables:?}: {text}");
        assert!(text.contains("--keep-root") && text.contains("--user"), "{variables:?}: {text}");
        if variables[0].1 != "4294967295" {
            continue;
        }
        // The remedies that it names.
        assert_eq!(out(&run(variables, &["--keep-root"], "id -u")), "0\n", "{variables:?}");
        assert_eq!(out(&run(variables, &["--user", "nobody"], "id -u")), "65534\n", "{variables:?}");
        for arguments in [
            &["trace", "--duration", "10ms", "--without-probe", "all", "-o", &name][..],
            &["record", "--duration", "10ms", "--without-probe", "all", "-o", &name],
            &["explain", "-o", &name, log],
        ] {
            let mut command = Command::new(oomtrace());
            let output = command.args(arguments).envs(variables.iter().copied()).output().expect("it starts");
            assert_eq!(output.status.code(), Some(1), "{arguments:?} {variables:?}: {}", errors(&output));
            assert!(!file.exists(), "{arguments:?} {variables:?} made a file");
        }
    }
}

#[test]
fn the_command_has_the_callers_ids_and_nothing_of_roots() {
    if !root("the caller's ids") {
        return;
    }
    let script = "grep -E '^(Uid|Gid|Groups|Cap(Inh|Prm|Eff|Amb)):' /proc/self/status; env";
    for variables in [&SUDO[..], &[("DOAS_USER", "nobody")], &[("PKEXEC_UID", "65534")]] {
        let mut command = command(variables, &[], script);
        command.envs([
            ("MAIL", "/var/mail/root"),
            ("XDG_RUNTIME_DIR", "/run/user/0"),
            ("SHELL", "/bin/rootsh"),
        ]);
        command.envs([("HOME", "/root"), ("USER", "root"), ("LOGNAME", "root"), ("SUDO_ASKPASS", "/x")]);
        // SAFETY: system calls only. Root's ids are to be no capabilities by themselves, and those that are inherited stay.
        unsafe {
            command.pre_exec(|| {
                const NO_SETUID_FIXUP: libc::c_ulong = 1 << 2;
                libc::prctl(libc::PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0);
                let header = [0x2008_0522_u32, 0];
                let mut sets = [0_u32; 6];
                libc::syscall(libc::SYS_capget, header.as_ptr(), sets.as_mut_ptr());
                (sets[2], sets[5]) = (sets[1], sets[4]);
                libc::syscall(libc::SYS_capset, header.as_ptr(), sets.as_ptr());
                Ok(())
            });
        }
        let output = command.output().expect("oomtrace starts");
        let text = out(&output);
        let status = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        for name in ["Uid:", "Gid:"] {
            assert_eq!(status(name), ["65534"; 4], "{variables:?}: {text}{}", errors(&output));
        }
        assert_eq!(status("Groups:"), ["65534"], "{text}");
        for name in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
            assert_eq!(status(name), ["0000000000000000"], "{variables:?} {name}: {text}");
        }
        for name in ["SUDO_", "DOAS_USER=", "PKEXEC_UID=", "MAIL=", "XDG_RUNTIME_DIR="] {
            assert!(
                !text.lines().any(|line| line.starts_with(name)),
                "{variables:?}: {name} is left: {text}"
            );
        }
        for line in ["HOME=/nonexistent", "USER=nobody", "LOGNAME=nobody", "SHELL=/usr/sbin/nologin"] {
            assert!(text.lines().any(|found| found == line), "{variables:?}: no {line}: {text}");
        }
    }
}

#[test]
fn no_program_of_the_callers_path_is_run_as_root() {
    if !root("programs of PATH") {
        return;
    }
    let directory = open_directory();
    let trace = directory.path().join("ran");
    for name in ["getent", "id"] {
        let file = directory.path().join(name);
        fs::write(&file, format!("#!/bin/sh\necho {name} >> {}\n", trace.display())).expect("a program");
        fs::set_permissions(&file, Permissions::from_mode(0o755)).expect("modes");
    }
    let path = format!("{}:{}", directory.path().display(), std::env::var("PATH").expect("a path"));
    // In the files, and in none.
    for id in ["65534", "54321"] {
        let output = run(&[("SUDO_UID", id), ("SUDO_GID", id), ("PATH", &path)], &[], "/usr/bin/id -u");
        assert_eq!(out(&output), format!("{id}\n"), "{}", errors(&output));
    }
    assert!(!trace.exists(), "root ran {}", fs::read_to_string(&trace).unwrap_or_default());
}

/// The program with file capabilities, for everybody.
fn with_capabilities(directory: &Path) -> PathBuf {
    let program = directory.join("oomtrace");
    fs::copy(oomtrace(), &program).expect("a copy");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("modes");
    // One that is outside of the bounding set would keep the program from starting.
    let status = fs::read_to_string("/proc/self/status").expect("procfs");
    let bounding = status.lines().find_map(|line| line.strip_prefix("CapBnd:")).expect("a bounding set");
    let bounding = u64::from_str_radix(bounding.trim(), 16).expect("a number");
    let [low, high] = [0, 32].map(|shift| (bounding >> shift) as u32);
    assert!(
        low & READ_SEARCH != 0,
        "CAP_DAC_READ_SEARCH can't be had here, without which this shows nothing"
    );
    // `struct vfs_cap_data`, revision 2, effective.
    let words = [0x0200_0001, CAPABILITIES[0] & low, 0, CAPABILITIES[1] & high, 0];
    let value: Vec<u8> = words.iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    let name = std::ffi::CString::new(program.as_os_str().as_encoded_bytes()).expect("a path");
    // SAFETY: live strings and a live value with its length.
    let done = unsafe {
        libc::setxattr(name.as_ptr(), c"security.capability".as_ptr(), value.as_ptr().cast(), value.len(), 0)
    };
    assert_eq!(done, 0, "no file capabilities here: {}", std::io::Error::last_os_error());
    program
}

#[test]
fn file_capabilities_read_no_file_for_a_plain_user() {
    if !root("file capabilities") {
        return;
    }
    let directory = open_directory();
    let program = with_capabilities(directory.path());
    let as_nobody = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).uid(NOBODY).gid(NOBODY).current_dir(directory.path()).stdin(Stdio::null());
        command.output().expect("it starts")
    };
    // Readable by root alone, and all but by capability.
    let private = |name: &str, text: &[u8]| {
        let file = directory.path().join(name);
        fs::write(&file, text).expect("a file");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("modes");
        file.to_string_lossy().into_owned()
    };
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../oomtrace/tests/fixtures");
    let log = private("log", &fs::read(fixtures.join("klog/6.12-v2-kinds.kmsg")).expect("a log"));
    let btf = private("btf", &fs::read(fixtures.join("btf/6.12.107-amd64.btf")).expect("types"));
    let record = br#"{"type":"lost","time":"2026-01-01T00:00:00Z","kills":4711,"records":1,"why":"secret"}"#;
    let evidence = private("evidence", &[record, &b"\n"[..]].concat());
    for arguments in [
        &["report", &evidence][..],
        &["report", "--json", &evidence],
        &["explain", &log],
        &["why", "1", "--evidence", &evidence],
        &["why", "1", "--log", &log],
        &["trace", "--duration", "10ms", "--btf", &btf],
        &["doctor", "--btf", &btf],
        &["diagnose-record", &evidence],
    ] {
        let output = as_nobody(arguments);
        let text = format!("{}{}", out(&output), errors(&output));
        assert!(!output.status.success(), "{arguments:?} read root's file: {text}");
        assert!(!text.contains("4711") && !text.contains("OOM kill"), "{arguments:?}: {text}");
        assert!(text.to_lowercase().contains("permission denied"), "{arguments:?}: {text}");
    }
    // The same files are read by who may, and the capabilities still do what they are for.
    fs::set_permissions(&log, Permissions::from_mode(0o644)).expect("modes");
    assert!(as_nobody(&["explain", &log]).status.success());
    let output = as_nobody(&["trace", "--json", "--duration", "100ms", "-o", "trace.json"]);
    assert!(output.status.success(), "{}", errors(&output));
    let doctor = out(&as_nobody(&["doctor", "--json"]));
    let doctor: serde_json::Value = serde_json::from_str(&doctor).expect("JSON");
    let check = doctor["checks"].as_array().expect("checks").iter().find(|check| check["name"] == "program");
    let check = check.expect("who may run it");
    assert_eq!(check["state"], "degraded", "{check}");
    assert!(check["remedy"].as_str().is_some_and(|text| text.contains("0750")), "{check}");
}

#[test]
fn what_removes_cgroups_touches_nothing_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).into_os_string().into_string().expect("UTF-8");
    let (file, empty, ours) = (path("cgroup.subtree_control"), path("empty"), path("oomtrace-run-1-1"));
    fs::write(&file, "secret").expect("a file");
    [&empty, &ours].iter().for_each(|dir| fs::create_dir(dir).expect("a directory"));
    for arguments in [
        ["/nonexistent", "-", &file],
        ["/nonexistent/oomtrace-run-1-1", "-", &file],
        [&ours, &file, "-"],
        [&empty, "-", "-"],
        [&ours, "-", "-"],
    ] {
        let output = Command::new(oomtrace())
            .arg("cgroup-janitor")
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("oomtrace starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
    }
    assert_eq!(fs::read_to_string(&file).expect("the file"), "secret");
    assert!([&empty, &ours].iter().all(|dir| Path::new(dir).is_dir()));
}
