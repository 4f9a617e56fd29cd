//! Reading a record as a stranger would: by its JSON alone.

use std::fmt;

use serde_json::Value;

use crate::protocol::printable;

/// A value that can be compared and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// A number.
    Number(i128),
    /// A name.
    Bytes(Vec<u8>),
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Bytes(bytes) => write!(f, "\"{}\"", printable(bytes)),
        }
    }
}

/// A name: a string, or an object with all bytes in hex where they are not UTF-8.
#[must_use]
pub fn text_of(value: &Value) -> Option<Vec<u8>> {
    if let Some(text) = value.as_str() {
        return Some(text.as_bytes().to_vec());
    }
    let hex = value.get("hex")?.as_str()?;
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

/// The name at `pointer`.
#[must_use]
pub fn bytes_at(record: &Value, pointer: &str) -> Option<Vec<u8>> {
    text_of(record.pointer(pointer)?)
}

/// The integer at `pointer`.
#[must_use]
pub fn number_at(record: &Value, pointer: &str) -> Option<i128> {
    let value = record.pointer(pointer)?;
    value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from))
}

/// The value at `pointer`, of either kind; a bool is a number.
pub(super) fn cell_at(record: &Value, pointer: &str) -> Option<Cell> {
    let value = record.pointer(pointer)?;
    if let Some(yes) = value.as_bool() {
        return Some(Cell::Number(yes.into()));
    }
    number_at(record, pointer).map(Cell::Number).or_else(|| text_of(value).map(Cell::Bytes))
}
