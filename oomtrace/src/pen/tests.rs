use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

/// What the sink is told to do with the next write.
enum Do {
    Write,
    Fail,
    Close,
}

/// Each write waits for a word; without one it hangs, as on a pipe that nobody reads.
struct Told {
    words: Receiver<Do>,
    out: Arc<Mutex<Vec<Vec<u8>>>>,
    standing: Arc<Mutex<Standing>>,
}

impl Sink for Told {
    fn write(&mut self, block: &[u8]) -> Result<Wrote> {
        match self.words.recv() {
            Ok(Do::Write) | Err(_) => self.out.lock().unwrap().push(block.to_vec()),
            Ok(Do::Fail) => anyhow::bail!("No space left on device"),
            Ok(Do::Close) => return Ok(Wrote::Closed),
        }
        Ok(Wrote::All)
    }

    fn sync(&mut self) -> Result<()> {
        Ok(())
    }

    fn may_move(&self) -> bool {
        true
    }

    fn standing(&self) -> Standing {
        *self.standing.lock().unwrap()
    }

    fn reopen(&mut self) -> Result<()> {
        *self.standing.lock().unwrap() = Standing::InPlace;
        self.out.lock().unwrap().push(b"[new]".to_vec());
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.out.lock().unwrap().push(b"[end]".to_vec());
        Ok(())
    }

    fn name(&self) -> String {
        "f".into()
    }
}

struct Test {
    pen: Pen,
    word: Sender<Do>,
    out: Arc<Mutex<Vec<Vec<u8>>>>,
    standing: Arc<Mutex<Standing>>,
}

fn test() -> Test {
    let (word, words) = channel();
    let out = Arc::default();
    let standing = Arc::new(Mutex::new(Standing::InPlace));
    let sink = Told { words, out: Arc::clone(&out), standing: Arc::clone(&standing) };
    Test { pen: Pen::start(Box::new(sink)).unwrap(), word, out, standing }
}

impl Test {
    fn put(&self, text: &str) {
        assert_eq!(self.pen.put(text.into(), Count::one(true), false), Wrote::All);
    }

    fn end(self) -> (Account, String) {
        let Self { pen, word, out, .. } = self;
        drop(word);
        let account =
            pen.finish(Some(Box::new(|account| format!("last {};", account.written.records).into())), None);
        let out = out.lock().unwrap().concat();
        (account, String::from_utf8(out).unwrap())
    }
}

#[test]
fn all_is_written_in_order() {
    let test = test();
    assert_eq!(test.pen.header(b"head;".to_vec()), Wrote::All);
    ["a;", "b;"].iter().for_each(|text| test.put(text));
    let (account, out) = test.end();
    assert_eq!(out, "head;a;b;last 3;[end]");
    assert_eq!((account.written, account.unwritten), (Count { records: 3, kills: 2 }, Count::default()));
    assert!(account.notes().is_empty());
}

#[test]
fn what_fails_is_tried_again_in_order() {
    let test = test();
    ["a;", "b;"].iter().for_each(|text| test.put(text));
    [Do::Fail, Do::Fail, Do::Write].into_iter().for_each(|word| test.word.send(word).unwrap());
    let (account, out) = test.end();
    assert_eq!((out.as_str(), account.unwritten.records), ("a;b;last 2;[end]", 0));
    assert!(account.notes().is_empty(), "{account:?}");
}

#[test]
fn a_reader_that_has_stopped_holds_nobody_up() {
    let test = test();
    let mib = "x".repeat(1 << 20);
    (0..20).for_each(|_| test.put(&mib));
    let left_out = test.pen.unwritten();
    assert!((12..=14).contains(&left_out.kills), "{left_out:?}");
    assert!(!test.pen.has_room());
    let Test { pen, word, out, .. } = test;
    let account = pen.finish(None, None);
    assert_eq!((account.unwritten.kills, account.written.kills), (20, 0));
    assert!(
        account.notes()[0].starts_with("20 records could not be written: the output takes no more"),
        "{account:?}"
    );
    assert!(out.lock().unwrap().is_empty());
    drop(word);
}

#[test]
fn a_disk_that_stays_full_is_named() {
    let test = test();
    test.put("a;");
    let full = test.word.clone();
    let feeder = std::thread::spawn(move || {
        while full.send(Do::Fail).is_ok() {
            std::thread::sleep(STUCK / 10);
        }
    });
    let account = test.pen.finish(None, None);
    assert_eq!(account.unwritten.records, 1);
    assert!(account.notes()[0].contains("No space left"), "{account:?}");
    drop((test.word, test.out));
    feeder.join().unwrap();
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let test = test();
    test.put("a;");
    test.word.send(Do::Close).unwrap();
    while test.pen.put(b"b;".to_vec(), Count::one(false), false) == Wrote::All {
        std::thread::yield_now();
    }
    let account = test.pen.finish(None, None);
    assert!(account.is_closed && account.why.is_none(), "{account:?}");
}

#[test]
fn a_new_file_begins_with_the_header() {
    let test = test();
    assert_eq!(test.pen.header(b"head;".to_vec()), Wrote::All);
    test.put("a;");
    test.pen.reopen(b"more elsewhere;".to_vec());
    test.put("b;");
    let (_, out) = test.end();
    assert_eq!(out, "head;a;more elsewhere;[new]head;b;last 3;[end]");
}

#[test]
fn a_new_file_takes_what_the_old_one_did_not() {
    let test = test();
    assert_eq!(test.pen.header(b"head;".to_vec()), Wrote::All);
    test.put("a;");
    test.pen.reopen(b"more elsewhere;".to_vec());
    [Do::Write, Do::Fail].into_iter().for_each(|word| test.word.send(word).unwrap());
    let (account, out) = test.end();
    assert_eq!((out.as_str(), account.unwritten.records), ("head;[new]head;a;last 2;[end]", 0));
}

#[test]
fn a_file_that_was_deleted_is_made_anew_and_that_is_said() {
    let test = test();
    assert_eq!(test.pen.header(b"head;".to_vec()), Wrote::All);
    test.word.send(Do::Write).unwrap();
    while test.out.lock().unwrap().is_empty() {
        std::thread::yield_now();
    }
    *test.standing.lock().unwrap() = Standing::Deleted;
    test.put("a;");
    let (account, out) = test.end();
    assert_eq!((out.as_str(), account.deleted), ("head;[new]head;a;last 2;[end]", 1));
    assert!(account.notes()[0].contains("was deleted 1 times"), "{account:?}");
}
