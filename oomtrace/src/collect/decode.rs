//! Bytes of the ring buffer into records, with every length checked.

use oomtrace_common::{
    Candidate, Exit, Header, Kill, Level, Plain, SigKill, Trigger, Victim, decode as record, kind,
};

/// A record of any kind.
#[derive(Clone, Debug)]
pub enum Decoded {
    /// `oom_kill_process` was entered.
    Kill(Box<Kill>),
    /// `mark_victim` fired.
    Mark(Box<Victim>),
    /// The kernel sent SIGKILL.
    Signal(Box<Victim>),
    /// A victim's last thread exited.
    Exit(Exit),
    /// A level of a memory cgroup's path.
    Level(Box<Level>),
    /// A task that was scored.
    Candidate(Box<Candidate>),
    /// `mark_victim` by its format file.
    Plain(Box<Plain>),
    /// The trigger.
    Trigger(Box<Trigger>),
    /// `oom_kill_process` has returned.
    Return(Header),
    /// Somebody sent SIGKILL.
    SigKill(Box<SigKill>),
}

/// Decodes one record; `None` when it is too short or of a kind that is not known.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Decoded> {
    let header: Header = record(bytes)?;
    Some(match header.kind {
        kind::KILL => Decoded::Kill(Box::new(record(bytes)?)),
        kind::MARK => Decoded::Mark(Box::new(record(bytes)?)),
        kind::SIGNAL => Decoded::Signal(Box::new(record(bytes)?)),
        kind::EXIT => Decoded::Exit(record(bytes)?),
        kind::LEVEL => Decoded::Level(Box::new(record(bytes)?)),
        kind::CANDIDATE => Decoded::Candidate(Box::new(record(bytes)?)),
        kind::PLAIN => Decoded::Plain(Box::new(record(bytes)?)),
        kind::RETURN => Decoded::Return(header),
        kind::SIGKILL => Decoded::SigKill(Box::new(record(bytes)?)),
        kind::TRIGGER => Decoded::Trigger(Box::new(record(bytes)?)),
        _ => return None,
    })
}

impl Decoded {
    /// The head of the record.
    #[must_use]
    pub fn header(&self) -> &Header {
        match self {
            Self::Kill(r) => &r.header,
            Self::Mark(r) | Self::Signal(r) => &r.header,
            Self::Exit(r) => &r.header,
            Self::Level(r) => &r.header,
            Self::Candidate(r) => &r.header,
            Self::Plain(r) => &r.header,
            Self::Trigger(r) => &r.header,
            Self::Return(r) => r,
            Self::SigKill(r) => &r.header,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_and_unknown_records_are_refused() {
        assert!(decode(&[]).is_none());
        assert!(decode(&[0; 48]).is_none(), "kind 0");
        let mut exit = [0u8; 64];
        exit[0] = u8::try_from(kind::EXIT).unwrap();
        exit[48] = 7;
        assert!(matches!(decode(&exit), Some(Decoded::Exit(e)) if e.tgid == 7));
        assert!(decode(&exit[..63]).is_none());
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..800), kind in 0u8..12) {
            let mut bytes = bytes;
            if let Some(first) = bytes.first_mut() { *first = kind; }
            for b in bytes.iter_mut().skip(1).take(3) { *b = 0; }
            if let Some(decoded) = decode(&bytes) {
                prop_assert_eq!(decoded.header().kind, u32::from(kind));
            }
        }
    }
}
