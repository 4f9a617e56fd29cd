//! The records that are whole, in the order in which they were written.

use std::collections::BTreeMap;
use std::io::{self, Read};

use anyhow::{Result, ensure};

use super::MAGIC;
use super::block::{Part, SIZE};

/// Blocks of the largest file that is read: 4 GiB.
const BLOCKS_MAX: u64 = 1 << 20;

/// A record of which parts may be missing.
#[derive(Default)]
struct Record {
    parts: u32,
    found: BTreeMap<u32, Vec<u8>>,
}

/// Reads a ring file into lines, one a record.
///
/// # Errors
/// When it is none, or can't be read at all. Blocks that are damaged are left out, and so is the end where the file is cut.
pub fn lines(source: &mut dyn Read) -> Result<Vec<u8>> {
    let mut block = [0; SIZE];
    ensure!(
        next(source, &mut block)? && block.starts_with(&MAGIC),
        "it does not begin as a recording of a ring does"
    );
    let mut records: BTreeMap<u64, Record> = BTreeMap::new();
    for _ in 0..BLOCKS_MAX {
        if !next(source, &mut block)? {
            break;
        }
        if let Some(part) = Part::of(&block) {
            let record = records.entry(part.number).or_default();
            record.parts = part.parts;
            record.found.insert(part.part, part.payload.to_vec());
        }
    }
    let mut lines = Vec::new();
    for record in records.into_values().filter(|record| record.found.len() == record.parts as usize) {
        record.found.into_values().for_each(|part| lines.extend(part));
        lines.push(b'\n');
    }
    Ok(lines)
}

/// Reads a block; false at the end, also within a block.
fn next(source: &mut dyn Read, block: &mut [u8; SIZE]) -> io::Result<bool> {
    match source.read_exact(block) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
