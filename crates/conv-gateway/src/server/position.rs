//! A place in the history of a list.

use conv_api::store::Snapshot;

pub(super) use conv_api::Position;

/// Returns the position of a snapshot: from where a client goes on. `None`, in JSON `null`, while the
/// list has none.
pub(super) fn of(snapshot: &Snapshot) -> Option<Position> {
    snapshot.position()
}

/// Returns the position from which every process shows what a snapshot has stored, such as a change. A row
/// that is provisional in one of them alone has no part in it.
pub(super) fn stored(snapshot: &Snapshot) -> Option<Position> {
    snapshot.stored_position()
}
