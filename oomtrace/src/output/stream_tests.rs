//! Real files, pipes and full disks.

use std::fs;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;

use super::*;

#[test]
fn a_file_is_emptied_and_private() {
    let tmp = tempfile::tempdir().unwrap();
    let path = tmp.path().join("json");
    fs::write(&path, "old and longer than what comes").unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let mut output = Output::open(Some(&path)).unwrap();
    assert_eq!(output.line(b"one").unwrap(), Wrote::All);
    assert_eq!(output.block(b"two\nthree\n").unwrap(), Wrote::All);
    assert!(!output.is_terminal() && output.columns().is_none());
    output.finish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\nthree\n");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let new = tmp.path().join("new");
    Output::open(Some(&new)).unwrap();
    assert_eq!(fs::metadata(&new).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_file_that_is_rotated_away_grows_from_its_start() {
    let tmp = tempfile::tempdir().unwrap();
    let path = tmp.path().join("log");
    let mut output = Output::open(Some(&path)).unwrap();
    let _ = output.line(b"before").unwrap();
    File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    let _ = output.line(b"after").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"after\n");
}

#[test]
fn devices_are_written_as_they_are() {
    let mut output = Output::open(Some(Path::new("/dev/null"))).unwrap();
    assert_eq!(output.line(b"x").unwrap(), Wrote::All);
    output.finish().unwrap();
}

#[test]
fn a_full_disk_is_named_with_its_remedy() {
    let mut output = Output::open(Some(Path::new("/dev/full"))).unwrap();
    let error = output.line(b"x").unwrap_err().to_string();
    assert!(error.starts_with("can't write \"/dev/full\": No space left on device"), "{error}");
    assert!(error.contains("free some space"), "{error}");
}

#[test]
fn paths_that_cannot_be_opened() {
    let tmp = tempfile::tempdir().unwrap();
    for (path, remedy) in [("none/file", "make its directory"), (".", "it is a directory")] {
        let error = Output::open(Some(&tmp.path().join(path))).unwrap_err().to_string();
        assert!(error.starts_with("can't open ") && error.contains(remedy), "{error}");
    }
    // What a terminal would act on is escaped.
    let error = Output::open(Some(Path::new("/none/\u{1b}[31m\n"))).unwrap_err().to_string();
    assert!(!error.contains('\u{1b}') && !error.contains('\n'), "{error}");
}

/// An output of which the test holds the other end.
fn pipe() -> (Output, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (Output::of_file(File::from(OwnedFd::from(ours)), "pipe".into()), theirs)
}

#[test]
fn a_closed_pipe_is_no_error() {
    let (mut output, reader) = pipe();
    assert_eq!(output.line(b"x").unwrap(), Wrote::All);
    drop(reader);
    assert_eq!(output.line(b"y").unwrap(), Wrote::Closed);
    output.finish().unwrap();
}

#[test]
fn a_reader_that_is_slow_gets_everything() {
    let (mut output, mut reader) = pipe();
    // SAFETY: a plain call on an open descriptor.
    unsafe { libc::fcntl(output.file.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    let line = vec![b'x'; 1 << 20];
    let length = line.len() + 1;
    let writer = std::thread::spawn(move || output.line(&line).unwrap());
    std::thread::sleep(std::time::Duration::from_millis(20));
    let mut got = vec![0; length];
    reader.read_exact(&mut got).unwrap();
    assert_eq!((writer.join().unwrap(), got.last()), (Wrote::All, Some(&b'\n')));
}

#[test]
fn half_a_line_is_cut_off_again() {
    let tmp = tempfile::tempdir().unwrap();
    let path = tmp.path().join("f");
    for append in [true, false] {
        fs::write(&path, "whole\nhal").unwrap();
        let mut file = File::options().write(!append).append(append).open(&path).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        let mut output = Output::of_file(file, "f".into());
        output.take_back(3);
        assert_eq!(fs::read(&path).unwrap(), b"whole\n");
        let _ = output.line(b"next").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole\nnext\n");
    }
}

#[test]
fn the_limit_on_file_sizes_leaves_whole_lines() {
    // In a child: the limit is the whole process's.
    const FILE: &str = "OOMTRACE_TEST_LIMITED_FILE";
    if let Some(path) = std::env::var_os(FILE) {
        let limit = libc::rlimit { rlim_cur: 10, rlim_max: 10 };
        // SAFETY: a live struct of the right type.
        unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) };
        let mut output = Output::open(Some(Path::new(&path))).unwrap();
        let _ = output.line(b"12345").unwrap();
        let error = output.line(b"67890").unwrap_err().to_string();
        assert!(error.contains("ulimit -f"), "{error}");
        let _ = output.line(b"abc").unwrap();
        return;
    }
    let tmp = tempfile::tempdir().unwrap();
    let path = tmp.path().join("limited");
    let this = "output::stream::tests::the_limit_on_file_sizes_leaves_whole_lines";
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", this])
        .env(FILE, &path)
        .stdout(std::process::Stdio::piped())
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"), "{child:?}");
    // "67890\n" did not fit, so its four bytes that did are gone; "abc\n" fits.
    assert_eq!(fs::read(&path).unwrap(), b"12345\nabc\n");
}

#[test]
fn what_was_rotated_away_is_opened_anew() {
    let tmp = tempfile::tempdir().unwrap();
    let (path, rotated) = (tmp.path().join("log"), tmp.path().join("log.1"));
    let mut output = Output::open(Some(&path)).unwrap();
    let _ = output.line(b"one").unwrap();
    assert_eq!(output.standing(), Standing::InPlace);
    fs::rename(&path, &rotated).unwrap();
    assert_eq!(output.standing(), Standing::Renamed);
    let _ = output.line(b"two").unwrap();
    output.reopen(Wanted::Emptied).unwrap();
    let _ = output.line(b"three").unwrap();
    assert_eq!(
        (fs::read(&rotated).unwrap(), fs::read(&path).unwrap()),
        (b"one\ntwo\n".into(), b"three\n".into())
    );
    // A link at its name is not followed then, either.
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&rotated, &path).unwrap();
    assert!(output.reopen(Wanted::Emptied).is_err());
    assert_eq!(fs::read(&rotated).unwrap(), b"one\ntwo\n");
}
