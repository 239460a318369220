//! The kinds of cursor that a cloud may have, and how its pages mix.

use std::collections::BTreeMap;

use conv_api::ConversationId;
use fastrand::Rng;

use super::world::{Row, World};

/// The meaning of a cursor to its cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CursorKind {
    /// A place in the order: rank and ID of the last row.
    KeyExact,
    /// A second, and how many rows of it were given.
    KeySec,
    /// The number of rows of the live list that were given.
    LiveOff,
    /// The same, counted among rows no newer than the first call.
    SnapOff,
    /// A place in a copy made at the first call.
    Frozen,
    /// As `KeyExact`, in list order, and the source promises both.
    Promised,
    /// As `Promised`, of a source that keeps the list itself and gives the changes since a position.
    Mirrored,
}

impl CursorKind {
    pub const ALL: [Self; 7] = [
        Self::KeyExact,
        Self::KeySec,
        Self::LiveOff,
        Self::SnapOff,
        Self::Frozen,
        Self::Promised,
        Self::Mirrored,
    ];

    /// Returns true if the source promises list order and exact cursors.
    pub fn is_promised(self) -> bool {
        matches!(self, Self::Promised | Self::Mirrored)
    }
}

/// The way a cloud pages.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub cursor: CursorKind,
    pub page: usize,
    /// The newest rows that the cloud gives at all.
    pub server_cap: Option<usize>,
    /// Pinned and normal rows paged side by side, each with a cursor of its own; else one list.
    pub apart: bool,
    /// `CompleteFlag` comes only with a page that is short.
    pub late_flag: bool,
}

impl Shape {
    pub fn new(cursor: CursorKind, rng: &mut Rng) -> Self {
        Self {
            cursor,
            page: rng.usize(3..=12),
            server_cap: rng.choice([None, Some(12), Some(25)]).flatten(),
            apart: rng.bool() && !cursor.is_promised(),
            late_flag: rng.bool(),
        }
        .of_source(cursor)
    }
}

impl Shape {
    /// The list of a source that keeps it itself is whole.
    fn of_source(self, cursor: CursorKind) -> Self {
        match cursor {
            CursorKind::Mirrored => Self { server_cap: None, ..self },
            _ => self,
        }
    }
}

type Rows = Vec<(ConversationId, Row)>;

#[derive(Debug)]
pub struct Answer {
    pub rows: Rows,
    pub next: Option<String>,
}

/// The cloud's memory of copies that cursors refer to.
#[derive(Debug, Default)]
pub struct Copies(BTreeMap<u64, Rows>);

impl Copies {
    pub fn page(&mut self, world: &World, shape: &Shape, cursor: Option<&str>) -> Option<Answer> {
        let places: Vec<Option<&str>> = match cursor {
            None => vec![None, None],
            Some(text) => text.split('|').map(Some).collect(),
        };
        let capped = capped(world, shape.server_cap);
        if !shape.apart {
            return self.one(capped, world.now, shape, *places.first()?);
        }
        let (pinned, normal): (Rows, Rows) = capped.into_iter().partition(|(_, row)| row.pinned);
        let a = self.one(pinned, world.now, shape, *places.first()?)?;
        let b = self.one(normal, world.now, shape, *places.get(1)?)?;
        let next = match (&a.next, &b.next) {
            (None, None) => None,
            (a, b) => Some([a, b].map(|place| place.as_deref().unwrap_or("end")).join("|")),
        };
        Some(Answer { rows: [a.rows, b.rows].concat(), next })
    }

    fn one(&mut self, list: Rows, now: u64, shape: &Shape, place: Option<&str>) -> Option<Answer> {
        if place == Some("end") {
            return Some(Answer { rows: Vec::new(), next: None });
        }
        let (list, start, tag) = self.start(list, now, shape.cursor, place)?;
        let rows: Rows = list.iter().skip(start).take(shape.page).cloned().collect();
        let end = start + rows.len();
        let is_last = if shape.late_flag { rows.len() < shape.page } else { end >= list.len() };
        let next = match (is_last, shape.cursor) {
            (true, _) => None,
            (_, kind) if kind == CursorKind::KeyExact || kind.is_promised() => {
                rows.last().map_or(place.map(str::to_owned), |(id, row)| {
                    Some(format!("{}/{id}", row.rank().as_u64()))
                })
            }
            (_, CursorKind::KeySec) => rows.last().map_or(place.map(str::to_owned), |(_, last)| {
                let rank = last.rank();
                let given = list[..end].iter().filter(|(_, row)| row.rank() == rank).count();
                Some(format!("{}/{given}", rank.as_u64()))
            }),
            _ => Some(format!("{end}/{tag}")),
        };
        Some(Answer { rows, next })
    }

    /// Returns the list that a cursor refers to, its place in it, and what it has to carry on.
    fn start(
        &mut self,
        list: Rows,
        now: u64,
        kind: CursorKind,
        place: Option<&str>,
    ) -> Option<(Rows, usize, u64)> {
        let (head, tail) = match place {
            Some(text) => text.split_once('/')?,
            None => ("", ""),
        };
        let is_first = place.is_none();
        Some(match kind {
            CursorKind::KeyExact | CursorKind::Promised | CursorKind::Mirrored => {
                let rank = head.parse::<u64>().unwrap_or(0);
                let after = |(id, row): &(ConversationId, Row)| {
                    (row.rank().as_u64(), id.as_str()) > (rank, tail)
                };
                let start = if is_first { 0 } else { first(&list, after) };
                (list, start, 0)
            }
            CursorKind::KeySec => {
                let rank = head.parse::<u64>().unwrap_or(0);
                let given = tail.parse::<usize>().unwrap_or(0);
                let at = |(_, row): &(ConversationId, Row)| row.rank().as_u64() >= rank;
                let same = list.iter().filter(|(_, row)| row.rank().as_u64() == rank).count();
                let start = if is_first { 0 } else { first(&list, at) + given.min(same) };
                (list, start, 0)
            }
            CursorKind::LiveOff => (list, head.parse().unwrap_or(0), 0),
            CursorKind::SnapOff => {
                let since = tail.parse().unwrap_or(now);
                let kept = list.into_iter().filter(|(_, row)| row.time <= since).collect();
                (kept, head.parse().unwrap_or(0), since)
            }
            CursorKind::Frozen => {
                let number = if is_first { self.0.len() as u64 } else { tail.parse().ok()? };
                let copy = self.0.entry(number).or_insert(list).clone();
                (copy, head.parse().unwrap_or(0), number)
            }
        })
    }
}

fn first(list: &Rows, found: impl Fn(&(ConversationId, Row)) -> bool) -> usize {
    list.iter().position(found).unwrap_or(list.len())
}

/// The newest rows, pinned ones first, as far as the cloud gives any.
fn capped(world: &World, cap: Option<usize>) -> Rows {
    let mut rows = world.ordered();
    rows.truncate(cap.unwrap_or(usize::MAX));
    rows
}
