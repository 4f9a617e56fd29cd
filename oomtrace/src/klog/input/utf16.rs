//! Logs in UTF-16, as PowerShell and some editors save them.

use std::io::{self, BufRead, BufReader, Read};

/// The order of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Utf16 {
    Little,
    Big,
}

impl Utf16 {
    /// That of a text: by its mark, or by the zeroes of ASCII where there is none.
    pub(super) fn of(begin: &[u8]) -> Option<Self> {
        match begin {
            [0xff, 0xfe, ..] => return Some(Self::Little),
            [0xfe, 0xff, ..] => return Some(Self::Big),
            _ => {}
        }
        let head = &begin[..begin.len().min(512) & !1];
        let zeroes = |from: usize| head.iter().skip(from).step_by(2).filter(|b| **b == 0).count();
        let (even, odd, half) = (zeroes(0), zeroes(1), head.len() / 2);
        match () {
            () if half < 16 => None,
            () if odd * 10 > half * 9 && even * 10 < half => Some(Self::Little),
            () if even * 10 > half * 9 && odd * 10 < half => Some(Self::Big),
            () => None,
        }
    }

    fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }
}

/// Read at once.
const BUFFER: usize = 64 * 1024;

/// The beginning in UTF-8, and the rest.
///
/// # Errors
/// Those of reading.
pub(super) fn decoded(
    order: Utf16,
    begin: Vec<u8>,
    input: Box<dyn BufRead + Send>,
) -> io::Result<(Vec<u8>, Box<dyn BufRead + Send>)> {
    let whole = io::Cursor::new(begin).chain(input);
    let mut decoder = BufReader::with_capacity(
        BUFFER,
        Decoder { order, input: Box::new(whole), out: Vec::new(), at: 0, high: None },
    );
    let mut begin = Vec::new();
    decoder.by_ref().take(BUFFER as u64).read_to_end(&mut begin)?;
    Ok((begin, Box::new(decoder)))
}

struct Decoder {
    order: Utf16,
    input: Box<dyn Read + Send>,
    out: Vec<u8>,
    at: usize,
    /// The first half of a pair.
    high: Option<u16>,
}

impl Read for Decoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() {
            if !self.fill()? {
                return Ok(0);
            }
        }
        let count = buffer.len().min(self.out.len() - self.at);
        buffer[..count].copy_from_slice(&self.out[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

impl Decoder {
    fn fill(&mut self) -> io::Result<bool> {
        let mut raw = Vec::with_capacity(BUFFER);
        self.input.by_ref().take(BUFFER as u64).read_to_end(&mut raw)?;
        (self.at, self.out) = (0, Vec::with_capacity(raw.len()));
        let units = raw.chunks_exact(2).map(|pair| self.order.unit([pair[0], pair[1]]));
        let units: Vec<u16> =
            self.high.take().into_iter().chain(units).filter(|unit| *unit != 0xfeff).collect();
        let whole = match units.split_last() {
            Some((last, before)) if (0xd800..0xdc00).contains(last) && raw.len() == BUFFER => {
                self.high = Some(*last);
                before
            }
            _ => &units[..],
        };
        let text: String = char::decode_utf16(whole.iter().copied())
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        self.out = text.into_bytes();
        Ok(!raw.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_and_without_a_mark() {
        let text = "[   12.345678] Out of memory: Killed process 12 (a\u{1f600}b)\r\n".repeat(3000);
        for (order, mark) in
            [(Utf16::Little, true), (Utf16::Big, true), (Utf16::Little, false), (Utf16::Big, false)]
        {
            let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            let bytes: Vec<u8> = units
                .flat_map(
                    |unit: u16| if order == Utf16::Little { unit.to_le_bytes() } else { unit.to_be_bytes() },
                )
                .collect();
            assert_eq!(Utf16::of(&bytes), Some(order), "{mark}");
            let (head, tail) = bytes.split_at(1001);
            let (mut out, mut rest) =
                decoded(order, head.to_vec(), Box::new(io::Cursor::new(tail.to_vec()))).unwrap();
            rest.read_to_end(&mut out).unwrap();
            assert!(out == text.as_bytes(), "{order:?} {mark}");
        }
        assert_eq!(Utf16::of(b"[   12.345678] Out of memory: Killed process 12 (a)"), None);
    }
}
