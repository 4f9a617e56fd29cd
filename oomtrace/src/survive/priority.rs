//! How likely the kernel is to choose the tracer itself.

use std::fs;
use std::io;
use std::path::Path;

use super::{State, Step};
use crate::kernel::Roots;

/// The value that is aimed at. Not -1000: a tracer that leaks must be killable, or everything else dies for it.
pub const WANTED: i32 = -900;
const NAME: &str = "oom_score_adj";

/// Lowers our own `oom_score_adj` to [`WANTED`]; one that is lower already stays.
///
/// Children inherit it, so a program that is started for the user has to get the old value back.
pub fn lower_oom_score(roots: &Roots) -> Step {
    let file = roots.proc.join("self/oom_score_adj");
    let now = read(&file);
    if let Some(now) = now.filter(|now| *now <= WANTED) {
        return Step::done(NAME, format!("{now}, as it was"));
    }
    match fs::write(&file, WANTED.to_string()) {
        Ok(()) => Step::done(NAME, format!("{WANTED}: nearly everything else is killed first")),
        Err(error) => refused(now, &error),
    }
}

fn refused(now: Option<i32>, error: &io::Error) -> Step {
    let stays = now.map_or_else(|| "it could not be read".to_owned(), |now| format!("it stays at {now}"));
    let (cause, remedy) = match error.kind() {
        io::ErrorKind::PermissionDenied => (
            "lowering it needs CAP_SYS_RESOURCE, which is missing".to_owned(),
            "run with CAP_SYS_RESOURCE (docker run --cap-add SYS_RESOURCE) or have it set by who starts the tracer \
             (OOMScoreAdjust=-900 in a systemd unit)",
        ),
        io::ErrorKind::NotFound => ("/proc is not mounted".to_owned(), "mount -t proc proc /proc"),
        _ => (error.to_string(), "set it from outside: choom -n -900 -p PID"),
    };
    Step::short(
        NAME,
        State::Failed,
        format!("{stays}: {cause}; the tracer itself may be killed like any other process"),
        remedy,
    )
}

/// Our own value, e.g. to give it back to a child.
#[must_use]
pub fn oom_score(roots: &Roots) -> Option<i32> {
    read(&roots.proc.join("self/oom_score_adj"))
}

fn read(file: &Path) -> Option<i32> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(value: Option<&str>) -> (tempfile::TempDir, Roots) {
        let tmp = tempfile::tempdir().unwrap();
        fs::create_dir(tmp.path().join("self")).unwrap();
        if let Some(value) = value {
            fs::write(tmp.path().join("self/oom_score_adj"), value).unwrap();
        }
        let roots = Roots { proc: tmp.path().into(), ..Roots::default() };
        (tmp, roots)
    }

    #[test]
    fn lowered_but_never_raised() {
        for (before, after) in [("0\n", "-900"), ("-899\n", "-900"), ("-900\n", "-900"), ("-1000\n", "-1000")]
        {
            let (_tmp, roots) = roots(Some(before));
            assert_eq!(lower_oom_score(&roots).state, State::Done);
            assert_eq!(oom_score(&roots), after.parse().ok());
        }
    }

    #[test]
    fn refusals_name_cause_and_remedy() {
        let denied = refused(Some(0), &io::ErrorKind::PermissionDenied.into());
        assert!(denied.detail.starts_with("it stays at 0: lowering it needs CAP_SYS_RESOURCE"), "{denied:?}");
        assert!(denied.note().unwrap().contains("OOMScoreAdjust=-900"));
    }

    #[test]
    fn an_absent_proc_is_told() {
        let roots = Roots { proc: "/nonexistent".into(), ..Roots::default() };
        let outcome = lower_oom_score(&roots);
        assert_eq!(outcome.state, State::Failed);
        assert!(outcome.detail.contains("/proc is not mounted"), "{outcome:?}");
    }
}
