//! Raw records of /dev/kmsg in the forms in which logs are found.

use crate::klog::input::{Found, LogReader, Told};
use crate::klog::{KmsgRecord, records};

/// A line that a process wrote, made to look like the kernel's.
pub(super) const IMITATION: &str = "Out of memory: Killed process 1 (init) total-vm:9kB, anon-rss:8kB, file-rss:1kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0";

/// A form; whether it keeps every byte of a text, and whether it tells who wrote a line.
pub(super) struct Form {
    pub(super) name: &'static str,
    pub(super) exact: bool,
    pub(super) tells: bool,
    pub(super) wrap: fn(&[KmsgRecord]) -> Vec<u8>,
}

pub(super) const FORMS: [Form; 17] = [
    Form {
        name: "dmesg",
        tells: false,
        exact: false,
        wrap: |all| each(all, |r| [stamp(r), indented(r, 15)].concat()),
    },
    Form {
        name: "dmesg with callers",
        tells: false,
        exact: false,
        wrap: |all| each(all, |r| [stamp(r), b"[  T117] ".to_vec(), shown(r)].concat()),
    },
    Form {
        name: "dmesg -T",
        tells: false,
        exact: false,
        wrap: |all| each(all, |r| [ctime(r), shown(r)].concat()),
    },
    Form {
        name: "dmesg -x",
        tells: true,
        exact: false,
        wrap: |all| each(all, |r| [facility(r), stamp(r), shown(r)].concat()),
    },
    Form {
        name: "dmesg -r",
        tells: true,
        exact: false,
        wrap: |all| each(all, |r| [priority(r), stamp(r), shown(r)].concat()),
    },
    Form {
        name: "dmesg iso",
        tells: false,
        exact: false,
        wrap: |all| each(all, |r| [iso(r, ",", "+00:00"), b" ".to_vec(), shown(r)].concat()),
    },
    Form { name: "dmesg --json", tells: true, exact: true, wrap: dmesg_json },
    Form {
        name: "console",
        tells: false,
        exact: false,
        wrap: |all| each(all, |r| [b"\r".to_vec(), stamp(r), shown(r), b"\r".to_vec()].concat()),
    },
    Form {
        name: "RFC 3164",
        tells: true,
        exact: false,
        wrap: |all| each(all, |r| [short(r, ""), tag(r), octal(r)].concat()),
    },
    Form {
        name: "RFC 3164 with printk's time",
        tells: true,
        exact: false,
        wrap: |all| {
            each(all, |r| {
                [short(r, ""), tag(r), if r.facility == 0 { stamp(r) } else { Vec::new() }, octal(r)].concat()
            })
        },
    },
    Form {
        name: "RFC 5424",
        tells: true,
        exact: false,
        wrap: |all| {
            each(all, |r| {
                [
                    format!("<{}>1 ", priority_of(r)).into_bytes(),
                    iso(r, ".", "+00:00"),
                    format!(" web-3 {} - - - ", app(r)).into_bytes(),
                    octal(r),
                ]
                .concat()
            })
        },
    },
    Form {
        name: "rsyslog",
        tells: true,
        exact: false,
        wrap: |all| {
            each(all, |r| {
                [iso(r, ".", "+01:00"), b" web-3".to_vec(), b" ".to_vec(), tag(r)[6..].to_vec(), octal(r)]
                    .concat()
            })
        },
    },
    Form {
        name: "journal short-precise",
        tells: true,
        exact: false,
        wrap: |all| {
            each(all, |r| {
                [short(r, &format!(".{:06}", r.usec % 1_000_000)), tag(r), indented(r, 30)].concat()
            })
        },
    },
    Form { name: "journal json", tells: true, exact: true, wrap: |all| each(all, journal_json) },
    Form {
        name: "journal export",
        tells: true,
        exact: true,
        wrap: |all| all.iter().flat_map(journal_export).collect(),
    },
    Form {
        name: "docker",
        tells: false,
        exact: false,
        wrap: |all| {
            each(all, |r| {
                json(&[
                    ("log", [stamp(r), shown(r), b"\n".to_vec()].concat()),
                    ("stream", b"stdout".to_vec()),
                ])
            })
        },
    },
    Form {
        name: "cloud",
        tells: true,
        exact: false,
        wrap: |all| {
            each(all, |r| {
                [
                    br#"{"insertId":"x","timestamp":""#.to_vec(),
                    iso(r, ".", "Z"),
                    br#"","jsonPayload":"#.to_vec(),
                    json(&[("SYSLOG_IDENTIFIER", app(r).as_bytes().to_vec()), ("message", r.text.clone())]),
                    b"}".to_vec(),
                ]
                .concat()
            })
        },
    },
];

