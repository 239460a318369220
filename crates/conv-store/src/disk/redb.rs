//! Accounts kept on disk by redb 4.
//!
//! A database is a folder: redb's file for rows and sync state, and a log for local state. See
//! [`RedbDatabase`].

mod error;
mod open;
mod rows;

use self::rows::RedbRows;
use crate::disk::disk_types;

disk_types! {
    rows: RedbRows, opened_by: open::open, read_by: open::read,

    /// The lists of any number of accounts, in one folder.
    ///
    /// ```
    /// use conv_store::{ConversationDatabase, RedbDatabase};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("cache");
    /// let database = RedbDatabase::open(&path).await?;
    /// let store = database.account(&"user_0001".parse()?).await?;
    /// assert!(store.snapshot().is_empty());
    /// database.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// One handle at a time: the folder is locked. A database needs a Tokio runtime; one thread of
    /// its own writes for all accounts, and nothing blocks the runtime's. Accounts never meet,
    /// however their IDs look.
    ///
    /// # What survives
    /// Rows and sync state survive as much as the [`Durability`](crate::Durability) says. At
    /// [`Process`](crate::Durability::Process) the system has them in `rows.journal` until redb,
    /// which would ask the disk, has some together. Local state (drafts, the embedder's own bytes)
    /// is in a log of its own, `local.log`, and survives a power cut at every level. Rows are a
    /// cache. Whatever is found at opening is a preview until a pass has finished.
    ///
    /// # When it does not open
    /// All checksums are read at opening. A file `rows.redb` that is damaged is set aside as
    /// `rows.redb.damaged-<time>`, two of which are kept, and the lists begin empty; see
    /// [`recovery`](Self::recovery). A small file `rows.tally` has each account's last acknowledged write:
    /// if rows are missing or older, the recovery reports the number of accounts and rows, until the
    /// account's rows are written again. With `panic = "abort"` a panic in redb ends the process.
    ///
    /// # Where nothing can be written
    /// On a full disk, on a read-only mount and without the right to write, an existing database is
    /// opened for [reading alone](RedbOptions::read_only): rows and local state can be read, every
    /// change is refused, no file is changed. [`is_read_only`](Self::is_read_only) returns true.
    ///
    /// # Against sled
    /// For those who distrust sled: redb's commits reach the disk by an fsync, also in a power cut,
    /// and damage is told by its checksums. For that a change at
    /// [`Disk`](crate::Durability::Disk) takes longer, and each commit to its file writes several
    /// times the bytes; `cargo run --release -p conv-bench -- --only commit,written` compares the two. redb
    /// asks for Rust 1.90.
    pub struct RedbDatabase;

    /// How to open a database.
    ///
    /// ```
    /// use conv_store::{Durability, RedbDatabase};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("cache");
    /// let database = RedbDatabase::options().durability(Durability::Disk).open(&path).await?;
    /// # drop(database);
    /// # Ok(())
    /// # }
    /// ```
    pub struct RedbOptions;

    /// One account's list in a folder of its own: for those who have one account what
    /// [`RedbDatabase`] is for many. Clones are handles to the same store.
    ///
    /// ```
    /// use conv_store::{ConversationStore, RedbStore};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("cache");
    /// let store = RedbStore::open(&path, &"user_0001".parse()?).await?;
    /// assert!(store.snapshot().is_empty());
    /// store.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The folder is that of a database: one may later be opened on it, and the other way round.
    /// Once the store is closed, or a moment after its last handle is gone, the folder is free.
    pub struct RedbStore;
}

#[cfg(test)]
mod tests;
