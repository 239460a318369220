//! A place in the history of a list.

use conv_api::store::Snapshot;

pub(super) use conv_api::Position;

/// Returns the position of a snapshot: from where a client goes on. `None`, in JSON `null`, while the
/// list has none.
pub(super) fn of(snapshot: &Snapshot) -> Option<Position> {
    snapshot.position()
}
