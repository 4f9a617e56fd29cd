//! One block: who it belongs to, and whether it is whole.

/// Bytes of a block, and what direct I/O is aligned to.
pub(super) const SIZE: usize = 4096;
/// Bytes before the payload.
const HEAD: usize = 32;
/// Bytes of a record that a block takes.
pub(super) const ROOM: usize = SIZE - HEAD;
/// Begins every block that was written.
const MAGIC: [u8; 4] = *b"oomR";

/// Aligned for direct I/O.
#[derive(Clone, Copy)]
#[repr(C, align(4096))]
pub(super) struct Block(pub(super) [u8; SIZE]);

impl Block {
    /// Nothing yet.
    pub(super) const EMPTY: Self = Self([0; SIZE]);

    /// The bytes of several blocks, which lie one behind the other.
    pub(super) fn bytes(blocks: &[Self]) -> &[u8] {
        // SAFETY: a block is an array of bytes whose size is its alignment, so there is nothing between two.
        unsafe { std::slice::from_raw_parts(blocks.as_ptr().cast(), blocks.len() * SIZE) }
    }

    /// Fills it with part `part` of `parts` of the record number `number`.
    pub(super) fn fill(&mut self, number: u64, part: u32, parts: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap_or(0);
        self.0[..4].copy_from_slice(&MAGIC);
        self.0[8..16].copy_from_slice(&number.to_le_bytes());
        self.0[16..20].copy_from_slice(&part.to_le_bytes());
        self.0[20..24].copy_from_slice(&parts.to_le_bytes());
        self.0[24..28].copy_from_slice(&length.to_le_bytes());
        self.0[28..32].fill(0);
        self.0[HEAD..HEAD + payload.len()].copy_from_slice(payload);
        self.0[HEAD + payload.len()..].fill(0);
        let sum = crc32fast::hash(&self.0[8..]);
        self.0[4..8].copy_from_slice(&sum.to_le_bytes());
    }
}

/// What a whole block holds.
pub(super) struct Part<'a> {
    pub number: u64,
    pub part: u32,
    pub parts: u32,
    pub payload: &'a [u8],
}

impl<'a> Part<'a> {
    /// Reads a block; `None` when it was never written, torn or damaged.
    pub(super) fn of(block: &'a [u8; SIZE]) -> Option<Self> {
        let word = |at: usize| Some(u32::from_le_bytes(block.get(at..at + 4)?.try_into().ok()?));
        let number = u64::from_le_bytes(block[8..16].try_into().ok()?);
        if block[..4] != MAGIC || word(4)? != crc32fast::hash(&block[8..]) {
            return None;
        }
        let length = usize::try_from(word(24)?).ok()?;
        let payload = block.get(HEAD..HEAD.checked_add(length)?)?;
        let (part, parts) = (word(16)?, word(20)?);
        (part < parts).then_some(Self { number, part, parts, payload })
    }
}
