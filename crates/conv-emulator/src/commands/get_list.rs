//! `recentcontact/get_list`: the list, page by page.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::{Context, item, not_imported, reply};
use crate::{
    cursor::{self, CursorKind, Key, Place},
    envelope::{Refusal, Reply},
    request::Fields,
    world::{Account, Label, Peer, Row, Snapshot, State, View, hash},
};

/// The number of frozen copies that an account keeps; older ones expire.
const MAX_SNAPSHOTS: usize = 8;

type Entry = (Peer, Row, Label);

#[derive(Clone, Copy)]
struct Flags(u64);

impl Flags {
    fn pins_matter(self) -> bool {
        self.0 & 1 != 0
    }

    fn empty_too(self) -> bool {
        self.0 & 2 != 0
    }

    fn page_pins(self) -> bool {
        self.0 & 4 != 0
    }

    /// The bits for marks, custom marks and groups. That these bits enable them is our reading of
    /// two editions of the documentation: the fields appeared together with the advice to send all
    /// six bits.
    fn labels(self) -> [bool; 3] {
        [self.0 & 8 != 0, self.0 & 16 != 0, self.0 & 32 != 0]
    }
}

#[derive(Clone, Copy)]
struct Cursor {
    normal: Place,
    top: Place,
}

impl Cursor {
    fn read(body: Fields<'_>) -> Result<Self, Refusal> {
        let place =
            |time, index| Ok(Place { time: body.number(time)?, index: body.number(index)? });
        Ok(Self {
            normal: place("TimeStamp", "StartIndex")?,
            top: place("TopTimeStamp", "TopStartIndex")?,
        })
    }

    fn is_start(self) -> bool {
        self.normal.is_start() && self.top.is_start()
    }
}

pub(super) fn run(context: Context<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("From_Account")?;
    let cursor = Cursor::read(body)?;
    let flags = Flags(body.number("AssistFlags")?);
    let mut state = context.world.lock();
    let (now, size) = (state.now(), context.page_size(state.page_size));
    let (rows, first_call) = rows(&mut state, context.cursor, id, cursor, flags)
        .ok_or_else(|| not_imported(id))?
        .ok_or_else(|| body.refuse("the cursor has expired"))?;

    let (top, normal): (Vec<&Entry>, Vec<&Entry>) =
        rows.iter().partition(|(_, row, _)| flags.pins_matter() && row.pinned);
    let top_size = if flags.page_pins() { size } else { usize::MAX };
    let top = Part::take(context.cursor, &top, cursor.top, top_size, now);
    let room = size.saturating_sub(top.taken.len());
    let normal = Part::take(context.cursor, &normal, cursor.normal, room, now);

    let full = top.taken.len() + normal.taken.len() >= size;
    let complete = top.left + normal.left == 0 && !(context.late && full);
    let next = if complete {
        let end = Place { time: now, index: 0 };
        Cursor { normal: end, top: end }
    } else {
        Cursor {
            normal: normal.next(context.cursor, cursor.normal, first_call),
            top: top.next(context.cursor, cursor.top, first_call),
        }
    };
    let mut page: Vec<Value> =
        top.taken.into_iter().chain(normal.taken).map(|entry| render(entry, flags)).collect();
    shuffle(&mut page, state.seed, id, cursor);
    reply(json!({
        "SessionItem": page,
        "CompleteFlag": u8::from(complete),
        "TimeStamp": next.normal.time,
        "StartIndex": next.normal.index,
        "TopTimeStamp": next.top.time,
        "TopStartIndex": next.top.index,
    }))
}

/// Returns the list to page through, and the number that cursors of offsets carry. The outer `None`
/// means an unknown account, the inner one an expired copy.
fn rows(
    state: &mut State,
    kind: CursorKind,
    id: &str,
    cursor: Cursor,
    flags: Flags,
) -> Option<Option<(Vec<Entry>, u64)>> {
    let now = state.now();
    let view = View {
        pins_matter: flags.pins_matter(),
        empty_too: flags.empty_too(),
        ..state.whole_view()
    };
    let account = state.account(id)?;
    if kind != CursorKind::Frozen {
        return Some(Some((copy(account.shown(), view), now)));
    }
    if cursor.is_start() {
        let rows = copy(account.shown(), view);
        let newest = account.snapshots.back().map_or(0, |held| held.id);
        let id = now.max(newest + 1);
        if account.snapshots.len() >= MAX_SNAPSHOTS {
            account.snapshots.pop_front();
        }
        account.snapshots.push_back(Snapshot { id, rows: rows.clone() });
        return Some(Some((rows, id)));
    }
    let held = account.snapshots.iter().find(|held| held.id == cursor.normal.time);
    Some(held.map(|held| (held.rows.clone(), held.id)))
}

fn copy(account: &Account, view: View) -> Vec<Entry> {
    let rows = account.order(view).into_iter();
    rows.map(|(peer, row)| {
        let label = account.labels.get(peer).cloned().unwrap_or_default();
        (peer.clone(), row.clone(), label)
    })
    .collect()
}

/// The rows of one class, pinned or not, on this page.
struct Part<'a> {
    taken: Vec<&'a Entry>,
    left: usize,
}

impl<'a> Part<'a> {
    fn take(kind: CursorKind, rows: &[&'a Entry], place: Place, size: usize, now: u64) -> Self {
        let keys: Vec<Key> = rows.iter().map(|entry| key(entry)).collect();
        let rest = cursor::remaining(kind, &keys, place, now);
        let taken: Vec<_> = rest.iter().take(size).filter_map(|i| rows.get(*i).copied()).collect();
        Self { left: rest.len() - taken.len(), taken }
    }

    fn next(&self, kind: CursorKind, place: Place, first_call: u64) -> Place {
        let keys: Vec<Key> = self.taken.iter().map(|entry| key(entry)).collect();
        cursor::advance(kind, &keys, place, first_call)
    }
}

fn key((_, row, _): &Entry) -> Key {
    Key { time: row.time, serial: u64::from(row.serial) }
}

fn render((peer, row, label): &Entry, flags: Flags) -> Value {
    let mut map = Map::new();
    let id = match peer {
        Peer::User(_) => "To_Account",
        Peer::Group(_) => "GroupId",
    };
    map.insert("Type".into(), json!(peer.wire_type()));
    map.insert(id.into(), json!(peer.id()));
    map.insert("MsgTime".into(), json!(row.time));
    map.insert("TopFlag".into(), json!(u8::from(flags.pins_matter() && row.pinned)));
    item::write_label(&mut map, label, flags.labels());
    Value::Object(map)
}

/// Shuffles a page, since no order is promised within one. The same request gets the same order.
fn shuffle(page: &mut [Value], seed: u64, id: &str, cursor: Cursor) {
    let at = [cursor.normal.time, cursor.normal.index, cursor.top.time, cursor.top.index];
    let at = at.iter().fold(0u64, |mixed, n| mixed.wrapping_mul(31).wrapping_add(*n));
    Rng::with_seed(seed ^ hash(id) ^ at).shuffle(page);
}
