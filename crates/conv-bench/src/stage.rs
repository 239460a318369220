//! Databases that hold the same rows, each in a folder of its own.

use conv_api::Durability;
use tempfile::TempDir;

use crate::{
    data::{self, Row, touched},
    ours::{Kind, Ours, PAGE},
    peers::{RawSled, Safety, Sqlite},
};

pub struct Stage {
    pub rows: Vec<Row>,
    /// Gone with this, and all folders in it.
    home: TempDir,
}

impl Stage {
    pub fn of(count: usize) -> Self {
        Self { rows: data::rows(count), home: TempDir::new().unwrap() }
    }

    /// A new folder.
    pub fn folder(&self) -> std::path::PathBuf {
        tempfile::Builder::new().tempdir_in(self.home.path()).unwrap().keep()
    }

    pub fn in_memory(&self) -> Ours {
        Ours::in_memory(&self.rows)
    }

    pub fn ours(&self, kind: Kind, durability: Durability) -> Ours {
        let ours = Ours::open(kind, durability, &self.folder());
        ours.fill(&self.rows, PAGE);
        ours
    }

    pub fn raw(&self) -> RawSled {
        let raw = RawSled::open(&self.folder());
        self.rows.chunks(PAGE).for_each(|rows| raw.page(rows));
        raw
    }

    pub fn sqlite(&self, safety: Safety) -> Sqlite {
        let sqlite = Sqlite::open(&self.folder(), safety);
        sqlite.put_all(&self.rows);
        sqlite
    }
}

/// Neighbours whose last message is another in each round.
pub fn next_page(rows: &[Row], round: usize) -> Vec<Row> {
    let first = round * PAGE % rows.len();
    let end = rows.len().min(first + PAGE);
    rows[first..end].iter().map(|row| touched(row, round)).collect()
}
