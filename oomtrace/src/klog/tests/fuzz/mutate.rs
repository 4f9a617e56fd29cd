//! Seeded mutations: the number of a case is all that it depends on.

use super::seeds::{Seeds, beginnings};

/// Numbers at which types end.
const NUMBERS: [&str; 18] = [
    "0",
    "-1",
    "1",
    "255",
    "4095",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999",
    "0x",
    "0xffffffffffffffff",
    "1e308",
];

/// Parts that parsers look for.
const TOKENS: [&[u8]; 32] = [
    b"Killed process ",
    b"Out of memory: ",
    b"Memory cgroup out of memory: ",
    b"oom-kill:constraint=CONSTRAINT_MEMCG",
    b",task=",
    b",pid=",
    b",oom_memcg=/",
    b" invoked oom-killer: gfp_mask=0x",
    b", order=",
    b"oom_reaper: reaped process ",
    b" total-vm:",
    b"kB, anon-rss:",
    b"[  pid  ]",
    b"Node 0 DMA free:",
    b"kernel: ",
    b"[   12.345678] ",
    b"<3>",
    b"(",
    b")",
    b"\"",
    b"\\n[",
    b"#012",
    b"\x1b[1m",
    b"\xef\xbb\xbf",
    b"\xc2\xa0",
    b"&lt;",
    b"<br>",
    b"\r",
    b"\0",
    b"{\"MESSAGE\":",
    b"[",
    b"MESSAGE=",
];

/// Longest that a mutation makes of a log.
const LOG: usize = 64 * 1024;

/// splitmix64
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`, which is 0 for an empty one.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap()
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// What a case is about.
pub(super) struct Log {
    pub(super) bytes: Vec<u8>,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Found,
    Capture,
    Compressed,
}

pub(super) struct Mutator<'a> {
    random: Random,
    seeds: &'a Seeds,
}

impl<'a> Mutator<'a> {
    pub(super) fn new(number: u64, seeds: &'a Seeds) -> Self {
        Self { random: Random(number), seeds }
    }

    /// A line that was changed a few times.
    pub(super) fn line(&mut self) -> Vec<u8> {
        let mut line = self.random.pick(&self.seeds.lines).clone();
        for _ in 0..self.random.below(5) {
            self.change(&mut line);
        }
        line
    }

    pub(super) fn log(&mut self) -> Log {
        let kind = match self.random.below(8) {
            0 => Kind::Compressed,
            1 | 2 => Kind::Capture,
            _ => Kind::Found,
        };
        let bytes = match kind {
            Kind::Compressed => {
                let mut bytes = self.random.pick(&self.seeds.compressed).clone();
                self.damage(&mut bytes);
                bytes
            }
            Kind::Capture => self.lines_of(&self.seeds.captures),
            Kind::Found => {
                let mut log = self.lines_of(&self.seeds.logs);
                match self.random.below(6) {
                    0 => log = self.behind(&log),
                    1 => log = self.broken(&log),
                    _ => {}
                }
                log
            }
        };
        Log { bytes, kind }
    }

    /// A few bytes are others, and the end may be missing.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.random.below(6) {
            let at = self.random.below(bytes.len());
            bytes[at] = u8::try_from(self.random.below(256)).unwrap();
        }
        if self.random.below(2) == 0 {
            bytes.truncate(self.random.below(bytes.len() + 1));
        }
    }

    /// A part of a log, with lines lost, moved, twice, changed, or of another log.
    fn lines_of(&mut self, logs: &[Vec<u8>]) -> Vec<u8> {
        let log = self.random.pick(logs);
        let all: Vec<&[u8]> = log.split(|b| *b == b'\n').collect();
        let first = if self.random.below(2) == 0 { 0 } else { self.random.below(all.len()) };
        let mut lines: Vec<Vec<u8>> = all[first..]
            .iter()
            .scan(0, |size, line| {
                *size += line.len() + 1;
                (*size < LOG).then(|| line.to_vec())
            })
            .collect();
        for _ in 0..self.random.below(8) {
            if lines.is_empty() {
                break;
            }
            let (at, other) = (self.random.below(lines.len()), self.random.below(lines.len()));
            match self.random.below(6) {
                0 => lines.swap(at, other),
                1 => drop(lines.remove(at)),
                2 => lines.insert(other, lines[at].clone()),
                3 => lines[at] = self.random.pick(&self.seeds.lines).clone(),
                4 => lines.truncate(at),
                _ => self.change(&mut lines[at]),
            }
        }
        lines.join(&b'\n')
    }

    /// Each line behind a beginning.
    fn behind(&mut self, log: &[u8]) -> Vec<u8> {
        let (before, after) = self.random.pick(beginnings()).split_once('@').unwrap_or_default();
        log.split(|b| *b == b'\n')
            .flat_map(|line| [before.as_bytes(), line, after.as_bytes(), b"\n"].concat())
            .collect()
    }

    /// Broken at a width.
    fn broken(&mut self, log: &[u8]) -> Vec<u8> {
        let width = 20 + self.random.below(180);
        let lines =
            log.split(|b| *b == b'\n').map(|line| line.chunks(width).collect::<Vec<_>>().join(&b'\n'));
        lines.collect::<Vec<_>>().join(&b'\n')
    }

    fn change(&mut self, line: &mut Vec<u8>) {
        let (at, end) = self.range(line.len());
        match self.random.below(11) {
            0 if at < line.len() => line[at] ^= 1 << self.random.below(8),
            1 if at < line.len() => line[at] = u8::try_from(self.random.below(256)).unwrap(),
            2 => drop(line.drain(at..end)),
            3 => line.truncate(at),
            4 => {
                let twice = line[at..end].to_vec();
                line.splice(end..end, twice);
            }
            5 => {
                let other = self.random.pick(&self.seeds.lines).clone();
                let (from, to) = self.range(other.len());
                line.splice(at..end, other[from..to].iter().copied());
            }
            6 => {
                let token = self.random.pick(&TOKENS);
                line.splice(at..at, token.iter().copied());
            }
            7 | 8 => self.number(line),
            9 => {
                let (before, after) = self.random.pick(beginnings()).split_once('@').unwrap_or_default();
                *line = [before.as_bytes(), line, after.as_bytes()].concat();
            }
            _ => drop(line.drain(..at)),
        }
    }

    fn range(&mut self, length: usize) -> (usize, usize) {
        let (one, other) = (self.random.below(length + 1), self.random.below(length + 1));
        (one.min(other), one.max(other))
    }

    /// Another number instead of one that is there.
    fn number(&mut self, line: &mut Vec<u8>) {
        let from = self.random.below(line.len() + 1);
        let Some(begin) = line[from..].iter().position(u8::is_ascii_digit).map(|at| from + at) else {
            return;
        };
        let end = line[begin..].iter().position(|b| !b.is_ascii_digit()).map_or(line.len(), |at| begin + at);
        let number = self.random.pick(&NUMBERS);
        line.splice(begin..end, number.bytes());
    }
}
