//! Names made safe for a shell's command line, to be copied from a report and pasted.
//!
//! A cgroup's name may hold any byte but `/` and NUL. The result is one word of printable ASCII whatever is in it: nothing
//! of it is run, expanded or split, nothing moves the cursor, and what is seen is what is pasted.

use std::fmt::Write as _;

/// Quotes bytes as one word: as they are where no shell minds them, else in `'...'`, and in `$'...'` (bash, zsh, ksh,
/// busybox) where a byte is not printable ASCII.
#[must_use]
pub fn quote(raw: &[u8]) -> String {
    let is_plain = |b: &u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b':' | b'@' | b'%' | b'+' | b',' | b'-')
    };
    let is_printable = |b: &u8| *b == b' ' || b.is_ascii_graphic();
    if !raw.is_empty() && raw.iter().all(is_plain) {
        return String::from_utf8_lossy(raw).into_owned();
    }
    if raw.iter().all(is_printable) {
        // `'` can't stand inside of '...': end it, escape it, begin again.
        return format!("'{}'", String::from_utf8_lossy(raw).replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for byte in raw {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\\' | b'\'' => out.extend(['\\', char::from(*byte)]),
            _ if is_printable(byte) => out.push(char::from(*byte)),
            // Always two digits; $'...' reads no more than two. Writing to a String can't fail.
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out + "'"
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example() {
        assert_eq!(quote(b"nginx.service"), "nginx.service");
        assert_eq!(quote(b"a b;$(reboot)'"), r"'a b;$(reboot)'\'''");
        assert_eq!(quote(b"a\n\xff"), r"$'a\n\xff'");
    }

    /// What a shell makes of a word.
    fn read_by(shell: &str, word: &str) -> Vec<u8> {
        let script = format!("printf %s {word}");
        let out = Command::new(shell)
            .arg("-c")
            .arg(std::ffi::OsStr::from_bytes(script.as_bytes()))
            .output()
            .unwrap();
        assert!(out.status.success(), "{word}: {out:?}");
        out.stdout
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for raw in [
            &b"nginx.service"[..],
            b"",
            b"-rf",
            b"~root",
            b"a b",
            b"'",
            b"\\",
            b"a\\'b\n",
            b"$(touch /tmp/x)`id`;&|<>*?[]{}!#\"",
            b"\x1b]0;x\x07\x01\x7f",
            "база\u{202e}gnp".as_bytes(),
            b"\xff\xfe0a",
            b"dev-disk-by\\x2duuid.swap",
        ] {
            assert_eq!(read_by("bash", &quote(raw)), raw, "{}", quote(raw));
        }
    }

    proptest! {
        #[test]
        fn always_one_printable_word(raw in proptest::collection::vec(any::<u8>(), 0..60)) {
            let word = quote(&raw);
            prop_assert!(word.bytes().all(|b| b == b' ' || b.is_ascii_graphic()), "{word:?}");
            prop_assert!(!word.is_empty());
        }

        #[test]
        fn any_name_survives_a_shell(raw in proptest::collection::vec(1..=255_u8, 0..40)) {
            prop_assert_eq!(read_by("bash", &quote(&raw)), raw);
        }
    }
}
