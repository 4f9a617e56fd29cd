//! A line of a log, whatever wrapped it.

use std::borrow::Cow;

pub use crate::klog::Stamp;
use crate::klog::userspace::Program;
use crate::klog::{Caller, KmsgLine};

/// Who wrote a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Writer {
    /// The kernel: the source says so.
    Kernel,
    /// A process: the source says so.
    Process,
    /// The kernel's ring buffer has it, without its facility. Root alone can write there besides the kernel.
    RingBuffer,
    /// Nothing but the text is there.
    #[default]
    Unknown,
}

/// A line with all that its wrapping tells.
#[derive(Clone, Debug, Default)]
pub struct LogLine<'a> {
    /// How it was wrapped, in words.
    pub format: &'static str,
    /// Who wrote it.
    pub writer: Writer,
    /// The program that wrote it, where it is a process's and the source names it.
    pub program: Option<Program>,
    /// The machine that logged it.
    pub host: Option<String>,
    /// Its boot.
    pub boot_id: Option<String>,
    /// Wall clock.
    pub stamp: Option<Stamp>,
    /// Microseconds on printk's clock.
    pub usec: Option<u64>,
    /// Number of the record.
    pub seq: Option<u64>,
    /// See [`KmsgLine::fragment`].
    pub fragment: bool,
    /// Who printed it.
    pub caller: Option<Caller>,
    /// The text without any wrapping.
    pub text: Cow<'a, [u8]>,
}

impl LogLine<'_> {
    /// Without what only the journal itself can say of the program.
    pub(super) fn without_findings(mut self) -> Self {
        self.program = self.program.map(Program::without_findings);
        self
    }

    /// Whether it came through the kernel's ring buffer, into which only root can write.
    pub(super) fn is_of_ring_buffer(&self) -> bool {
        let kept = ["/dev/kmsg", "dmesg with facilities", "journal"];
        self.program.is_none()
            && match self.writer {
                Writer::Kernel => true,
                // A container can print what looks like dmesg's lines.
                Writer::RingBuffer => self.format != "JSON",
                Writer::Process => kept.contains(&self.format),
                Writer::Unknown => false,
            }
    }

    /// As the parser takes it. Where printk's time is absent, the wall clock stands in: the parser only compares times.
    #[must_use]
    pub fn kmsg(&self) -> KmsgLine<'_> {
        KmsgLine {
            seq: self.seq,
            usec: self.usec.or_else(|| self.stamp.as_ref()?.order_usec()),
            from_kernel: self.writer != Writer::Process,
            fragment: self.fragment,
            caller: self.caller,
            text: &self.text,
        }
    }
}
