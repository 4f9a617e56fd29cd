//! Kernel symbols, by streaming over /proc/kallsyms: 5 MB and 122,000 lines on 6.18, twice that with
//! `CONFIG_KALLSYMS_ALL`. It is never held: a pass costs about 30 ms, nearly all of it in the kernel, and no memory after.

use std::fs::File;
use std::io::{BufRead, BufReader};

use super::Roots;

const BUFFER_LEN: usize = 64 << 10;

/// Addresses of the symbols called `names`, of any type, in the order asked for.
///
/// 0 for one that is not there or whose address is hidden (`kernel.kptr_restrict` without `CAP_SYSLOG`). Data symbols
/// are only listed with `CONFIG_KALLSYMS_ALL`. Of several static symbols of one name, the first is taken.
#[must_use]
pub fn addresses<const N: usize>(roots: &Roots, names: [&str; N]) -> [u64; N] {
    let mut found = [None; N];
    for_each(roots, |symbol| {
        if let Some(nth) = names.iter().position(|name| name.as_bytes() == symbol.name) {
            found[nth].get_or_insert(symbol.address);
        }
        found.iter().any(Option::is_none)
    });
    found.map(|address| address.unwrap_or(0))
}

/// One line of kallsyms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Symbol<'a> {
    pub(super) address: u64,
    /// As nm(1) prints it: upper case when global, `t` text, `d` data, `r` read-only, `b` zeroed, `w`/`v` weak.
    pub(super) kind: u8,
    pub(super) name: &'a [u8],
}

/// Calls `visit` for each symbol until it returns false.
pub(super) fn for_each(roots: &Roots, mut visit: impl FnMut(Symbol<'_>) -> bool) {
    let Ok(file) = File::open(roots.proc.join("kallsyms")) else { return };
    let mut reader = BufReader::with_capacity(BUFFER_LEN, file);
    let mut line = Vec::with_capacity(256);
    while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if let Some(symbol) = parse(&line)
            && !visit(symbol)
        {
            return;
        }
        line.clear();
    }
}

/// Takes `ffffffff81000000 T _stext\t[module]`.
fn parse(line: &[u8]) -> Option<Symbol<'_>> {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let address = hex(words.next()?)?;
    let &[kind] = words.next()? else { return None };
    Some(Symbol { address, kind, name: words.next()? })
}

fn hex(digits: &[u8]) -> Option<u64> {
    if digits.len() > 16 {
        return None;
    }
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | u64::from(char::from(*digit).to_digit(16)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "0000000000000000 A fixed_percpu_data
ffffffff81000000 T _stext
ffffffff81000000 T _text
ffffffff81001000 t do_one
ffffffff81001800 D data_between
ffffffff81002000 W do_two
ffffffff82000000 R __per_cpu_offset
ffffffffc0000100 t probe\t[zram]
not a line
ffffffff81001f00 tt odd
ffffffff8100zzzz T odd
11ffffffff81001f00 T odd
";

    fn roots(text: &str) -> (tempfile::TempDir, Roots) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("kallsyms"), text).unwrap();
        let roots = Roots { proc: dir.path().into(), sys: dir.path().into() };
        (dir, roots)
    }

    #[test]
    fn addresses_are_found_by_their_whole_name() {
        let (_dir, roots) = roots(TEXT);
        let found = addresses(&roots, ["__per_cpu_offset", "do_", "_text", "fixed_percpu_data"]);
        assert_eq!(found, [0xffff_ffff_8200_0000, 0, 0xffff_ffff_8100_0000, 0]);
    }

    #[test]
    fn without_kallsyms_there_are_none() {
        let nowhere = Roots { proc: "/nonexistent".into(), ..Roots::default() };
        assert_eq!(addresses(&nowhere, ["_text"]), [0]);
    }
}
