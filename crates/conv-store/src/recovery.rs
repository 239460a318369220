//! The findings of an opening.

use std::path::PathBuf;

/// The report of an opening: what was dropped, repaired, quarantined or rebuilt. The next pass
/// fetches rows and sync state again; local state is stored nowhere else.
///
/// ```
/// # #[cfg(feature = "sled")] {
/// use conv_store::SledDatabase;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("cache");
/// let database = SledDatabase::open(&path).await?;
/// let recovery = database.recovery();
/// if let Some(path) = recovery.quarantined {
///     eprintln!("the rows did not open and went to {}", path.display());
/// }
/// # Ok(())
/// # }
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Recovery {
    /// Rows that did not decode and were dropped.
    pub dropped_rows: usize,
    /// Local states that did not decode and were dropped. Their records are left as they are.
    pub dropped_locals: usize,
    /// Records of pending mutations that did not decode, or that a later version wrote. They are not
    /// shown and never sent, and are left as they are.
    pub dropped_pending: usize,
    /// True if the state of the sync did not decode and was dropped.
    pub dropped_state: bool,
    /// The number of unfinished files of the engine that a crash left and that were removed. Nothing is
    /// lost with them.
    pub removed_unfinished: usize,
    /// True if the rows opened only without files that the engine rebuilds. They may be older than
    /// before.
    pub repaired: bool,
    /// The path of rows that could not be opened at all. The lists of all accounts began empty.
    pub quarantined: Option<PathBuf>,
    /// The path of damaged bytes of local state.
    pub quarantined_local: Option<PathBuf>,
    /// True if the rows were rewritten because their files had grown far beyond their content. Nothing
    /// is lost with that.
    pub rebuilt: bool,
    /// The number of accounts whose rows are older than their last acknowledged write, as after damage
    /// or the removal of a file. They show what is left; their next pass fetches the rest. Counted by
    /// every opening until the account's rows are written again.
    pub lost_accounts: usize,
    /// The number of rows that those accounts lost. A row that is present in an older version does not
    /// count, so this may be 0 when `lost_accounts` is not.
    pub lost_rows: u64,
    /// True if the journal of rows ended in the middle of an entry, as a kill during a write leaves it.
    /// That alone loses nothing that was acknowledged.
    pub journal_torn: bool,
    /// True if the journal of rows was damaged or could not be applied. Entries after the damage are
    /// lost.
    pub journal_damaged: bool,
    /// True if the database was opened for reading alone, so that nothing can be stored. That loses
    /// nothing.
    pub read_only: bool,
}

impl Recovery {
    /// Returns true if nothing was lost.
    pub fn is_clean(&self) -> bool {
        let harmless = Self {
            removed_unfinished: self.removed_unfinished,
            rebuilt: self.rebuilt,
            journal_torn: self.journal_torn,
            read_only: self.read_only,
            ..Self::default()
        };
        *self == harmless
    }

    /// Returns a copy without losses, which the database counts itself.
    #[cfg(any(feature = "redb", feature = "sled"))]
    pub(crate) fn without_losses(&self) -> Self {
        Self { lost_accounts: 0, lost_rows: 0, ..self.clone() }
    }

    /// Adds the findings of another opening, or of another part of the same one. Of two paths the
    /// later one stays.
    #[cfg(any(feature = "redb", feature = "sled"))]
    pub(crate) fn join(&mut self, other: Self) {
        self.dropped_rows = self.dropped_rows.saturating_add(other.dropped_rows);
        self.dropped_locals = self.dropped_locals.saturating_add(other.dropped_locals);
        self.dropped_pending = self.dropped_pending.saturating_add(other.dropped_pending);
        self.dropped_state |= other.dropped_state;
        self.removed_unfinished = self.removed_unfinished.saturating_add(other.removed_unfinished);
        self.repaired |= other.repaired;
        self.quarantined = other.quarantined.or(self.quarantined.take());
        self.quarantined_local = other.quarantined_local.or(self.quarantined_local.take());
        self.rebuilt |= other.rebuilt;
        self.lost_accounts = self.lost_accounts.saturating_add(other.lost_accounts);
        self.lost_rows = self.lost_rows.saturating_add(other.lost_rows);
        self.journal_torn |= other.journal_torn;
        self.journal_damaged |= other.journal_damaged;
        self.read_only |= other.read_only;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_without_losses_is_clean() {
        let clean = Recovery {
            removed_unfinished: 1,
            rebuilt: true,
            journal_torn: true,
            read_only: true,
            ..Recovery::default()
        };
        assert!(clean.is_clean());
        let lossy = [
            Recovery { dropped_rows: 1, ..Recovery::default() },
            Recovery { dropped_locals: 1, ..Recovery::default() },
            Recovery { dropped_pending: 1, ..Recovery::default() },
            Recovery { dropped_state: true, ..Recovery::default() },
            Recovery { repaired: true, ..Recovery::default() },
            Recovery { quarantined: Some("x".into()), ..Recovery::default() },
            Recovery { quarantined_local: Some("x".into()), ..Recovery::default() },
            Recovery { lost_accounts: 1, ..Recovery::default() },
            Recovery { lost_rows: 1, ..Recovery::default() },
            Recovery { journal_damaged: true, ..Recovery::default() },
        ];
        assert!(lossy.iter().all(|recovery| !recovery.is_clean()));
        let mut all = clean;
        lossy.into_iter().for_each(|recovery| all.join(recovery));
        let expected = Recovery {
            dropped_rows: 1,
            dropped_locals: 1,
            dropped_pending: 1,
            dropped_state: true,
            removed_unfinished: 1,
            repaired: true,
            quarantined: Some("x".into()),
            quarantined_local: Some("x".into()),
            rebuilt: true,
            lost_accounts: 1,
            lost_rows: 1,
            journal_torn: true,
            journal_damaged: true,
            read_only: true,
        };
        assert_eq!(all, expected);
    }
}
