use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::body::{alertmanager, slack};
use super::*;
use crate::agent::config;
use crate::model::{Alert, AlertState, Event, Incident, Lost, Victim};

fn sink(text: &str) -> Sink {
    config::parse(&format!("sinks = [{{ {text} }}]")).unwrap().sinks.unwrap().remove(0)
}

fn kill(id: &str) -> Event {
    let victims = vec![Victim { pid: 7, comm: "<!here>".into(), ..Victim::default() }];
    let time = "2026-01-01T00:00:00Z".to_owned();
    Event::OomKill(Box::new(Incident { id: id.into(), time, victims, ..Incident::default() }))
}

/// Answers with `statuses` in turn, then with 200, and hands on each request: its first line, the id, its body.
fn server(statuses: &'static [u16]) -> (String, Receiver<(String, String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut statuses = statuses.iter();
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let (mut first, mut id, mut length) = (String::new(), String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                    break;
                }
                let (name, value) = line.trim_end().split_once(": ").unwrap_or_default();
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse().unwrap(),
                    "x-oomtrace-id" => value.clone_into(&mut id),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let status = statuses.next().copied().unwrap_or(200);
            let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n");
            let _ = reader.get_mut().write_all(answer.as_bytes());
            let _ = tell.send((first.trim_end().to_owned(), id, String::from_utf8(body).unwrap()));
        }
    });
    (url, told)
}

/// Runs the outbox until `done` records are done with.
fn run(outbox: &mut Outbox, events: &[Event], done: usize) -> Vec<(String, u64)> {
    let until = Instant::now() + Duration::from_secs(60);
    let mut all = Vec::new();
    while all.len() < done && Instant::now() < until {
        all.extend(outbox.turn(7, |seq| events.get(seq as usize).cloned().map(Arc::new)));
        std::thread::sleep(Duration::from_millis(5));
    }
    all
}

fn outbox(sinks: &[Sink]) -> Outbox {
    let mut outbox = Outbox::new(None);
    assert!(outbox.set(sinks, &BTreeMap::new(), Vec::new()).unwrap().is_empty());
    outbox
}

