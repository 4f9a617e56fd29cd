//! All processes by the task iterator.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};

use aya::Ebpf;
use oomtrace_common::{TaskFaults, TaskSample, decode, sampled};

use super::bytes;
use crate::{
    probe::bpf,
    sample::{ProcessKey, ProcessSample},
};

/// The kernel's buffer for an iterator's output: more does not come at once.
const CHUNK: usize = 32 * 1024;

/// A linked task iterator.
#[derive(Debug)]
pub(crate) struct IterTasks {
    link: OwnedFd,
    page_size: u64,
    buf: Vec<u8>,
    faults: Vec<(u32, u64)>,
}

impl IterTasks {
    /// `None` when the iterator was not loaded.
    ///
    /// # Errors
    /// When the kernel refuses to link it.
    pub(crate) fn link(ebpf: &Ebpf, page_size: u64) -> io::Result<Option<Self>> {
        let Some(program) = super::program(ebpf, "iter_task") else { return Ok(None) };
        let link = bpf::link_iterator(program.as_fd(), None)?;
        Ok(Some(Self { link, page_size, buf: vec![0; CHUNK], faults: Vec::new() }))
    }

    /// One pass.
    ///
    /// # Errors
    /// When the iterator can't be run to its end.
    pub(crate) fn pass(&mut self, into: &mut Vec<ProcessSample>) -> io::Result<()> {
        into.clear();
        self.faults.clear();
        let mut file = File::from(bpf::start_iterator(self.link.as_fd())?);
        loop {
            match file.read(&mut self.buf) {
                Ok(0) => break,
                Ok(length) => self.take(length, into)?,
                Err(error) if again(&error) => {}
                Err(error) => return Err(error),
            }
        }
        add_faults(&self.faults, into);
        Ok(())
    }

    /// Takes the records of one read: the kernel gives whole ones.
    fn take(&mut self, length: usize, into: &mut Vec<ProcessSample>) -> io::Result<()> {
        let mut rest = self.buf.get(..length).unwrap_or_default();
        while let Some(kind) = rest.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes)) {
            let size = match kind {
                sampled::PROCESS => {
                    let record = decode::<TaskSample>(rest).ok_or(io::ErrorKind::UnexpectedEof)?;
                    into.push(sample(&record, self.page_size));
                    size_of::<TaskSample>()
                }
                sampled::FAULTS => {
                    let record = decode::<TaskFaults>(rest).ok_or(io::ErrorKind::UnexpectedEof)?;
                    self.faults.push((record.tgid, record.major_faults));
                    size_of::<TaskFaults>()
                }
                _ => return Err(io::ErrorKind::InvalidData.into()),
            };
            rest = rest.get(size..).unwrap_or_default();
        }
        Ok(())
    }
}

/// The kernel interrupts a pass over very many tasks without output.
fn again(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
}

fn sample(record: &TaskSample, page_size: u64) -> ProcessSample {
    let [file, anon, swap, shmem] = record.counters.map(|pages| bytes(pages, page_size));
    ProcessSample {
        key: ProcessKey { pid: record.tgid, start_ns: record.start_time },
        ppid: record.ppid,
        uid: record.uid,
        cgroup: record.memcg_id,
        comm: record.comm,
        oom_score_adj: i16::try_from(record.oom_score_adj).unwrap_or_default(),
        threads: record.threads,
        anon,
        file,
        shmem,
        swap,
        page_tables: record.pgtables_bytes,
        major_faults: record.major_faults,
    }
}

/// Adds threads' faults to their processes, which come in the order of their numbers.
fn add_faults(faults: &[(u32, u64)], into: &mut [ProcessSample]) {
    for (tgid, count) in faults {
        if let Ok(at) = into.binary_search_by_key(tgid, |sample| sample.key.pid) {
            into[at].major_faults += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(tgid: u32) -> TaskSample {
        let zeros: TaskSample = decode(&[0; size_of::<TaskSample>()]).unwrap();
        TaskSample { kind: sampled::PROCESS, tgid, counters: [1, 2, 3, -4], major_faults: 5, ..zeros }
    }

    #[test]
    fn counters_become_bytes() {
        let sample = sample(&record(9), 4096);
        assert_eq!((sample.file, sample.anon, sample.swap, sample.shmem), (4096, 8192, 12288, 0));
    }

    #[test]
    fn faults_of_threads_are_their_process_s() {
        let mut samples = [sample(&record(3), 1), sample(&record(8), 1)];
        add_faults(&[(8, 10), (3, 1), (8, 1), (5, 7)], &mut samples);
        assert_eq!(samples.map(|s| s.major_faults), [6, 16]);
    }
}
