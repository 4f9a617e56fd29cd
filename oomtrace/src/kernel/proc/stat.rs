//! `/proc/<pid>/stat`.

/// `PF_KTHREAD` in `task_struct.flags`.
const PF_KTHREAD: u64 = 0x0020_0000;

/// Length of the tick in which `/proc` gives times, in ns: 10 ms everywhere but on a few old architectures.
pub(crate) fn tick_ns() -> u64 {
    // SAFETY: a plain call.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    1_000_000_000 / u64::try_from(per_second).ok().filter(|n| *n > 0).unwrap_or(100)
}

/// The parts of `/proc/<pid>/stat` that are used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) comm: Vec<u8>,
    /// `R`, `S`, `Z`, ...
    pub(crate) state: u8,
    pub(crate) ppid: u32,
    pub(crate) flags: u64,
    pub(crate) start_ticks: u64,
    pub(crate) major_faults: u64,
    pub(crate) threads: u32,
}

impl Stat {
    /// Parses `stat`; the name may hold spaces, parentheses and newlines, so it ends at the last parenthesis.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let open = text.iter().position(|b| *b == b'(')?;
        let close = text.iter().rposition(|b| *b == b')')?;
        let comm = text.get(open + 1..close)?.to_vec();
        // Field 3 (state) is the first after the name.
        let fields: Vec<&str> =
            std::str::from_utf8(text.get(close + 1..)?).ok()?.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3).copied();
        Some(Self {
            comm,
            state: *field(3)?.as_bytes().first()?,
            ppid: field(4)?.parse().ok()?,
            flags: field(9)?.parse().ok()?,
            start_ticks: field(22)?.parse().ok()?,
            major_faults: field(12)?.parse().ok()?,
            threads: field(20)?.parse().ok()?,
        })
    }

    /// Zombie or dead.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }

    /// It has no memory of its own and is never a victim.
    pub(crate) fn kernel_thread(&self) -> bool {
        self.flags & PF_KTHREAD != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STAT: &str = "S 1 10 10 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 1000 200 18446744073709551615";

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Stat::parse(&bytes);
        }

        #[test]
        fn any_name_is_found_again(comm in proptest::collection::vec(any::<u8>(), 0..16)) {
            let mut text = b"42 (".to_vec();
            text.extend(&comm);
            text.extend(format!(") {STAT}\n").bytes());
            let stat = Stat::parse(&text).unwrap();
            let expected =
                Stat { comm, state: b'S', ppid: 1, flags: 4_194_560, start_ticks: 12345, major_faults: 3, threads: 1 };
            prop_assert_eq!(stat, expected);
        }
    }
}
