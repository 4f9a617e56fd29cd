//! Where the machine's own apt sources find Debian: no address is written down here.

use anyhow::{Result, ensure};
use std::path::Path;

/// One place packages come from.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    uri: String,
    suites: Vec<String>,
    /// apt's options `signed-by` and `trusted`, in the notation of one-line sources.
    options: Vec<String>,
}

/// One-line sources for `suites`: those of security updates from where the machine has its own from.
pub(super) fn lines_for(suites: &[String]) -> Result<String> {
    let codename = debian_codename(&std::fs::read_to_string("/etc/os-release").unwrap_or_default());
    let sources = read(Path::new("/etc/apt"));
    let lines = suites.iter().filter_map(|suite| line_for(suite, &sources, codename.as_deref()));
    let text: String = lines.collect();
    ensure!(!text.is_empty(), "no Debian archive among this machine's apt sources: kernels come from there");
    Ok(text)
}

/// `None` when this is not Debian: the archive of another distribution has other suites.
fn debian_codename(os_release: &str) -> Option<String> {
    let value = |name: &str| {
        let line = os_release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(line.trim_matches('"').to_owned())
    };
    (value("ID")? == "debian").then(|| value("VERSION_CODENAME")).flatten()
}

fn line_for(suite: &str, sources: &[Source], codename: Option<&str>) -> Option<String> {
    let suffix = if suite.ends_with("-security") { "-security" } else { "" };
    let own: Vec<String> =
        codename.into_iter().chain(["stable", "testing"]).map(|name| format!("{name}{suffix}")).collect();
    let is_ours =
        |source: &&Source| codename.is_some() && source.suites.iter().any(|suite| own.contains(suite));
    let source = sources.iter().find(is_ours)?;
    let options = match source.options.as_slice() {
        [] => String::new(),
        options => format!("[{}] ", options.join(" ")),
    };
    Some(format!("deb {options}{} {suite} main\n", source.uri))
}

fn read(dir: &Path) -> Vec<Source> {
    let mut files = vec![dir.join("sources.list")];
    if let Ok(entries) = std::fs::read_dir(dir.join("sources.list.d")) {
        files.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
    }
    files.sort();
    let mut sources = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("list") => sources.extend(text.lines().filter_map(one_line)),
            Some("sources") => sources.extend(stanzas(&text)),
            _ => {}
        }
    }
    sources
}

/// `deb [option=value ...] URI SUITE COMPONENT...`.
fn one_line(line: &str) -> Option<Source> {
    let rest = line.split('#').next()?.trim().strip_prefix("deb ")?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace();
    let uri = words.next()?.to_owned();
    let suites = vec![words.next()?.to_owned()];
    words.next()?;
    let kept = |option: &&str| option.starts_with("signed-by=") || option.starts_with("trusted=");
    Some(Source {
        uri,
        suites,
        options: options.split_whitespace().filter(kept).map(str::to_owned).collect(),
    })
}

/// The stanzas of a deb822 file.
fn stanzas(text: &str) -> Vec<Source> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines.split(|line| line.trim().is_empty()).filter_map(stanza).collect()
}

fn stanza(lines: &[&str]) -> Option<Source> {
    let field = |name: &str| {
        lines.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    if field("Enabled").is_some_and(|value| value == "no")
        || !field("Types")?.split_whitespace().any(|t| t == "deb")
    {
        return None;
    }
    let option =
        |key: &str, name: &str| Some(format!("{key}={}", field(name).filter(|value| !value.is_empty())?));
    Some(Source {
        uri: field("URIs")?.split_whitespace().next()?.to_owned(),
        suites: field("Suites")?.split_whitespace().map(str::to_owned).collect(),
        options: [option("signed-by", "Signed-By"), option("trusted", "Trusted")]
            .into_iter()
            .flatten()
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEB822: &str = "Types: deb\n# a comment\nURIs: http://example.org/debian\nSuites: bookworm bookworm-updates\n\
        Components: main\nSigned-By: /usr/share/keyrings/a.gpg\n\nTypes: deb deb-src\nURIs: http://example.org/security\n\
        Suites: bookworm-security\nComponents: main\n\nTypes: deb\nEnabled: no\nURIs: http://example.org/off\n\
        Suites: bookworm\nComponents: main\n";

    fn lines(sources: &[Source], suites: &[&str]) -> Vec<String> {
        suites.iter().filter_map(|suite| line_for(suite, sources, Some("bookworm"))).collect()
    }

    #[test]
    fn other_suites_come_from_where_the_own_ones_do() {
        let sources = stanzas(DEB822);
        assert_eq!(sources.len(), 2);
        assert_eq!(
            lines(&sources, &["sid", "trixie-security"]),
            [
                "deb [signed-by=/usr/share/keyrings/a.gpg] http://example.org/debian sid main\n",
                "deb http://example.org/security trixie-security main\n"
            ]
        );
    }

    #[test]
    fn one_line_sources_are_read_too() {
        let source =
            one_line("deb [arch=amd64 trusted=yes] http://example.org/d bookworm main # why").unwrap();
        assert_eq!(lines(&[source], &["sid"]), ["deb [trusted=yes] http://example.org/d sid main\n"]);
        assert_eq!(one_line("# deb http://example.org/d bookworm main"), None);
        assert_eq!(one_line("deb-src http://example.org/d bookworm main"), None);
    }

    #[test]
    fn a_third_party_archive_is_not_debian() {
        let other = one_line("deb http://example.org/node nodistro main").unwrap();
        assert_eq!(lines(&[other], &["sid"]), Vec::<String>::new());
    }

    #[test]
    fn only_debian_counts() {
        assert_eq!(debian_codename("ID=debian\nVERSION_CODENAME=bookworm\n").as_deref(), Some("bookworm"));
        assert_eq!(debian_codename("ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n"), None);
    }
}
