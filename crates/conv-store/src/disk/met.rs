//! The findings in a database's files since it was opened.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard},
};

use super::key::Prefix;
use crate::{Recovery, disk::local_log::LocalLog, sync::lock};

/// The lock is never held over disk work, so reading the findings never waits for a disk.
#[derive(Debug)]
pub(super) struct Met {
    folder: PathBuf,
    found: Mutex<Found>,
}

#[derive(Debug, Default)]
struct Found {
    /// The findings of the opening.
    opening: Recovery,
    /// The path of damaged bytes of local state.
    quarantined_local: Option<PathBuf>,
    /// The number of lost rows, per account that lost acknowledged writes.
    losses: BTreeMap<Prefix, u64>,
}

impl Met {
    /// Starts with the findings of the opening.
    pub(super) fn in_folder(folder: &Path, opening: Recovery) -> Self {
        let found = Found { opening, ..Found::default() };
        Self { folder: folder.to_owned(), found: Mutex::new(found) }
    }

    /// Records a log's findings.
    pub(super) fn note_log(&self, log: &LocalLog) {
        if let Some(name) = log.quarantined() {
            self.found().quarantined_local = Some(self.folder.join(name));
        }
    }

    /// Records losses, once per account.
    pub(super) fn note_losses(&self, mut losses: BTreeMap<Prefix, u64>) {
        self.found().losses.append(&mut losses);
    }

    pub(super) fn recovery(&self) -> Recovery {
        let found = self.found();
        Recovery {
            quarantined_local: found.quarantined_local.clone(),
            lost_accounts: found.losses.len(),
            lost_rows: found.losses.values().fold(0, |all, rows| all.saturating_add(*rows)),
            ..found.opening.clone()
        }
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        lock(&self.found)
    }
}