#[test]
fn what_does_not_fit_together_is_refused() {
    for (text, words) in [
        ("name='a', kind='webhook'", "needs url"),
        ("name='a', kind='webhook', url='ftp://x'", "http://"),
        ("name='a', kind='exec', url='http://x'", "needs command"),
        ("name='a', kind='exec', command=['true']", "whole path"),
        ("name='a', kind='exec', command=['/bin/true'], ca_file='/x'", "for those with a url"),
        ("name='', kind='slack', url='http://x'", "no name"),
        ("name='a', kind='webhok', url='http://x'", "did you mean \"webhook\""),
        ("name='a', kind='slack', url='http://x', event=['kills']", "did you mean \"events\""),
    ] {
        let error = config::parse(&format!("sinks = [{{ {text} }}]")).unwrap_err();
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn a_record_arrives_with_its_id_and_an_answer_that_fails_is_tried_again() {
    let (url, told) = server(&[503, 302]);
    let mut outbox = outbox(&[sink(&format!("name='w', kind='webhook', url='{url}/hook'"))]);
    let events = [kill("a-1")];
    assert_eq!(outbox.push(&events[0], 0).0, ["w"]);
    assert_eq!(run(&mut outbox, &events, 1), [("w".to_owned(), 0)]);
    let requests: Vec<_> = told.try_iter().collect();
    assert_eq!(requests.len(), 3);
    let (first, id, body) = &requests[2];
    assert_eq!((first.as_str(), id.as_str()), ("POST /hook HTTP/1.1", "a-1"));
    assert!(matches!(serde_json::from_str(body).unwrap(), Event::OomKill(kill) if kill.id == "a-1"));
    let account = outbox.accounts().remove(0).1;
    assert_eq!((account.delivered, account.failed, account.waiting, account.dropped), (1, 2, 0, 0));
}

#[test]
fn a_sink_that_is_down_loses_nothing_and_holds_up_nobody() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (url, told) = server(&[]);
    let mut outbox = outbox(&[
        sink(&format!("name='down', kind='webhook', url='http://{gone}'")),
        sink(&format!("name='up', kind='slack', url='{url}'")),
    ]);
    let events: Vec<Event> = (0..5).map(|number| kill(&format!("a-{number}"))).collect();
    (0..).zip(&events).for_each(|(seq, event)| drop(outbox.push(event, seq)));
    assert_eq!(run(&mut outbox, &events, 5).len(), 5);
    assert_eq!(told.try_iter().count(), 5);
    let down = outbox.accounts().remove(0).1;
    assert_eq!((down.delivered, down.waiting, down.dropped), (0, 5, 0));
    // With another address all of it arrives, in order.
    let (url, told) = server(&[]);
    let new = [sink(&format!("name='down', kind='webhook', url='{url}'"))];
    assert!(outbox.set(&new, &BTreeMap::new(), Vec::new()).unwrap().is_empty());
    assert_eq!(run(&mut outbox, &events, 5).len(), 5);
    let ids: Vec<String> = told.try_iter().map(|(_, id, _)| id).collect();
    assert_eq!(ids, ["a-0", "a-1", "a-2", "a-3", "a-4"]);
}

#[test]
fn what_is_refused_is_given_up_and_what_is_gone_from_the_spool_is_counted() {
    let (url, _told) = server(&[400, 400, 400, 400, 400]);
    let mut outbox = outbox(&[sink(&format!("name='w', kind='webhook', url='{url}'"))]);
    let events = [kill("a")];
    drop(outbox.push(&events[0], 9));
    assert_eq!(run(&mut outbox, &events, 1), [("w".to_owned(), 9)]);
    assert_eq!(outbox.accounts().remove(0).1.dropped, 1);
}

#[test]
fn only_what_was_asked_for_goes_there() {
    let only = sink("name='a', kind='slack', url='http://x', events=['alerts']");
    assert!(!only.takes(&kill("a")) && only.takes(&Event::Alert(Box::default())));
    let all = sink("name='a', kind='slack', url='http://x'");
    assert!(all.takes(&kill("a")) && all.takes(&Event::Lost(Lost::default())));
    assert!(!all.takes(&Event::Footer(crate::model::Footer::default())));
}

#[test]
fn what_is_for_sinks_that_are_gone_is_told() {
    let mut outbox = Outbox::new(None);
    let left = outbox.set(&[], &BTreeMap::new(), vec![("old".to_owned(), 4)]).unwrap();
    assert_eq!(left, [("old".to_owned(), 4)]);
}

#[test]
fn bodies() {
    let text = slack(&kill("a")).to_string();
    assert!(text.contains("&lt;!here&gt;") && !text.contains("<!here>"), "{text}");
    let labels = BTreeMap::from([
        ("data-center".to_owned(), "x".to_owned()),
        ("alertname".to_owned(), "y".to_owned()),
    ]);
    let found = alertmanager(&kill("a-1"), &labels);
    assert_eq!(found[0]["labels"]["alertname"], "OomKill");
    assert_eq!(found[0]["labels"]["data_center"], "x");
    assert_eq!(found[0]["labels"]["incident"], "a-1");
    assert_eq!(found[0]["endsAt"], "2026-01-01T00:15:00Z");
    let time = "2026-01-01T00:00:00Z".to_owned();
    let alert = Alert {
        rule: "high".into(),
        state: AlertState::Resolved,
        time: time.clone(),
        since: time,
        ..Alert::default()
    };
    let found = alertmanager(&Event::Alert(Box::new(alert)), &BTreeMap::new());
    assert_eq!(found[0]["endsAt"], "2026-01-01T00:00:00Z");
    assert_eq!(found[0]["labels"]["severity"], "warning");
}
