use super::*;
use crate::model::Incident;

const HEADER: &str = r#"{"type":"header","schema":"oomtrace/1","version":"0.1.0","time":"t","boottime_ns":1,"host":{"name":"h","kernel":"k","machine":"m","page_size":4096},"probes":[]}"#;
const FOOTER: &str = r#"{"type":"footer","time":"t","kills":1,"filtered":0,"lost_kills":0,"complete":true}"#;

fn kill(id: &str) -> String {
    let incident = Incident { id: id.into(), schema: SCHEMA.into(), ..Incident::default() };
    serde_json::to_string(&Event::OomKill(Box::new(incident))).unwrap()
}

fn read(text: &str) -> Evidence {
    Evidence::default().read(&mut text.as_bytes())
}

#[test]
fn a_whole_stream() {
    let evidence = read(&format!("{HEADER}\n{}\n{FOOTER}\n", kill("1")));
    assert_eq!((evidence.incidents.len(), evidence.footer.is_some()), (1, true));
    assert_eq!(evidence.unread, super::super::Unread::default());
    assert!(evidence.doubts().is_empty(), "{:?}", evidence.doubts());
}

#[test]
fn cut_at_every_byte_keeps_the_lines_before() {
    let text = format!("{HEADER}\n{}\n{}\n{FOOTER}\n", kill("1"), kill("2"));
    let ends: Vec<_> = text.match_indices('\n').map(|(at, _)| at).collect();
    for cut in 0..text.len() {
        let evidence = read(&text[..cut]);
        // A line that lacks only its line break is whole.
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let kills = whole.saturating_sub(1).min(2);
        assert_eq!(evidence.incidents.len(), kills, "cut at {cut}");
        assert_eq!(evidence.footer.is_some(), whole == 4, "cut at {cut}");
        assert_eq!(evidence.unread.lines, 0, "cut at {cut}");
        let partial = cut > 0 && !ends.contains(&cut) && !ends.contains(&(cut - 1));
        assert_eq!(evidence.unread.cut.is_some(), partial, "cut at {cut}");
    }
}

#[test]
fn what_is_not_known_is_counted() {
    let newer =
        HEADER.replace(r#""probes""#, r#""colour":{"a":1},"probes""#).replace("oomtrace/1", "oomtrace/2");
    let mut victim = kill("1");
    victim = victim.replace(
        r#""victims":[]"#,
        r#""victims":[{"role":"chosen","pid":1,"comm":"a","memory":{},"aura":3}]"#,
    );
    let text = format!("{newer}\n{{\"type\":\"weather\",\"x\":1}}\n{victim}\nnot json\n[1]\n\n{FOOTER}\n");
    let evidence = read(&text);
    let unread = &evidence.unread;
    assert_eq!(unread.types.iter().collect::<Vec<_>>(), [(&"weather".to_owned(), &1)]);
    assert_eq!(unread.fields.keys().collect::<Vec<_>>(), ["header.colour", "oom_kill.victims.aura"]);
    assert_eq!((unread.lines, unread.schema.as_deref()), (2, Some("oomtrace/2")));
    assert_eq!(evidence.incidents.len(), 1);
    assert_eq!(unread.notes().len(), 4, "{:?}", unread.notes());
}

#[test]
fn updates_are_folded_and_orphans_counted() {
    let update = |id: &str| format!(r#"{{"type":"update","id":"{id}","notes":["late"]}}"#);
    let evidence = read(&format!("{}\n{}\n{}\n", kill("1"), update("1"), update("2")));
    assert_eq!(evidence.incidents[0].source.notes, ["late"]);
    assert_eq!(evidence.unread.orphans, 1);
}

#[test]
fn several_streams_end_well_only_together() {
    let stream = format!("{HEADER}\n{FOOTER}\n");
    assert_eq!(read(&stream.repeat(2)).footer.map(|footer| footer.kills), Some(2));
    assert!(read(&format!("{HEADER}\n{stream}")).footer.is_none());
    assert!(read(&format!("{stream}{HEADER}\n")).footer.is_none());
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_fail(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let _ = Evidence::default().read(&mut bytes.as_slice());
    }
}

/// A source without an end.
struct Endless(u8);

impl io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(self.0);
        Ok(buffer.len())
    }
}

#[test]
fn an_endless_file_ends() {
    let stream = format!("{HEADER}\n{}\n", kill("1"));
    for byte in [0, b'\n', b'{'] {
        for begin in ["", "{", stream.as_str()] {
            let mut source = io::BufReader::new(io::Read::chain(begin.as_bytes(), Endless(byte)));
            let evidence = Evidence::default().read(&mut source);
            let cut = evidence.unread.cut.clone().unwrap_or_default();
            assert!(cut.contains("no record in 64 MiB"), "{byte} {begin}: {cut}");
            assert_eq!(evidence.incidents.len(), usize::from(begin.len() > 1), "{byte}");
        }
    }
}

#[test]
fn a_record_of_many_candidates_is_read() {
    let candidates: Vec<_> =
        (0..100_000).map(|pid| serde_json::json!({"pid": pid, "comm": "worker"})).collect();
    let line = kill("1").replace(
        "\"victims\":[]",
        &format!("\"victims\":[],\"candidates\":{}", serde_json::json!(candidates)),
    );
    let evidence = read(&format!("{line}\n"));
    assert_eq!(evidence.incidents[0].candidates_scored, Some(100_000), "{:?}", evidence.unread);
    assert!(evidence.incidents[0].candidates.len() < 10_000);
}