/// The records of a capture, each followed by one that a process wrote.
fn with_imitations(capture: &[u8]) -> Vec<KmsgRecord> {
    let process = |usec| KmsgRecord {
        seq: 0,
        usec,
        priority: 6,
        facility: 3,
        text: IMITATION.into(),
        ..KmsgRecord::default()
    };
    records(capture).flat_map(|record| [process(record.usec), record]).collect()
}

impl Form {
    /// A capture in this form; with imitations, where it tells that they are none of the kernel's.
    pub(super) fn log(&self, capture: &[u8]) -> Vec<u8> {
        let records = if self.tells { with_imitations(capture) } else { records(capture).collect() };
        (self.wrap)(&records)
    }
}

/// All that a log tells of the OOM killer.
pub(super) fn read(log: &[u8]) -> Vec<Told> {
    let all = found(log).into_iter();
    all.filter_map(|found| if let Found::Report(told) = found { Some(*told) } else { None }).collect()
}

/// All that a log tells.
pub(super) fn found(log: &[u8]) -> Vec<Found> {
    let mut all = Vec::new();
    let mut reader = LogReader::new();
    let _ = reader.read("log", Box::new(std::io::Cursor::new(log.to_vec())), &mut |found| all.push(found));
    reader.finish(&mut |found| all.push(found));
    all
}

fn each(all: &[KmsgRecord], line: impl Fn(&KmsgRecord) -> Vec<u8>) -> Vec<u8> {
    all.iter().flat_map(|record| [line(record), b"\n".to_vec()].concat()).collect()
}

fn stamp(record: &KmsgRecord) -> Vec<u8> {
    format!("[{:>5}.{:06}] ", record.usec / 1_000_000, record.usec % 1_000_000).into_bytes()
}

fn priority_of(record: &KmsgRecord) -> u32 {
    record.facility * 8 + u32::from(record.priority)
}

fn priority(record: &KmsgRecord) -> Vec<u8> {
    format!("<{}>", priority_of(record)).into_bytes()
}

fn facility(record: &KmsgRecord) -> Vec<u8> {
    let name = if record.facility == 0 { "kern" } else { "daemon" };
    format!("{name:<6}:info  : ").into_bytes()
}

fn app(record: &KmsgRecord) -> &'static str {
    if record.facility == 0 { "kernel" } else { "agent" }
}

fn tag(record: &KmsgRecord) -> Vec<u8> {
    if record.facility == 0 { b"web-3 kernel: ".to_vec() } else { b"web-3 agent[77]: ".to_vec() }
}

