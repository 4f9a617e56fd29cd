//! Kernel symbols, by streaming over /proc/kallsyms (5 MB; it is never held).

use std::fs::File;
use std::io::{BufRead, BufReader};

use super::Roots;

/// Larger reads than the default: procfs makes the text anew for each.
const BUFFER_LEN: usize = 64 << 10;

/// Addresses of the symbols called `names`, of any type, in the order asked for.
///
/// 0 for one that is not there or whose address is hidden (`kernel.kptr_restrict` without `CAP_SYSLOG`). Data symbols
/// are only listed with `CONFIG_KALLSYMS_ALL`. Reads on until all were found.
#[must_use]
pub fn addresses<const N: usize>(roots: &Roots, names: [&str; N]) -> [u64; N] {
    let mut found = [0; N];
    let mut left = N;
    for_each(roots, |symbol| {
        let Some(nth) = names.iter().position(|name| name.as_bytes() == symbol.name) else { return true };
        // Several of one name are static: which one is meant can't be told, so only the first counts as found.
        if found[nth] == 0 {
            found[nth] = symbol.address;
            left -= 1;
        }
        left > 0
    });
    found
}

/// One line of kallsyms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Symbol<'a> {
    address: u64,
    /// As nm(1) prints it: upper case when global, `t` text, `d` data, `r` read-only, `b` zeroed, `w`/`v` weak.
    kind: u8,
    name: &'a [u8],
    /// `[module]` with its brackets, empty for the kernel itself.
    module: &'a [u8],
}

/// Calls `visit` for each symbol until it returns false.
fn for_each(roots: &Roots, mut visit: impl FnMut(Symbol<'_>) -> bool) {
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
    Some(Symbol { address, kind, name: words.next()?, module: words.next().unwrap_or_default() })
}

fn hex(digits: &[u8]) -> Option<u64> {
    (digits.len() <= 16).then_some(())?;
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | u64::from(char::from(*digit).to_digit(16)?)))
}
