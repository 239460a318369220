//! What was met in a database's files, since it was opened.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::key::Prefix;
use crate::{Recovery, local_log::LocalLog};

/// Held for a moment at a time, never while a disk works, so that whoever asks waits for none.
#[derive(Debug)]
pub(super) struct Met {
    folder: PathBuf,
    found: Mutex<Found>,
}

#[derive(Debug, Default)]
struct Found {
    /// What the opening met.
    opening: Recovery,
    /// Where damaged bytes of local state went.
    local_set_aside: Option<PathBuf>,
    /// The accounts of which acknowledged rows are gone, and how many.
    losses: BTreeMap<Prefix, u64>,
}

impl Met {
    /// In a folder, the opening of which met something by itself.
    pub(super) fn in_folder(folder: &Path, opening: Recovery) -> Self {
        let found = Found { opening, ..Found::default() };
        Self { folder: folder.to_owned(), found: Mutex::new(found) }
    }

    /// Notes what a log has met so far.
    pub(super) fn note_log(&self, log: &LocalLog) {
        if let Some(name) = log.put_aside() {
            self.found().local_set_aside = Some(self.folder.join(name));
        }
    }

    /// Notes what is gone, once for each account.
    pub(super) fn note_losses(&self, mut losses: BTreeMap<Prefix, u64>) {
        self.found().losses.append(&mut losses);
    }

    pub(super) fn recovery(&self) -> Recovery {
        let found = self.found();
        Recovery {
            local_set_aside: found.local_set_aside.clone(),
            lost_accounts: found.losses.len(),
            lost_rows: found.losses.values().fold(0, |all, rows| all.saturating_add(*rows)),
            ..found.opening.clone()
        }
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        // Nothing panics in between, so what is there is whole.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
