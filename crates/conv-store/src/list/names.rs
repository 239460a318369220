//! Names that many rows share, each stored once.

use std::{collections::BTreeSet, sync::Arc};

/// The names met so far.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeSet<Arc<str>>);

impl Names {
    /// Replaces each name by the equal one that was met first.
    pub(crate) fn share(&mut self, names: &mut [Arc<str>]) {
        for name in names {
            match self.0.get(name) {
                Some(known) => *name = Arc::clone(known),
                None => {
                    self.0.insert(Arc::clone(name));
                }
            }
        }
    }
}