/// The 23rd of November 2026, 22:00:00, and the time since boot.
fn clock(record: &KmsgRecord) -> (u64, u64, u64) {
    let seconds = record.usec / 1_000_000;
    (22 + seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn short(record: &KmsgRecord, fraction: &str) -> Vec<u8> {
    let (hour, minute, second) = clock(record);
    format!("Nov 23 {hour:02}:{minute:02}:{second:02}{fraction} ").into_bytes()
}

fn ctime(record: &KmsgRecord) -> Vec<u8> {
    let (hour, minute, second) = clock(record);
    format!("[Mon Nov 23 {hour:02}:{minute:02}:{second:02} 2026] ").into_bytes()
}

fn iso(record: &KmsgRecord, mark: &str, zone: &str) -> Vec<u8> {
    let (hour, minute, second) = clock(record);
    format!("2026-11-23T{hour:02}:{minute:02}:{second:02}{mark}{:06}{zone}", record.usec % 1_000_000)
        .into_bytes()
}

/// As dmesg shows bytes; a newline is taken for one of them.
fn shown(record: &KmsgRecord) -> Vec<u8> {
    escaped(&record.text, |byte| format!("\\x{byte:02x}"))
}

fn octal(record: &KmsgRecord) -> Vec<u8> {
    escaped(&record.text, |byte| format!("#{byte:03o}"))
}

fn escaped(text: &[u8], how: impl Fn(u8) -> String) -> Vec<u8> {
    text.iter()
        .flat_map(|byte| if (0x20..0x7f).contains(byte) { vec![*byte] } else { how(*byte).into_bytes() })
        .collect()
}

/// The lines of a record below each other.
fn indented(record: &KmsgRecord, columns: usize) -> Vec<u8> {
    let lines: Vec<_> = record
        .text
        .split(|b| *b == b'\n')
        .map(|line| escaped(line, |byte| format!("\\x{byte:02x}")))
        .collect();
    lines.join(format!("\n{}", " ".repeat(columns)).as_bytes())
}

fn value(text: &[u8]) -> String {
    match std::str::from_utf8(text) {
        Ok(text) => serde_json::to_string(text).unwrap(),
        Err(_) => serde_json::to_string(text).unwrap(),
    }
}

fn json(fields: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let fields: Vec<_> = fields.iter().map(|(name, text)| format!("{name:?}:{}", value(text))).collect();
    format!("{{{}}}", fields.join(",")).into_bytes()
}

fn dmesg_json(all: &[KmsgRecord]) -> Vec<u8> {
    let one = |r: &KmsgRecord| {
        format!(
            "{{\n         \"fac\": \"{}\",\n         \"pri\": \"info\",\n         \"time\": {:>5}.{:06},\n         \"msg\": {}\n      }}",
            if r.facility == 0 { "kern" } else { "daemon" },
            r.usec / 1_000_000,
            r.usec % 1_000_000,
            value(&r.text)
        )
    };
    let all: Vec<_> = all.iter().map(one).collect();
    format!("{{\n   \"dmesg\": [\n      {}\n   ]\n}}\n", all.join(",")).into_bytes()
}

fn journal(record: &KmsgRecord) -> Vec<(&'static str, Vec<u8>)> {
    let transport = if record.facility == 0 { "kernel" } else { "syslog" };
    vec![
        ("__CURSOR", b"s=1".to_vec()),
        ("__REALTIME_TIMESTAMP", (1_795_471_200_000_000 + record.usec).to_string().into_bytes()),
        ("_BOOT_ID", b"28777a92a0b14c4ea1a0b14c4ea1a0b1".to_vec()),
        ("_HOSTNAME", b"web-3".to_vec()),
        ("_TRANSPORT", transport.into()),
        ("SYSLOG_FACILITY", record.facility.to_string().into_bytes()),
        ("_SOURCE_MONOTONIC_TIMESTAMP", record.usec.to_string().into_bytes()),
        ("MESSAGE", record.text.clone()),
    ]
}

/// What has bytes that can't be shown is an array.
fn journal_json(record: &KmsgRecord) -> Vec<u8> {
    let fields = journal(record);
    let odd = record.text.iter().any(|b| *b < 0x20 && !matches!(b, b'\n' | b'\t'))
        || std::str::from_utf8(&record.text).is_err();
    let one = |(name, text): &(&str, Vec<u8>)| match odd && *name == "MESSAGE" {
        true => format!("{name:?}:{}", serde_json::to_string(text).unwrap()),
        false => format!("{name:?}:{}", value(text)),
    };
    format!("{{{}}}", fields.iter().map(one).collect::<Vec<_>>().join(",")).into_bytes()
}

fn journal_export(record: &KmsgRecord) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, text) in journal(record) {
        let plain = text.iter().all(|b| *b >= 0x20);
        out.extend_from_slice(name.as_bytes());
        if plain {
            out.push(b'=');
        } else {
            out.push(b'\n');
            out.extend_from_slice(&(text.len() as u64).to_le_bytes());
        }
        out.extend_from_slice(&text);
        out.push(b'\n');
    }
    out.push(b'\n');
    out
}
