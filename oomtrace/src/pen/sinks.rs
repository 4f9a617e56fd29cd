//! What a pen writes to: a stream of lines, plain or compressed.

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use flate2::{Compression, write::GzEncoder};

use super::{Sink, Standing};
use crate::output::{Output, Wanted, Wrote};

impl Sink for Output {
    fn write(&mut self, block: &[u8]) -> Result<Wrote> {
        self.block(block)
    }

    fn sync(&mut self) -> Result<()> {
        Output::sync(self)
    }

    fn may_move(&self) -> bool {
        self.can_reopen()
    }

    fn standing(&self) -> Standing {
        Output::standing(self)
    }

    fn reopen(&mut self) -> Result<()> {
        renew(self)
    }

    fn finish(&mut self) -> Result<()> {
        Output::sync(self)
    }

    fn name(&self) -> String {
        self.shown().to_owned()
    }
}

/// Lines compressed with gzip. Each flush ends a part that can be read by itself.
pub struct Packed {
    output: Arc<Mutex<Output>>,
    encoder: GzEncoder<Through>,
    /// Bytes of the block in hand that were taken before a write failed.
    taken: usize,
}

/// Bytes go through as they come: a compressed stream can't be cut back to a line.
struct Through(Arc<Mutex<Output>>);

impl io::Write for Through {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).some(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Packed {
    /// Compresses what goes to `output`.
    #[must_use]
    pub fn new(output: Output) -> Self {
        let output = Arc::new(Mutex::new(output));
        Self { encoder: encoder(&output), output, taken: 0 }
    }

    fn cannot(&self, error: &io::Error) -> anyhow::Error {
        lock(&self.output).cannot("write", error)
    }
}

impl Sink for Packed {
    fn write(&mut self, block: &[u8]) -> Result<Wrote> {
        while let Some(rest) = block.get(self.taken..).filter(|rest| !rest.is_empty()) {
            match self.encoder.write(rest) {
                Ok(taken) => self.taken += taken,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Wrote::Closed),
                Err(error) => return Err(self.cannot(&error)),
            }
        }
        self.taken = 0;
        Ok(Wrote::All)
    }

    fn sync(&mut self) -> Result<()> {
        self.encoder.flush().map_err(|error| self.cannot(&error))?;
        lock(&self.output).sync()
    }

    fn may_move(&self) -> bool {
        lock(&self.output).can_reopen()
    }

    fn standing(&self) -> Standing {
        lock(&self.output).standing()
    }

    fn reopen(&mut self) -> Result<()> {
        // The old file may be gone or full.
        let _ = self.encoder.try_finish();
        renew(&mut lock(&self.output))?;
        (self.encoder, self.taken) = (encoder(&self.output), 0);
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.encoder.try_finish().map_err(|error| self.cannot(&error))?;
        lock(&self.output).sync()
    }

    fn name(&self) -> String {
        lock(&self.output).shown().to_owned()
    }
}

/// Opens the name anew, unless it still leads to what is open: that would empty it.
fn renew(output: &mut Output) -> Result<()> {
    if output.standing() == Standing::InPlace { Ok(()) } else { output.reopen(Wanted::Emptied) }
}

fn encoder(output: &Arc<Mutex<Output>>) -> GzEncoder<Through> {
    GzEncoder::new(Through(Arc::clone(output)), Compression::fast())
}

fn lock(output: &Mutex<Output>) -> MutexGuard<'_, Output> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}
