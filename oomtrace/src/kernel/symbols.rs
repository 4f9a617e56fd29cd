//! Kernel symbols, by streaming over /proc/kallsyms: 5 MB and 122,000 lines on 6.18, twice that with
//! `CONFIG_KALLSYMS_ALL`. It is never held: a pass costs about 30 ms, nearly all of it in the kernel, and no memory after.

use std::fs::File;
use std::io::{BufRead, BufReader};

use super::Roots;

const BUFFER_LEN: usize = 64 << 10;
/// An address farther than this from the symbol before it belongs to something that has no symbol; no function of the
/// kernel is that long.
const FUNCTION_LEN_MAX: u64 = 1 << 20;

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

/// Names of the functions that a stack's addresses lie in, innermost first: `name+0x1c`, with ` [module]` behind where
/// it is one's; `0xffffffff81234567` where there is no such function or addresses are hidden.
///
/// The first address is an instruction; the others are return addresses, which lie behind their call and so, where a
/// function ends in a call that does not return, in the function after. As in the kernel's own traces, those are looked
/// up one byte before.
#[must_use]
pub fn resolve_all(roots: &Roots, addresses: &[u64]) -> Vec<String> {
    let mut best = vec![Candidate::default(); addresses.len()];
    if addresses.is_empty() {
        return Vec::new();
    }
    for_each(roots, |symbol| {
        if matches!(symbol.kind, b't' | b'T' | b'w' | b'W') && symbol.address != 0 {
            for ((nth, address), best) in (0..).zip(addresses).zip(&mut best) {
                best.offer(&symbol, address.saturating_sub(u64::from(nth > 0)));
            }
        }
        true
    });
    best.iter().zip(addresses).map(|(best, address)| best.describe(*address)).collect()
}

/// The closest symbol so far at or below an address.
#[derive(Clone, Debug, Default)]
struct Candidate {
    start: u64,
    name: Vec<u8>,
    module: Vec<u8>,
}

impl Candidate {
    /// Of several names of one address the first stays, as in the kernel.
    fn offer(&mut self, symbol: &Symbol<'_>, address: u64) {
        if symbol.address <= address && symbol.address > self.start {
            self.start = symbol.address;
            symbol.name.clone_into(&mut self.name);
            symbol.module.clone_into(&mut self.module);
        }
    }

    fn describe(&self, address: u64) -> String {
        let offset = address.wrapping_sub(self.start);
        if self.start == 0 || offset > FUNCTION_LEN_MAX {
            return format!("{address:#x}");
        }
        let name = String::from_utf8_lossy(&self.name);
        let space = if self.module.is_empty() { "" } else { " " };
        format!("{name}+{offset:#x}{space}{}", String::from_utf8_lossy(&self.module))
    }
}

/// One line of kallsyms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Symbol<'a> {
    pub(super) address: u64,
    /// As nm(1) prints it: upper case when global, `t` text, `d` data, `r` read-only, `b` zeroed, `w`/`v` weak.
    pub(super) kind: u8,
    pub(super) name: &'a [u8],
    /// `[module]` with its brackets, empty for the kernel itself.
    module: &'a [u8],
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
    Some(Symbol { address, kind, name: words.next()?, module: words.next().unwrap_or_default() })
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
    fn addresses_resolve_to_functions() {
        let (_dir, roots) = roots(TEXT);
        let stack = [
            0xffff_ffff_8100_1000,
            0xffff_ffff_8100_1900,
            // A return address at the start of a function: the call is the end of the one before.
            0xffff_ffff_8100_2000,
            0xffff_ffff_c000_0110,
            0xffff_ffff_b000_0000,
            0x10,
            0,
            u64::MAX,
        ];
        let expected = [
            "do_one+0x0",
            "do_one+0x900",
            "do_one+0x1000",
            "probe+0x10 [zram]",
            "0xffffffffb0000000",
            "0x10",
            "0x0",
            "0xffffffffffffffff",
        ];
        assert_eq!(resolve_all(&roots, &stack), expected);
        assert_eq!(resolve_all(&roots, &[0xffff_ffff_8100_0004]), ["_stext+0x4"]);
        assert_eq!(resolve_all(&roots, &[]), [""; 0]);
    }

    #[test]
    fn hidden_addresses_stay_numbers() {
        let (_dir, roots) = roots("0000000000000000 T _text\n0000000000000000 T do_one\n");
        assert_eq!(resolve_all(&roots, &[0xffff_ffff_8100_0000, 5]), ["0xffffffff81000000", "0x5"]);
        let nowhere = Roots { proc: "/nonexistent".into(), ..roots };
        assert_eq!(resolve_all(&nowhere, &[5]), ["0x5"]);
        assert_eq!(addresses(&nowhere, ["_text"]), [0]);
    }

    #[test]
    fn the_running_kernels_functions_resolve() {
        let roots = Roots::default();
        let [start] = addresses(&roots, ["oom_badness"]);
        if start == 0 {
            return assert!(
                !std::fs::read_to_string("/proc/kallsyms").unwrap_or_default().contains(" oom_badness\n")
            );
        }
        assert_eq!(resolve_all(&roots, &[start, start + 0x1c]), ["oom_badness+0x0", "oom_badness+0x1c"]);
    }
}
