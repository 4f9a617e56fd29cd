//! What came of what was to be written.

/// Records, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All.
    pub records: u64,
    /// Kills among them.
    pub kills: u64,
}

impl Count {
    /// One record.
    #[must_use]
    pub fn one(is_kill: bool) -> Self {
        Self { records: 1, kills: u64::from(is_kill) }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.records += other.records;
        self.kills += other.kills;
    }
}

/// What is known when the end is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What did not reach the output.
    pub unwritten: Count,
    /// What did.
    pub written: Count,
    /// How often the output was deleted, and so made anew.
    pub deleted: u64,
    /// Why something did not reach it.
    pub why: Option<String>,
    /// The disk did not take what it had accepted.
    pub unsynced: Option<String>,
    /// The reader has gone, who needs no more.
    pub is_closed: bool,
}

impl Account {
    /// What the end of a stream should say; empty when all is well.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let records = self.unwritten.records;
        if records > 0 {
            let why = self.why.as_deref().unwrap_or(NOT_READ);
            notes.push(format!("{records} records could not be written: {why}"));
        }
        notes.extend(self.unsynced.clone());
        if self.deleted > 0 {
            notes.push(format!(
                "the output was deleted {} times while it was written to: a new one was made each time",
                self.deleted
            ));
        }
        notes
    }
}

/// Why, where no write failed.
const NOT_READ: &str = "the output takes no more (its reader has stopped, or the disk hangs)";
