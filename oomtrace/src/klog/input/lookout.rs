//! Others who look for lines in a log while it is read for reports.

use std::io::Read;

/// One who looks for lines by words. Several threads ask at once which kind a line is of.
pub trait Lookout: Send + Sync {
    /// One of them stands in each line that is looked for. None has fewer than five bytes.
    fn needles(&self) -> &'static [&'static str];

    /// The kind of a line in which a needle stands; `None` when it is nothing.
    fn look(&self, line: &[u8]) -> Option<usize>;

    /// So many more lines are of that kind. `line` is the first of them, with its number in the log that is called `name`. Calls
    /// come in the order of the log.
    fn found(&self, kind: usize, count: u64, line: &[u8], name: &str, number: u64);

    /// A log that is not read line by line passes through here.
    fn watch(&self, input: Box<dyn Read + Send>, name: &str) -> Box<dyn Read + Send>;
}
