//! Whether QEMU can emulate several processors at the same time.

use crate::sh;
use anyhow::{Context as _, Result};
use std::path::Path;
use std::process::Command;

/// The first release that can. Until then a processor may go on with a translation of code that another has patched meanwhile:
/// a breakpoint (int3) that the kernel has long removed kills a kernel in its start, or is hit for ever ("soft lockup" of both
/// processors). QEMU's commits cb62bd15e14e and deba78709ae8, "accel/tcg: Always lock pages before translation".
const SOUND: (u32, u32) = (8, 1);

/// The value of `-accel` for `program`: each processor in a thread of its own, or all in turn in one.
pub(super) fn accelerator(program: &Path) -> Result<&'static str> {
    let said = sh::output(Command::new(program).arg("--version"))?;
    let version = version(&said)
        .with_context(|| format!("{} does not tell its version: {said:?}", program.display()))?;
    Ok(if version < SOUND { "tcg,thread=single" } else { "tcg,thread=multi" })
}

/// `QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)`
fn version(said: &str) -> Option<(u32, u32)> {
    let number = said.split_once("version ")?.1.split_whitespace().next()?;
    let mut parts = number.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart_by_number() {
        let debian =
            "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright (c) 2003-2022";
        assert_eq!(version(debian), Some((7, 2)));
        assert!(version("QEMU emulator version 8.0.5").unwrap() < SOUND);
        assert!(version("QEMU emulator version 8.1.0").unwrap() >= SOUND);
        assert!(version("QEMU emulator version 10.0.2 (Debian)").unwrap() >= SOUND);
    }

    #[test]
    fn what_tells_no_version_is_none() {
        for said in ["", "QEMU", "version ", "version x.y"] {
            assert_eq!(version(said), None, "{said}");
        }
    }
}
