//! What `report` and `run` write for other programs, in `target/documents` for `cargo xtask test --only validators`: the files of
//! a recording with one of everything, of a quiet one and of one that was cut off.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use oomtrace::model::*;
use support::MIB;

fn directory() -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("documents");
    // What an earlier version wrote must not pass for this one's.
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

fn oomtrace(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomtrace"));
    command.args(arguments).stdin(Stdio::null());
    for name in ["SUDO_UID", "SUDO_GID", "SUDO_USER", "GITHUB_ACTIONS", "GITLAB_CI"] {
        command.env_remove(name);
    }
    command
}

/// Memory that rises, in a cgroup with a limit and one whose name is hostile.
fn samples() -> Vec<Event> {
    let sample = |second: u64| Sample {
        time: format!("2026-11-23T14:02:{:02}.482913746Z", second + 11),
        boottime_ns: 86_401_482_913_746 + second * 1_000_000_000,
        system: Some(SystemUse {
            mem_total_bytes: 8192 * MIB,
            mem_available_bytes: (4096 - 64 * second) * MIB,
            swap_total_bytes: 0,
            swap_free_bytes: 0,
        }),
        cgroups: vec![
            CgroupUse {
                path: "/shop.slice".into(),
                usage_bytes: (100 + 8 * second) * MIB,
                limit_bytes: Some(512 * MIB),
            },
            CgroupUse {
                path: Text::new(b"/a\"<&]]>\x1b[2J\xff\n".to_vec()),
                usage_bytes: 7 * MIB,
                limit_bytes: None,
            },
        ],
        processes: vec![
            ProcessUse {
                pid: 4711,
                comm: "api \u{202e}<b>".into(),
                bytes: (90 + 8 * second) * MIB,
                cgroup: Some("/shop.slice".into()),
            },
            ProcessUse { pid: 1, comm: "init".into(), bytes: 3 * MIB, cgroup: None },
        ],
    };
    (0..30).map(|second| Event::Sample(sample(second))).collect()
}

fn write(file: &Path, events: &[Event]) {
    let lines: Vec<_> = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    fs::write(file, lines.join("\n") + "\n").unwrap();
}

#[test]
fn documents_of_every_verdict() {
    let directory = directory();
    let header = support::stream().into_iter().find(|event| matches!(event, Event::Header(_))).unwrap();
    let footer = |kills| {
        let time = "2026-11-23T14:09:00.000000000Z".into();
        Event::Footer(Footer {
            time,
            kills,
            complete: true,
            vmstat_oom_kill: Some(kills),
            ..Footer::default()
        })
    };
    let kills: Vec<_> = support::incidents()
        .into_iter()
        .map(|(name, incident)| Event::OomKill(Box::new(Incident { id: name.into(), ..incident })))
        .collect();
    let all = kills.len() as u64;
    write(
        &directory.join("night.ndjson"),
        &[vec![header.clone()], samples(), kills, vec![footer(all)]].concat(),
    );
    write(&directory.join("quiet.ndjson"), &[vec![header.clone()], samples(), vec![footer(0)]].concat());
    write(&directory.join("cut.ndjson"), &[vec![header], samples()].concat());
    for (inputs, name) in
        [(&["night"][..], "night"), (&["quiet"], "quiet"), (&["cut"], "cut"), (&["quiet", "night"], "both")]
    {
        for kind in ["xml", "pftrace"] {
            let mut report = oomtrace(&["report"]);
            report.args(inputs.iter().map(|input| directory.join(input).with_extension("ndjson")));
            let output = report.arg("-o").arg(directory.join(name).with_extension(kind)).output().unwrap();
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    for (name, options, script, code) in [
        ("run-pass", &[][..], "exit 0", 0),
        ("run-failed", &[], "exit 3", 3),
        ("run-killed", &[], "kill -9 $$", 137),
        ("run-late", &["--timeout", "100ms"], "exec sleep 60", 124),
        ("run-above", &["--fail-above", "1%"], "sleep 0.2", 86),
    ] {
        let file = directory.join(name).with_extension("xml");
        let mut run = oomtrace(&[&["run", "--quiet"], options].concat());
        let status = run.arg("--junit").arg(&file).args(["--", "sh", "-c", script]).status().unwrap();
        use std::os::unix::process::ExitStatusExt as _;
        assert_eq!(status.code().or(status.signal().map(|signal| 128 + signal)), Some(code), "{name}");
        assert!(file.exists(), "{name}");
    }
}
