//! One record of `/dev/kmsg` as bytes: its header, its escapes, its key lines.
//!
//! Form (Documentation/ABI/testing/dev-kmsg): `prio,seq,usec,flags[,key=value...];text\n`, then ` KEY=value\n` lines.
//! `prio` is `facility * 8 + level`. Processes may write records, but never with facility 0.

/// Who printed a record, where the kernel says so (`CONFIG_PRINTK_CALLER`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A task, by thread id.
    Task(u32),
    /// An interrupt on this CPU.
    Cpu(u32),
}

/// A record of the kernel's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KmsgRecord {
    /// Number of the record since boot; gaps are lost records.
    pub seq: u64,
    /// Microseconds on printk's clock. It runs like `CLOCK_MONOTONIC` but is not adjusted and drifts from it.
    pub usec: u64,
    /// 0 (emergency) to 7 (debug).
    pub priority: u8,
    /// 0 is the kernel; everything else was written by a process.
    pub facility: u32,
    /// Part of a line that was printed in pieces (flag `c`, or `+` before 4.9).
    pub fragment: bool,
    /// Who printed it.
    pub caller: Option<Caller>,
    /// The text without its line end, escapes undone: any byte but NUL, newlines included.
    pub text: Vec<u8>,
}

/// A line of a kernel log, wherever it comes from: what [`super::Parser`] reads.
#[derive(Clone, Copy, Debug)]
pub struct KmsgLine<'a> {
    /// Number of the record, where the source has it.
    pub seq: Option<u64>,
    /// Microseconds since boot, where the source has them.
    pub usec: Option<u64>,
    /// False for what processes wrote into the log; such lines only count towards `seq`.
    pub from_kernel: bool,
    /// See [`KmsgRecord::fragment`].
    pub fragment: bool,
    /// Who printed it.
    pub caller: Option<Caller>,
    /// The text.
    pub text: &'a [u8],
}

impl<'a> KmsgLine<'a> {
    /// A line of the kernel of which nothing but the text is known.
    #[must_use]
    pub fn text(text: &'a [u8]) -> Self {
        Self { seq: None, usec: None, from_kernel: true, fragment: false, caller: None, text }
    }
}

impl KmsgRecord {
    /// Reads one record; `None` when it is not one (e.g. a cut header).
    #[must_use]
    pub fn parse(record: &[u8]) -> Option<Self> {
        let semicolon = record.iter().position(|b| *b == b';')?;
        let header = std::str::from_utf8(&record[..semicolon]).ok()?;
        let body = &record[semicolon + 1..];
        let line = body.split(|b| *b == b'\n').next().unwrap_or_default();
        let mut fields = header.split(',');
        let prio: u32 = fields.next()?.parse().ok()?;
        let seq = fields.next()?.parse().ok()?;
        let usec = fields.next()?.parse().ok()?;
        let flags = fields.next().unwrap_or("-");
        let caller = fields.find_map(|field| caller(field.strip_prefix("caller=")?));
        Some(Self {
            seq,
            usec,
            priority: u8::try_from(prio & 7).ok()?,
            facility: prio >> 3,
            fragment: matches!(flags, "c" | "+"),
            caller,
            text: unescape(line),
        })
    }

    /// The record as a line for the parser.
    #[must_use]
    pub fn line(&self) -> KmsgLine<'_> {
        KmsgLine {
            seq: Some(self.seq),
            usec: Some(self.usec),
            from_kernel: self.facility == 0,
            fragment: self.fragment,
            caller: self.caller,
            text: &self.text,
        }
    }
}

/// `T123` or `C1`.
fn caller(text: &str) -> Option<Caller> {
    let number = text.get(1..)?.parse().ok()?;
    match text.as_bytes().first()? {
        b'T' => Some(Caller::Task(number)),
        b'C' => Some(Caller::Cpu(number)),
        _ => None,
    }
}

/// Undoes `\xNN`. The kernel writes every control byte, every byte from 0x7f on and the backslash itself that way, so
/// this is exact; what does not look like an escape stays as it is.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        let (byte, len) = escape(rest).map_or((first, 1), |byte| (byte, 4));
        out.push(byte);
        rest = if len == 1 { tail } else { &rest[len..] };
    }
    out
}

/// The byte that a leading `\xNN` stands for.
fn escape(text: &[u8]) -> Option<u8> {
    let digits = text.strip_prefix(b"\\x")?.get(..2)?;
    let value = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(value(digits[0])? * 16 + value(digits[1])?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::klog::records;

    #[test]
    fn a_record_with_caller_and_keys() {
        let raw = b"4,350,1346756992,c,caller=T117;a\\x0ab\\x5cx41 c\n SUBSYSTEM=pci\n DEVICE=+x\n";
        let record = KmsgRecord::parse(raw).unwrap();
        assert_eq!(record.seq, 350);
        assert_eq!(record.usec, 1_346_756_992);
        assert_eq!((record.facility, record.priority), (0, 4));
        assert!(record.fragment);
        assert_eq!(record.caller, Some(Caller::Task(117)));
        assert_eq!(record.text, b"a\nb\\x41 c");
    }

    #[test]
    fn what_a_process_wrote_is_not_from_the_kernel() {
        let record = KmsgRecord::parse(b"12,7,1,-;Out of memory: Killed process 1 (init)\n").unwrap();
        assert_eq!(record.facility, 1);
        assert!(!record.line().from_kernel);
    }

    #[test]
    fn cut_records_are_no_records() {
        for raw in [&b""[..], b"4", b"4,3", b"4,3,5", b"x,3,5,-;t", b"4,3,,-;t", b"\xff,3,5,-;t"] {
            assert_eq!(KmsgRecord::parse(raw), None, "{raw:?}");
        }
        assert_eq!(KmsgRecord::parse(b"4,3,5;no flags").unwrap().text, b"no flags");
    }

    #[test]
    fn odd_escapes_stay() {
        assert_eq!(unescape(b"\\x4"), b"\\x4");
        assert_eq!(unescape(b"\\xzz\\x41\\"), b"\\xzzA\\");
    }

    #[test]
    fn a_capture_falls_into_records() {
        let capture = b"6,1,10,-;one\n KEY=v\n6,2,11,-;two\ngarbage\n";
        let texts: Vec<_> = records(capture).map(|r| r.text).collect();
        assert_eq!(texts, [b"one".to_vec(), b"two".to_vec()]);
    }
}
