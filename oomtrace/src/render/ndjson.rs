//! One JSON object per line (docs/events.md).

use std::io;

use super::Render;
use crate::model::Event;

/// Writes events as NDJSON.
#[derive(Debug, Default)]
pub struct Ndjson {
    /// Kept between events, so that a kill does not have to find memory for a line it has had room for before.
    line: Vec<u8>,
}

impl Ndjson {
    /// With an empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Render for Ndjson {
    fn event(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, event)?;
        self.line.push(b'\n');
        // One write for the whole line: what reads a file or a pipe while it grows never finds half a record.
        out.write_all(&self.line)?;
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Footer, Incident, Text, Victim};

    /// Notes each write and flush.
    #[derive(Default)]
    struct Log(Vec<String>);

    impl io::Write for Log {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0.push(String::from_utf8_lossy(buf).into_owned());
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0.push("flush".into());
            Ok(())
        }
    }

    #[test]
    fn a_line_is_one_write_and_a_flush() {
        let victim = Victim { pid: 7, comm: Text::new(b"a\nb\xff".to_vec()), ..Victim::default() };
        let incident = Incident { victims: vec![victim], ..Incident::default() };
        let mut log = Log::default();
        let mut ndjson = Ndjson::new();
        ndjson.event(&Event::OomKill(Box::new(incident)), &mut log).unwrap();
        ndjson.event(&Event::Footer(Footer::default()), &mut log).unwrap();
        assert_eq!(log.0.len(), 4, "{:?}", log.0);
        assert_eq!((log.0[1].as_str(), log.0[3].as_str()), ("flush", "flush"));
        for line in [&log.0[0], &log.0[2]] {
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert!(line.ends_with('\n'));
        }
        assert!(log.0[0].starts_with(r#"{"type":"oom_kill""#), "{}", log.0[0]);
        assert!(log.0[2].starts_with(r#"{"type":"footer""#), "{}", log.0[2]);
    }

    #[test]
    fn a_full_disk_is_an_error() {
        struct Full;
        impl io::Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = Ndjson::new().event(&Event::Footer(Footer::default()), &mut Full).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
