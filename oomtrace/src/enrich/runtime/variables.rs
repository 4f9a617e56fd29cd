//! The variables of an environment, and those that hold options.

/// Variables that hold options.
pub(super) const OPTIONS: [&str; 4] =
    ["NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"];

/// Names and values that are UTF-8; of one name that comes twice both.
pub(super) fn variables(environ: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    environ.split(|b| *b == 0).filter_map(|line| std::str::from_utf8(line).ok()?.split_once('='))
}
