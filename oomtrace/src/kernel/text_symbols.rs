//! The kernel's functions, kept small, to name the addresses of stacks without reading kallsyms at a kill.

use super::{Roots, symbols::for_each};

/// No function is larger; an address further away lies in none.
const FUNCTION_LEN_MAX: u64 = 1 << 20;

/// Room for functions and for their names while they are read, several times what a kernel has. Only what is written to
/// takes memory; growing step by step would leave twice the table behind in a heap that is locked.
const FUNCTIONS_ROOM: usize = 1 << 20;
const NAMES_ROOM: usize = 16 << 20;

/// Functions by address: 4 bytes each and their names. About 2 MiB for a distribution's kernel.
#[derive(Debug, Default)]
pub struct TextSymbols {
    base: u64,
    /// Offset from `base` and place of the name, by offset.
    functions: Vec<(u32, u32)>,
    /// Names, each ended by NUL.
    names: Vec<u8>,
}

impl TextSymbols {
    /// Reads kallsyms once (60 ms, 5 MB). Empty when addresses are hidden (`kptr_restrict`).
    ///
    /// Symbols that never name a frame are left out: compiler padding (`__pfx_`) and all but the first name of an address.
    ///
    /// `watch` gets the name and address of every symbol, data as well.
    pub fn load(roots: &Roots, mut watch: impl FnMut(&[u8], u64)) -> Self {
        let mut table = Self {
            base: 0,
            functions: Vec::with_capacity(FUNCTIONS_ROOM),
            names: Vec::with_capacity(NAMES_ROOM),
        };
        for_each(roots, |symbol| {
            watch(symbol.name, symbol.address);
            let text = matches!(symbol.kind, b't' | b'T' | b'w' | b'W');
            if text && symbol.address != 0 && !symbol.name.starts_with(b"__pfx_") {
                table.add(symbol.address, symbol.name);
            }
            true
        });
        // By place of the name where offsets are equal: in the order of the file.
        table.functions.sort_unstable();
        table.functions.dedup_by_key(|(offset, _)| *offset);
        table.functions.shrink_to_fit();
        table.names.shrink_to_fit();
        table
    }

    /// The first function's address is the base; those below it or 4 GiB above are no kernel text.
    fn add(&mut self, address: u64, name: &[u8]) {
        if self.base == 0 {
            self.base = address;
        }
        let offset = address.checked_sub(self.base).and_then(|offset| u32::try_from(offset).ok());
        if let (Some(offset), Ok(at)) = (offset, u32::try_from(self.names.len())) {
            self.functions.push((offset, at));
            self.names.extend_from_slice(name);
            self.names.push(0);
        }
    }

    /// `function+0x1c` for each address, innermost first; the address itself where it lies in no known function.
    ///
    /// All but the first are return addresses: they may lie just behind the function that made the call.
    #[must_use]
    pub fn name_all(&self, stack: &[u64]) -> Vec<String> {
        stack.iter().enumerate().map(|(nth, address)| self.name(*address, u64::from(nth > 0))).collect()
    }

    fn name(&self, address: u64, back: u64) -> String {
        let found = address.checked_sub(self.base + back).and_then(|offset| u32::try_from(offset).ok());
        let Some(offset) = found else { return format!("{address:#x}") };
        let at = self.functions.partition_point(|(start, _)| *start <= offset);
        let Some((start, name)) = at.checked_sub(1).and_then(|at| self.functions.get(at)) else {
            return format!("{address:#x}");
        };
        let within = address - self.base - u64::from(*start);
        if within > FUNCTION_LEN_MAX {
            return format!("{address:#x}");
        }
        let name = self.names.get(*name as usize..).unwrap_or_default();
        let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
        format!("{}+{within:#x}", String::from_utf8_lossy(&name[..end]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> TextSymbols {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("kallsyms"), text).unwrap();
        TextSymbols::load(&Roots { proc: dir.path().into(), ..Roots::default() }, |_, _| {})
    }

    #[test]
    fn names_functions() {
        let table = table(
            "ffffffff81000000 T _text\nffffffff81000000 T alias\nffffffff81002000 t two\nffffffff81001000 t one\n\
             ffffffff81001ff0 t __pfx_two\nffffffff81003000 D data\n",
        );
        let stack = [0xffff_ffff_8100_0004, 0xffff_ffff_8100_2000, 0xffff_ffff_8100_2001, 0x10, u64::MAX, 0];
        let expected = ["_text+0x4", "one+0x1000", "two+0x1", "0x10", "0xffffffffffffffff", "0x0"];
        assert_eq!(table.name_all(&stack), expected);
    }

    #[test]
    fn hidden_addresses_stay_numbers() {
        assert_eq!(table("0000000000000000 T _text\n").name_all(&[5]), ["0x5"]);
        assert_eq!(TextSymbols::default().name_all(&[u64::MAX]), ["0xffffffffffffffff"]);
    }
}
