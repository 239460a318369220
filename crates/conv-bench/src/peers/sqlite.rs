//! SQLite as one would set it up: a table with columns, the indexes that the list needs, prepared
//! statements, WAL.

use std::path::Path;

use conv_api::{Conversation, MarkType};
use rusqlite::{CachedStatement, Connection, Row as Columns, params};

use crate::data::Row;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS conversation (
        id TEXT PRIMARY KEY, pinned INTEGER NOT NULL, time INTEGER NOT NULL,
        starred INTEGER NOT NULL, marks INTEGER NOT NULL, folder TEXT, unread INTEGER NOT NULL,
        name TEXT, avatar TEXT, preview TEXT
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS listed ON conversation (pinned DESC, time DESC, id DESC);
    CREATE INDEX IF NOT EXISTS starred ON conversation (starred, pinned DESC, time DESC, id DESC);
    CREATE INDEX IF NOT EXISTS folder ON conversation (folder, pinned DESC, time DESC, id DESC);
    CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, cursor BLOB);";
const PUT: &str = "INSERT INTO conversation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET pinned = excluded.pinned, time = excluded.time,
        starred = excluded.starred, marks = excluded.marks, folder = excluded.folder,
        unread = excluded.unread, name = excluded.name, avatar = excluded.avatar,
        preview = excluded.preview";
const STATE: &str = "INSERT INTO state VALUES (0, ?) ON CONFLICT (id) DO UPDATE SET cursor = ?1";
const COLUMNS: &str = "SELECT id, name, avatar, preview, time, pinned, marks, unread
    FROM conversation";
/// Ties the other way round than conv: a comparison of keys needs one direction.
const ORDER: &str = "ORDER BY pinned DESC, time DESC, id DESC";

/// The failure that a commit survives, in SQLite's words.
#[derive(Clone, Copy, Debug)]
pub enum Safety {
    /// Nothing: `synchronous = OFF`.
    Off,
    /// The end of the process: `synchronous = NORMAL`.
    Normal,
    /// A power cut: `synchronous = FULL`.
    Full,
}

pub struct Sqlite(Connection);

/// A row as a screen would take it.
#[derive(Debug)]
#[expect(dead_code, reason = "read, not used")]
pub struct Shown {
    id: String,
    name: Option<String>,
    avatar: Option<String>,
    preview: Option<String>,
    time: u64,
    is_pinned: bool,
    marks: i64,
    unread: u32,
}

impl Sqlite {
    pub fn in_memory(rows: &[Row]) -> Self {
        let sqlite = Self::set_up(Connection::open_in_memory().unwrap(), Safety::Off);
        sqlite.put_all(rows);
        sqlite
    }

    pub fn open(folder: &Path, safety: Safety) -> Self {
        Self::set_up(Connection::open(folder.join("conversations.sqlite")).unwrap(), safety)
    }

    fn set_up(connection: Connection, safety: Safety) -> Self {
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        let safety = match safety {
            Safety::Off => "OFF",
            Safety::Normal => "NORMAL",
            Safety::Full => "FULL",
        };
        connection.pragma_update(None, "synchronous", safety).unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        Self(connection)
    }

    /// All of them and a cursor, in one transaction.
    pub fn put_all(&self, rows: &[Row]) {
        let transaction = self.0.unchecked_transaction().unwrap();
        rows.iter().for_each(|row| self.put(row));
        let mut state = self.0.prepare_cached(STATE).unwrap();
        state.execute([&rows.len().to_le_bytes()[..]]).unwrap();
        drop(state);
        transaction.commit().unwrap();
    }

    /// In a transaction of its own.
    pub fn put(&self, row: &Conversation) {
        let mut put = self.0.prepare_cached(PUT).unwrap();
        let marks = row.listing.marks;
        let preview = row.last_message.value().and_then(|message| message.payload.as_ref());
        put.execute(params![
            row.id.as_str(),
            row.listing.is_pinned,
            row.listing.time.map_or(0, |time| time.as_secs()) as i64,
            marks.contains(MarkType::STAR),
            marks.bits() as i64,
            row.listing.groups.first().map(|group| &**group),
            row.unread.count.unwrap_or(0),
            row.profile.name.as_deref(),
            row.profile.avatar.as_deref(),
            preview.and_then(|payload| serde_json::to_string(payload).ok()),
        ])
        .unwrap();
    }

    pub fn top(&self, count: usize) -> Vec<Shown> {
        self.shown(&format!("{COLUMNS} {ORDER} LIMIT ?"), [count as i64])
    }

    pub fn all(&self) -> Vec<Shown> {
        self.shown(&format!("{COLUMNS} {ORDER}"), [])
    }

    pub fn starred(&self, count: usize) -> Vec<Shown> {
        let sql = format!("{COLUMNS} WHERE starred = 1 {ORDER} LIMIT ?");
        self.shown(&sql, [count as i64])
    }

    /// Unread ones of a folder that are not starred.
    pub fn compound(&self, count: usize) -> Vec<Shown> {
        let asked = "folder = 'Suppliers' AND unread > 0 AND starred = 0";
        self.shown(&format!("{COLUMNS} WHERE {asked} {ORDER} LIMIT ?"), [count as i64])
    }

    /// The whole list, page by page; says how many rows there were.
    pub fn pages(&self, count: usize) -> usize {
        let after = "(pinned, time, id) < (?1, ?2, ?3)";
        let sql = format!("{COLUMNS} WHERE {after} {ORDER} LIMIT ?4");
        let (mut key, mut total) = ((1_i64, i64::MAX, String::new()), 0);
        loop {
            let (pinned, time, id) = &key;
            let page = self.shown(&sql, params![pinned, time, id, count as i64]);
            total += page.len();
            match page.last() {
                Some(last) if page.len() == count => {
                    key = (i64::from(last.is_pinned), last.time as i64, last.id.clone());
                }
                _ => return total,
            }
        }
    }

    fn shown(&self, sql: &str, params: impl rusqlite::Params) -> Vec<Shown> {
        let mut statement: CachedStatement = self.0.prepare_cached(sql).unwrap();
        let rows = statement.query_map(params, shown).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

fn shown(columns: &Columns) -> rusqlite::Result<Shown> {
    Ok(Shown {
        id: columns.get(0)?,
        name: columns.get(1)?,
        avatar: columns.get(2)?,
        preview: columns.get(3)?,
        time: columns.get::<_, i64>(4)? as u64,
        is_pinned: columns.get(5)?,
        marks: columns.get(6)?,
        unread: columns.get(7)?,
    })
}
