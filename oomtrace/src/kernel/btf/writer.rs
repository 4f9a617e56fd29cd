//! Makes BTF blobs for tests.

use std::collections::HashMap;

/// A blob under construction; ids are given from 1 in the order of [`Writer::add`].
pub(super) struct Writer {
    types: Vec<u8>,
    strings: Vec<u8>,
    known: HashMap<String, u32>,
    count: u32,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { types: Vec::new(), strings: vec![0], known: HashMap::new(), count: 0 }
    }

    /// Offset of `text` in the strings, 0 for "".
    pub(super) fn string(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let at = u32::try_from(self.strings.len()).unwrap();
        let known = *self.known.entry(text.to_owned()).or_insert(at);
        if known == at {
            self.strings.extend_from_slice(text.as_bytes());
            self.strings.push(0);
        }
        known
    }

    /// Adds a type; `payload` is what follows its head. Returns its id.
    pub(super) fn add(
        &mut self,
        name: &str,
        kind: u32,
        flag: bool,
        size_or_type: u32,
        vlen: usize,
        payload: &[u32],
    ) -> u32 {
        let info = u32::from(flag) << 31 | kind << 24 | u32::try_from(vlen).unwrap();
        let head = [self.string(name), info, size_or_type];
        self.types.extend(head.iter().chain(payload).flat_map(|word| word.to_ne_bytes()));
        self.count += 1;
        self.count
    }

    /// Adds a structure (or union) of members `(name, type, offset word)`.
    pub(super) fn members(
        &mut self,
        name: &str,
        kind: u32,
        flag: bool,
        size: u32,
        members: &[(&str, u32, u32)],
    ) -> u32 {
        let payload: Vec<u32> =
            members.iter().flat_map(|(name, id, at)| [self.string(name), *id, *at]).collect();
        self.add(name, kind, flag, size, members.len(), &payload)
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let (types, strings) = (self.types.len() as u32, self.strings.len() as u32);
        let mut blob = 0xeb9f_u16.to_ne_bytes().to_vec();
        blob.extend([1, 0]);
        blob.extend([24, 0, types, types, strings].iter().flat_map(|word: &u32| word.to_ne_bytes()));
        blob.extend(self.types);
        blob.extend(self.strings);
        blob
    }
}
