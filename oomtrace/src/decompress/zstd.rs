//! zstd as a stream of frames, of which the last may have been cut off.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Bytes of a block's header: last block (1 bit), kind (2 bits), size (21 bits).
const HEADER: usize = 3;
/// The kind of block that stands for one repeated byte.
const REPEATED: u32 = 1;
/// An empty block that ends a frame.
const END: [u8; HEADER] = [1, 0, 0];

/// Any number of frames, one after the other: a file that was appended to has several.
pub(super) struct Zstd<R> {
    source: R,
    decoder: FrameDecoder,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a frame.
    Between,
    /// In a frame, before a block.
    Inside,
    /// The source ended inside of a frame: what was decoded is given, then an error.
    Cut,
}

impl<R: BufRead> Zstd<R> {
    /// Reads `source`, which is at the begin of a frame.
    pub(super) fn new(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), state: State::Between }
    }

    /// Begins the next frame, or skips one that is no data; false at the end of the source.
    fn begin(&mut self) -> io::Result<bool> {
        if self.source.fill_buf()?.is_empty() {
            return Ok(false);
        }
        match self.decoder.reset(&mut self.source) {
            Ok(()) => self.state = State::Inside,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => {
                io::copy(&mut self.source.by_ref().take(length.into()), &mut io::sink())?;
            }
            Err(_) if self.source.fill_buf()?.is_empty() => return Err(cut()),
            Err(error) => return Err(io::Error::other(error)),
        }
        Ok(true)
    }

    /// Decodes a block. The decoder holds back what later blocks may refer to, and forgets it when the source ends in a
    /// block: so only whole blocks are given to it, and a frame without an end gets one.
    fn block(&mut self) -> io::Result<()> {
        let mut block = Vec::new();
        if self.whole_block(&mut block)? {
            self.decode(&block)
        } else {
            self.state = State::Cut;
            self.decoder
                .decode_blocks(END.chain(io::repeat(0)), BlockDecodingStrategy::All)
                .map_err(io::Error::other)?;
            Ok(())
        }
    }

    fn decode(&mut self, block: &[u8]) -> io::Result<()> {
        // After the last block comes the checksum, which is part of the frame.
        let source = block.chain(&mut self.source);
        match self.decoder.decode_blocks(source, BlockDecodingStrategy::UptoBlocks(1)) {
            Ok(false) => {}
            Ok(true) => self.state = State::Between,
            Err(error) => return Err(io::Error::other(error)),
        }
        Ok(())
    }

    /// Reads a block with its header; false where the source ends before it does.
    fn whole_block(&mut self, block: &mut Vec<u8>) -> io::Result<bool> {
        self.source.by_ref().take(HEADER as u64).read_to_end(block)?;
        let &[a, b, c] = block.as_slice() else { return Ok(false) };
        let header = u32::from_le_bytes([a, b, c, 0]);
        let size = if header >> 1 & 3 == REPEATED { 1 } else { header >> 3 };
        let read = self.source.by_ref().take(size.into()).read_to_end(block)?;
        Ok(read == size as usize)
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.decoder.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            match self.state {
                State::Between => {
                    if !self.begin()? {
                        return Ok(0);
                    }
                }
                State::Inside => self.block()?,
                State::Cut => return Err(cut()),
            }
        }
    }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the compressed file was cut off")
}
