//! Bytes of the ring buffer into records, with every length checked.

use oomtrace_common::{
    Candidate, Exit, Header, Kill, Level, Plain, SigKill, Startup, Trigger, Victim, decode as record, kind,
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
    /// What a victim was started with, and what was read of its environment.
    Startup(Box<Startup>, Vec<u8>),
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
        kind::STARTUP => {
            let startup: Startup = record(bytes)?;
            let length = usize::try_from(startup.environ_len).ok()?;
            let environ = bytes.get(size_of::<Startup>()..)?.get(..length)?.to_vec();
            Decoded::Startup(Box::new(startup), environ)
        }
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
            Self::Startup(r, _) => &r.header,
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

    #[test]
    fn an_environment_follows_its_record() {
        let mut bytes = vec![0u8; size_of::<Startup>()];
        bytes[0] = u8::try_from(kind::STARTUP).unwrap();
        bytes[64] = 3;
        assert!(decode(&bytes).is_none(), "three bytes lack");
        // The ring rounds lengths up.
        bytes.extend(b"A=\0\0\0");
        assert!(matches!(decode(&bytes), Some(Decoded::Startup(_, environ)) if environ == b"A=\0"));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..1400), kind in 0u8..13) {
            let mut bytes = bytes;
            if let Some(first) = bytes.first_mut() { *first = kind; }
            for b in bytes.iter_mut().skip(1).take(3) { *b = 0; }
            if let Some(decoded) = decode(&bytes) {
                prop_assert_eq!(decoded.header().kind, u32::from(kind));
            }
        }
    }
}
