use std::sync::Mutex;
use std::sync::mpsc::channel;

use oomtrace_common::{Task, decode};

use super::*;
use crate::collect::Facts;
use crate::kernel::Roots;
use crate::model::{Host, Role};
use crate::render::Ndjson;

/// A worker that reads and writes nothing, and the processes of the kills that it reported.
fn worker(count: Option<u64>) -> (Worker, Arc<Mutex<Vec<u32>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&told);
    let tap: Tap = Box::new(move |event| {
        if let Event::OomKill(incident) = event {
            into.lock().unwrap().push(incident.victims[0].pid);
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let worker = Worker {
        paths: None,
        builder: Builder::new(Facts {
            host: Host { page_size: 4096, ..Host::default() },
            ..Facts::default()
        }),
        roots: Roots { proc: dir.path().into(), ..Roots::default() },
        enricher: Enricher::new(&Roots { proc: dir.path().into(), ..Roots::default() }, None),
        sampler: None,
        who: None,
        log: None,
        filter: Filter::default(),
        render: Box::new(Ndjson::default()),
        pen: None,
        reopen: None,
        tap: Some(tap),
        count,
        shared: Arc::default(),
        framed: true,
        tally: Tally::default(),
    };
    (worker, told)
}

fn kill(first: u64, tgid: u32) -> Job {
    let task: Task = decode(&vec![0; size_of::<Task>()]).unwrap();
    let task = Task { tgid, tid: tgid, ..task };
    let member = Member { role: Role::Chosen, task, signalled: Some(first), marked: None, exited: None };
    Job::Kill(Arc::new(Draft { first, members: vec![member], ..Draft::default() }), 0)
}

#[test]
fn no_more_kills_are_told_than_were_asked_for() {
    for (count, expected) in [(None, &[7, 8, 9][..]), (Some(2), &[7, 8]), (Some(5), &[7, 8, 9])] {
        let (worker, told) = worker(count);
        let (jobs, inbox) = channel();
        for job in [kill(1, 7), kill(2, 8), kill(3, 9)] {
            worker.shared.waiting.fetch_add(1, Ordering::Relaxed);
            jobs.send(job).unwrap();
        }
        drop(jobs);
        let tally = worker.run(Header::default(), &inbox).unwrap();
        assert_eq!((&told.lock().unwrap()[..], tally.kills), (expected, expected.len() as u64), "{count:?}");
    }
}
