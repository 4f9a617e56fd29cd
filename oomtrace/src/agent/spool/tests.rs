use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::agent::config::Fsync;
use crate::model::{Event, Incident};

fn policy(max_size: u64) -> Policy {
    Policy { max_size, max_age: Duration::from_secs(86_400), fsync: Fsync::Kills }
}

fn kill(id: &str, note: String) -> Event {
    let mut incident = Incident { id: id.into(), ..Incident::default() };
    incident.source.notes.push(note);
    Event::OomKill(Box::new(incident))
}

fn ids(stored: &Stored) -> Vec<String> {
    let id = |event: &Event| match event {
        Event::OomKill(incident) => incident.id.clone(),
        _ => String::new(),
    };
    stored.events.iter().map(id).collect()
}

fn done(spool: &mut Spool) {
    assert!(matches!(spool.flush(true), Flushed::Done(_)));
}

/// Bytes that do not shrink.
fn noise(seed: u64, length: usize) -> String {
    let mut state = seed | 1;
    let mut text = String::new();
    while text.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text += &format!("{state:016x}");
    }
    text
}

#[test]
fn what_was_written_is_read_again_also_after_the_writer_died() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, stored, notes) = Spool::open(dir.path(), policy(8 << 20)).unwrap();
    assert!(stored.events.is_empty() && notes.is_empty());
    let seq = spool.put(&kill("a", String::new()), Timestamp::now()).unwrap();
    done(&mut spool);
    spool.put(&kill("b", String::new()), Timestamp::now()).unwrap();
    spool.replace(seq, &kill("a2", String::new()), Timestamp::now()).unwrap();
    let mark = Mark { boot_id: "boot".into(), oom_kills: 3, kmsg_seq: Some(9), boottime_ns: 4 };
    spool.mark(&mark);
    spool.peak(Timestamp::now(), b"/a", Peak { bytes: 7, limit: 9 });
    spool.peak(Timestamp::now(), b"/a", Peak { bytes: 5, limit: 9 });
    done(&mut spool);
    // Nothing is closed: what is on the disk must do.
    std::mem::forget(spool);
    let stored = read(dir.path(), None).unwrap();
    assert_eq!(ids(&stored), ["a2", "b"]);
    assert_eq!((stored.mark, stored.peaks.len()), (Some(mark), 1));
    assert_eq!(stored.peaks[0].peak, Peak { bytes: 7, limit: 9 });
    assert!(stored.last_kill.is_some());
    let later = Timestamp::now() + Duration::from_secs(5);
    assert!(read(dir.path(), Some(later)).unwrap().events.is_empty());
}

#[test]
fn the_oldest_give_way_and_are_counted_and_the_file_stays_within_its_size() {
    let dir = tempfile::tempdir().unwrap();
    let max_size = 4 << 20;
    let (mut spool, ..) = Spool::open(dir.path(), policy(max_size)).unwrap();
    for number in 0..300 {
        spool.put(&kill(&number.to_string(), noise(number, 60_000)), Timestamp::now()).unwrap();
        if number % 3 == 0 {
            done(&mut spool);
        }
    }
    done(&mut spool);
    let stored = read(dir.path(), None).unwrap();
    assert_eq!(stored.events.len() as u64 + stored.dropped.0, 300);
    assert!(stored.dropped.0 > 100 && stored.events.len() > 10, "{:?}", stored.dropped);
    assert_eq!(ids(&stored).last().map(String::as_str), Some("299"));
    let length = std::fs::metadata(dir.path().join(FILE)).unwrap().len();
    assert!(length <= max_size, "{length}");
}

#[test]
fn what_is_too_old_goes() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, ..) = Spool::open(dir.path(), policy(8 << 20)).unwrap();
    let old = Timestamp::now() - Duration::from_secs(90_000);
    spool.put(&kill("old", String::new()), old).unwrap();
    spool.put(&kill("new", String::new()), Timestamp::now()).unwrap();
    done(&mut spool);
    let stored = read(dir.path(), None).unwrap();
    assert_eq!((ids(&stored), stored.dropped), (vec!["new".to_owned()], (1, 0)));
}

#[test]
fn two_agents_do_not_share_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let first = Spool::open(dir.path(), policy(8 << 20)).unwrap();
    let error = Spool::open(dir.path(), policy(8 << 20)).unwrap_err().to_string();
    assert!(error.contains("another oomtrace agent"), "{error}");
    drop(first);
    Spool::open(dir.path(), policy(8 << 20)).unwrap();
}

#[test]
fn a_damaged_file_is_put_aside() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(FILE), noise(7, 70_000)).unwrap();
    let (mut spool, _, notes) = Spool::open(dir.path(), policy(8 << 20)).unwrap();
    assert!(notes[0].contains("put aside"), "{notes:?}");
    spool.put(&kill("a", String::new()), Timestamp::now()).unwrap();
    done(&mut spool);
    assert_eq!(ids(&read(dir.path(), None).unwrap()), ["a"]);
    let aside = std::fs::read_dir(dir.path()).unwrap().flatten();
    assert!(aside.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().contains("damaged")));
}

#[test]
fn a_reader_holds_up_nothing_for_long() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, ..) = Spool::open(dir.path(), policy(8 << 20)).unwrap();
    spool.put(&kill("a", String::new()), Timestamp::now()).unwrap();
    let reader = store::open(&dir.path().join(FILE), false).unwrap();
    assert!(matches!(spool.flush(false), Flushed::Failed(Trouble::Busy, false)));
    assert_eq!(spool.waiting(), (1, 0));
    drop(reader);
    done(&mut spool);
}

/// /dev/full gives the error, but is no file; a file of limited size does.
#[test]
fn what_does_not_fit_waits_and_the_oldest_of_it_give_way() {
    let mut pending = pending::Pending::default();
    for number in 0..300 {
        let packed = vec![0; 100_000];
        pending.push(pending::Waiting { seq: number, kind: tables::OTHER, time_ms: 0, packed });
    }
    assert!(pending.dropped.1 > 200 && pending.records.len() > 50, "{:?}", pending.dropped);
    assert_eq!(pending.records.back().map(|record| record.seq), Some(299));
}

#[test]
fn a_directory_that_others_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("state");
    std::fs::create_dir(&inner).unwrap();
    std::fs::set_permissions(&inner, PermissionsExt::from_mode(0o777)).unwrap();
    assert!(Spool::open(&inner, policy(8 << 20)).unwrap_err().to_string().contains("chmod go-w"));
    assert!(!exists(Path::new("/nonexistent")));
}
