//! Ids of users and groups as text.

/// A user or group id: digits only. The largest number stands for "no change" in system calls, and is no id.
pub(super) fn id(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|id| digits && *id != u32::MAX)
}

/// Whether a name can be looked up: not empty, no option of a program, and nothing that separates entries.
pub(super) fn is_name(text: &str) -> bool {
    let bad = |c: char| c.is_control() || matches!(c, ':' | '/' | ',' | '\n');
    !text.is_empty() && !text.starts_with(['-', '+']) && !text.contains(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_that_name_somebody() {
        assert_eq!((id("0"), id("1000"), id("4294967294")), (Some(0), Some(1000), Some(u32::MAX - 1)));
        for text in
            ["", " 1", "1 ", "+1", "-1", "0x1", "4294967295", "4294967296", "99999999999999999999", "ann"]
        {
            assert_eq!(id(text), None, "{text:?}");
        }
    }

    #[test]
    fn names_that_are_looked_up() {
        assert!(is_name("ann") && is_name("DOMAIN\\ann") && is_name("ann@x.org") && is_name("1000"));
        for text in ["", "-ann", "+", "a:b", "a\nb", "../ann", "a,b"] {
            assert!(!is_name(text), "{text:?}");
        }
    }
}
