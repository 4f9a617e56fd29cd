//! What the lockdown security module lets even root do.

use super::Roots;

/// State of lockdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lockdown {
    /// Nothing is locked down.
    None,
    /// The kernel can't be changed; BPF works.
    Integrity,
    /// Nor can its memory be read: no `bpf_probe_read_kernel`, kprobes or tracefs.
    Confidentiality,
    /// The kernel does not say: the module is not built in, or securityfs is not mounted or readable.
    Unknown,
}

/// State of lockdown, from `<sys>/kernel/security/lockdown`: `none [integrity] confidentiality`.
#[must_use]
pub fn lockdown(roots: &Roots) -> Lockdown {
    let file = roots.sys.join("kernel/security/lockdown");
    std::fs::read_to_string(file).map_or(Lockdown::Unknown, |text| chosen(&text))
}

fn chosen(text: &str) -> Lockdown {
    let marked = text.split_ascii_whitespace().find_map(|word| word.strip_prefix('[')?.strip_suffix(']'));
    match marked {
        Some("none") => Lockdown::None,
        Some("integrity") => Lockdown::Integrity,
        Some("confidentiality") => Lockdown::Confidentiality,
        _ => Lockdown::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marked_word_counts() {
        assert_eq!(chosen("[none] integrity confidentiality\n"), Lockdown::None);
        assert_eq!(chosen("none [integrity] confidentiality\n"), Lockdown::Integrity);
        assert_eq!(chosen("none integrity [confidentiality]\n"), Lockdown::Confidentiality);
        for odd in ["", "none integrity", "[later]", "[none"] {
            assert_eq!(chosen(odd), Lockdown::Unknown, "{odd}");
        }
    }

    #[test]
    fn the_file_is_read_below_the_root() {
        let dir = tempfile::tempdir().unwrap();
        let roots = Roots { sys: dir.path().into(), ..Roots::default() };
        assert_eq!(lockdown(&roots), Lockdown::Unknown);
        std::fs::create_dir_all(dir.path().join("kernel/security")).unwrap();
        std::fs::write(dir.path().join("kernel/security/lockdown"), "none [integrity] confidentiality\n")
            .unwrap();
        assert_eq!(lockdown(&roots), Lockdown::Integrity);
    }
}
