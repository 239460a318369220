//! What was lost at an opening.

/// Records that did not decode when a store was opened. Rows and sync state come again with the
/// next pass; local state is nowhere else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Recovery {
    /// Rows that were dropped.
    pub dropped_rows: usize,
    /// Local states that were dropped. Their records are left as they are.
    pub dropped_locals: usize,
    /// Whether the state of the sync was dropped.
    pub dropped_state: bool,
}

impl Recovery {
    /// Whether nothing was lost.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}
