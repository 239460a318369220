//! The meaning of the four cursor numbers of a listing.
//!
//! Tencent does not document it, so clients must treat the numbers as opaque. The kinds here differ
//! in what a client misses when the list changes while it reads.

/// The method by which the cloud finds its place in a list that changes while it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CursorKind {
    /// The time and the tie-break of the last row read: an unchanged row is never skipped.
    #[default]
    KeyExact,
    /// The time of the last row, and the number of rows of that second that were read: a row is
    /// skipped if another one of its second, read before, leaves.
    KeySec,
    /// An offset into the live list: a row is skipped if one read before leaves or sinks.
    LiveOff,
    /// An offset among the rows not newer than the first call: skips rows like `LiveOff`, and also
    /// at each message in a conversation read before.
    SnapOff,
    /// An offset into a copy made at the first call: no row is skipped, but all are old.
    Frozen,
}

/// One half of the cursor: `TimeStamp` and `StartIndex`, or the pinned pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) time: u64,
    pub(crate) index: u64,
}

impl Place {
    pub(crate) fn is_start(self) -> bool {
        self == Self::default()
    }
}

/// The sort key of a row: newest first, then by serial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) time: u64,
    pub(crate) serial: u64,
}

/// Returns the positions in `keys` that come after `place`, in order. `keys` is in the cloud's
/// order.
pub(crate) fn remaining(kind: CursorKind, keys: &[Key], place: Place, now: u64) -> Vec<usize> {
    let all = keys.iter().enumerate();
    if place.is_start() && kind != CursorKind::SnapOff {
        return (0..keys.len()).collect();
    }
    let skip = usize::try_from(place.index).unwrap_or(usize::MAX);
    match kind {
        CursorKind::KeyExact => {
            let after = |key: &Key| {
                key.time < place.time || (key.time == place.time && key.serial > place.index)
            };
            all.filter(|(_, key)| after(key)).map(|(i, _)| i).collect()
        }
        CursorKind::KeySec => {
            let same = all.clone().filter(|(_, key)| key.time == place.time).skip(skip);
            let older = all.filter(|(_, key)| key.time < place.time);
            same.chain(older).map(|(i, _)| i).collect()
        }
        CursorKind::LiveOff | CursorKind::Frozen => (0..keys.len()).skip(skip).collect(),
        CursorKind::SnapOff => {
            let first_call = if place.is_start() { now } else { place.time };
            let old = all.filter(|(_, key)| key.time <= first_call);
            old.skip(skip).map(|(i, _)| i).collect()
        }
    }
}

/// Returns the place after `taken`, the rows just read. `first_call` is the time or the copy's
/// number that cursors of offsets carry.
pub(crate) fn advance(kind: CursorKind, taken: &[Key], place: Place, first_call: u64) -> Place {
    let count = taken.len() as u64;
    match kind {
        CursorKind::KeyExact => {
            taken.last().map_or(place, |last| Place { time: last.time, index: last.serial })
        }
        CursorKind::KeySec => taken.last().map_or(place, |last| {
            let here = taken.iter().filter(|key| key.time == last.time).count() as u64;
            let before = if place.time == last.time { place.index } else { 0 };
            Place { time: last.time, index: before.saturating_add(here) }
        }),
        CursorKind::LiveOff | CursorKind::SnapOff | CursorKind::Frozen => {
            let time = if place.is_start() { first_call } else { place.time };
            Place { time, index: place.index.saturating_add(count) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [CursorKind; 5] = [
        CursorKind::KeyExact,
        CursorKind::KeySec,
        CursorKind::LiveOff,
        CursorKind::SnapOff,
        CursorKind::Frozen,
    ];
    const NOW: u64 = 100;

    /// Rows in order, many of them in one second.
    fn keys(times: &[u64]) -> Vec<Key> {
        let rows = times.iter().zip(1..);
        rows.map(|(time, serial)| Key { time: *time, serial }).collect()
    }

    fn step(kind: CursorKind, keys: &[Key], place: Place, size: usize) -> (Vec<Key>, Place) {
        let rest = remaining(kind, keys, place, NOW);
        let taken: Vec<Key> = rest.iter().take(size).map(|i| keys[*i]).collect();
        let next = advance(kind, &taken, place, NOW);
        (taken, next)
    }

    #[test]
    fn every_kind_pages_a_quiet_list_exactly_whatever_the_page_size() {
        let list = keys(&[90, 80, 80, 80, 80, 70, 60, 60, 50, 50, 50, 1, 0, 0]);
        for kind in KINDS {
            for size in 1..=list.len() + 1 {
                let mut place = Place::default();
                let mut read = Vec::new();
                loop {
                    let (taken, next) = step(kind, &list, place, size);
                    if taken.is_empty() {
                        break;
                    }
                    assert_ne!(next, place, "{kind:?}");
                    read.extend(taken);
                    place = next;
                }
                assert_eq!(read, list, "{kind:?} in pages of {size}");
            }
        }
    }

    #[test]
    fn a_row_that_leaves_makes_only_the_offset_kinds_skip() {
        let list = keys(&[90, 80, 70, 60]);
        for (kind, skips) in KINDS.iter().zip([false, false, true, true, true]) {
            let (_, place) = step(*kind, &list, Place::default(), 2);
            let mut moved = list.clone();
            moved.remove(0);
            let (taken, _) = step(*kind, &moved, place, 2);
            // A frozen list would be read from its copy: the caller keeps it, not this module.
            assert_eq!(taken.first() != Some(&list[2]), skips, "{kind:?}");
        }
    }

    #[test]
    fn a_tie_that_leaves_makes_key_sec_skip_but_not_key_exact() {
        let list = keys(&[90, 80, 80, 80]);
        for (kind, expected) in [(CursorKind::KeyExact, 3), (CursorKind::KeySec, 4)] {
            let (_, place) = step(kind, &list, Place::default(), 2);
            let mut moved = list.clone();
            moved.remove(1);
            assert_eq!(step(kind, &moved, place, 1).0[0].serial, expected, "{kind:?}");
        }
    }

    #[test]
    fn a_message_in_a_row_already_read_makes_only_snap_off_skip() {
        let list = keys(&[90, 80, 70, 60]);
        let mut moved = list.clone();
        moved[0].time = NOW + 1;
        for (kind, skips) in KINDS.iter().zip([false, false, false, true, false]) {
            let (_, place) = step(*kind, &list, Place::default(), 2);
            let (taken, _) = step(*kind, &moved, place, 1);
            assert_eq!(taken[0] != list[2], skips, "{kind:?}");
        }
    }
}
