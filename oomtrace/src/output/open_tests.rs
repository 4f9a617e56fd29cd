//! What is opened, and what is refused, for oneself. What others plant is tried by root in `tests/tests/outputs.rs`.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::*;
use crate::rights::Owner;

fn open(path: &Path, wanted: Wanted) -> Result<Opened> {
    Place::find(path, &Owner::for_user(None))?.open(wanted, Some(Instant::now()))
}

fn refusal(path: &Path, wanted: Wanted) -> String {
    open(path, wanted).unwrap_err().to_string()
}

#[test]
fn links_in_the_last_component_are_not_followed() {
    let tmp = tempfile::tempdir().unwrap();
    let (target, link) = (tmp.path().join("target"), tmp.path().join("link"));
    fs::write(&target, "kept").unwrap();
    symlink(&target, &link).unwrap();
    for wanted in [Wanted::Emptied, Wanted::Appended, Wanted::Blocks] {
        assert!(refusal(&link, wanted).contains("symbolic link"));
    }
    fs::remove_file(&link).unwrap();
    fs::hard_link(&target, &link).unwrap();
    for wanted in [Wanted::Emptied, Wanted::Appended, Wanted::Blocks] {
        assert!(refusal(&link, wanted).contains("hard links"));
    }
    fs::remove_file(&link).unwrap();
    symlink(tmp.path().join("new"), &link).unwrap();
    assert!(refusal(&link, Wanted::Emptied).contains("symbolic link"));
    assert!(!tmp.path().join("new").exists());
    assert_eq!(fs::read(&target).unwrap(), b"kept");
}

#[test]
fn each_purpose_has_its_content_and_mode() {
    let tmp = tempfile::tempdir().unwrap();
    for (wanted, text, mode) in [
        (Wanted::Emptied, "", Some(0o600)),
        (Wanted::Blocks, "", Some(0o600)),
        (Wanted::Appended, "lines of others\n", None),
    ] {
        let path = tmp.path().join(format!("{wanted:?}"));
        fs::write(&path, "lines of others\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(open(&path, wanted).unwrap().kind, Kind::File);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode.unwrap_or(0o640));
    }
}

#[test]
fn a_fifo_without_a_reader_is_given_up_and_a_socket_is_nothing_to_write_to() {
    let tmp = tempfile::tempdir().unwrap();
    let path = tmp.path().join("fifo");
    let name = std::ffi::CString::new(path.as_os_str().as_encoded_bytes()).unwrap();
    // SAFETY: a live string.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    assert!(refusal(&path, Wanted::Emptied).contains("nobody reads"));
    let reader = File::options().read(true).write(true).open(&path).unwrap();
    assert_eq!(open(&path, Wanted::Emptied).unwrap().kind, Kind::Fifo);
    assert!(refusal(&path, Wanted::Blocks).contains("no regular file"));
    drop(reader);
    let socket = tmp.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert!(refusal(&socket, Wanted::Emptied).starts_with("can't open"));
}

#[test]
fn descriptors_are_no_links() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(file.as_file()));
    assert_eq!(open(Path::new(&path), Wanted::Emptied).unwrap().kind, Kind::File);
}

#[test]
fn a_place_stays_where_its_directory_goes() {
    let tmp = tempfile::tempdir().unwrap();
    let (before, after) = (tmp.path().join("before"), tmp.path().join("after"));
    fs::create_dir(&before).unwrap();
    let place = Place::find(&before.join("file"), &Owner::for_user(None)).unwrap();
    let first = place.open(Wanted::Emptied, None).unwrap().file;
    assert!(place.leads_to(&first));
    fs::rename(&before, &after).unwrap();
    symlink(tmp.path(), &before).unwrap();
    assert!(place.leads_to(&first));
    fs::rename(after.join("file"), after.join("rotated")).unwrap();
    assert!(!place.leads_to(&first));
    let second = place.open(Wanted::Emptied, None).unwrap().file;
    assert!(after.join("file").exists() && !tmp.path().join("file").exists());
    assert!(place.remove(&first).is_err() && after.join("file").exists());
    assert!(place.open_again(&first, 0).is_err() && place.open_again(&second, libc::O_DSYNC).is_ok());
    place.remove(&second).unwrap();
    assert!(!after.join("file").exists());
}
