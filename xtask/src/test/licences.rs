//! Licences of everything that is linked in, by the list in deny.toml; needs no tool but cargo.

use super::Outcome;
use super::tally::Tally;
use crate::{paths, sh};
use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
}

/// One check per workspace: the kernel side has dependencies of its own.
pub(super) fn check() -> Result<Outcome> {
    let deny: Deny =
        toml::from_str(&std::fs::read_to_string(paths::root().join("deny.toml"))?).context("deny.toml")?;
    let mut tally = Tally::default();
    for workspace in [paths::root(), paths::root().join("oomtrace-ebpf")] {
        tally += check_workspace(&workspace, &deny.licenses.allow)?;
    }
    Ok(Outcome::Ran(tally))
}

fn check_workspace(workspace: &Path, allow: &[String]) -> Result<Tally> {
    let mut cargo = sh::cargo();
    cargo.args(["metadata", "--format-version", "1", "--locked"]).current_dir(workspace);
    let metadata: Metadata = serde_json::from_str(&sh::output(&mut cargo)?).context("cargo metadata")?;
    let refused: Vec<_> = metadata
        .packages
        .iter()
        .filter(|package| !package.license.as_deref().is_some_and(|license| is_allowed(license, allow)))
        .collect();
    for Package { name, version, license } in &refused {
        println!("{name} {version}: licence {} is not in deny.toml", license.as_deref().unwrap_or("unknown"));
    }
    Ok(if refused.is_empty() { Tally::PASSED } else { Tally::FAILED })
}

/// An SPDX expression: `AND` binds stronger than `OR`; `/` is crates' old way to write `OR`. What is no expression is refused.
fn is_allowed(expression: &str, allow: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    either(&mut words, allow).unwrap_or(false) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, allow: &[String]) -> Option<bool> {
    let mut allowed = both(words, allow)?;
    while words.next_if_eq(&"OR").is_some() {
        allowed |= both(words, allow)?;
    }
    Some(allowed)
}

fn both(words: &mut Words<'_>, allow: &[String]) -> Option<bool> {
    let mut allowed = one(words, allow)?;
    while words.next_if_eq(&"AND").is_some() {
        allowed &= one(words, allow)?;
    }
    Some(allowed)
}

/// A licence, which an exception only widens, or an expression in parentheses.
fn one(words: &mut Words<'_>, allow: &[String]) -> Option<bool> {
    match words.next()? {
        "(" => {
            let allowed = either(words, allow)?;
            words.next_if_eq(&")").map(|_| allowed)
        }
        ")" | "OR" | "AND" | "WITH" => None,
        licence => {
            if words.next_if_eq(&"WITH").is_some() {
                words.next()?;
            }
            Some(allow.iter().any(|allowed| allowed == licence))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(expression: &str) -> bool {
        is_allowed(expression, &["MIT".into(), "Apache-2.0".into(), "Unicode-3.0".into()])
    }

    #[test]
    fn one_of_a_choice_and_all_of_a_list_have_to_be_allowed() {
        assert!(allowed("MIT OR Apache-2.0"));
        assert!(allowed("MIT/GPL-2.0"));
        assert!(allowed("(MIT OR GPL-2.0) AND Unicode-3.0"));
        assert!(allowed("LGPL-2.1 OR Apache-2.0 WITH LLVM-exception"));
        assert!(!allowed("MIT AND GPL-2.0"));
        assert!(!allowed("(MIT OR Apache-2.0) AND LGPL-2.1-or-later"));
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for expression in ["", "MIT Apache-2.0", "(MIT", "MIT AND", "MIT OR )"] {
            assert!(!allowed(expression), "{expression}");
        }
    }
}
