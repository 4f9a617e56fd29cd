//! Records compressed one by one: a kill with its history shrinks to about a tenth.

use std::io::{Read as _, Write as _};

use anyhow::Result;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use crate::model::Event;

/// A longer record is none of ours.
const MOST: u64 = 32 << 20;

/// The record as it is stored.
pub(super) fn pack(event: &Event) -> Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    serde_json::to_writer(&mut encoder, event)?;
    encoder.flush()?;
    Ok(encoder.finish()?)
}

/// The record again.
pub(super) fn unpack(bytes: &[u8]) -> Result<Event> {
    let mut text = Vec::new();
    ZlibDecoder::new(bytes).take(MOST).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}
