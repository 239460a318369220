//! Accounts kept on disk by sled 0.34.
//!
//! A database is a folder: sled's files for rows and sync state, and a log for local state. See
//! [`SledDatabase`].

mod ahead;
mod error;
mod open;
mod rows;

use self::rows::SledRows;
use crate::disk::disk_types;

disk_types! {
    rows: SledRows, opened_by: open::open, read_by: open::read,

    /// The lists of any number of accounts, in one folder.
    ///
    /// ```
    /// use conv_store::{ConversationDatabase, SledDatabase};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("cache");
    /// let database = SledDatabase::open(&path).await?;
    /// let store = database.account(&"user_0001".parse()?).await?;
    /// assert!(store.snapshot().is_empty());
    /// database.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// One handle at a time: the folder is locked. A database needs a Tokio runtime; one thread of
    /// its own writes for all accounts, and nothing blocks the runtime's. Accounts never meet,
    /// however their IDs look. One that is not in use costs no file descriptor, and memory only for
    /// the places of its local records.
    ///
    /// # What survives
    /// Rows and sync state survive as much as the [`Durability`](crate::Durability) says. At
    /// [`Process`](crate::Durability::Process) they are acknowledged once the system has them in
    /// `rows.journal`; sled has them a moment later, and flushes them together. Local
    /// state (drafts, the embedder's own bytes) is in a log of its own, `local.log`, and survives a
    /// power cut at every level; damage to sled's files does not reach it. Damaged bytes of the log
    /// are never thrown away: they go to files `local.log.damaged-<number>`, which also
    /// [`forget`](crate::ConversationDatabase::forget) leaves. Rows are a cache. Whatever is found at
    /// opening is a preview until a pass has finished.
    ///
    /// After a write to sled failed, for instance on a full disk, its files are opened anew before
    /// the next one, for as long as that takes: who wrote meanwhile gets an error, and nothing of
    /// it is shown; what was acknowledged before comes back from the journal. On a full disk a draft
    /// is saved or refused.
    ///
    /// # When it does not open
    /// All rows are read once when a database is opened, so that damage shows then and not later:
    ///
    /// * What a crash left unfinished is removed, or finished. Nothing is lost with it.
    /// * Rows that are damaged are opened again without sled's snapshots and settings, which it
    ///   makes anew. They may then be older than they were.
    /// * If that does not help, the folder `rows` is renamed to `rows.damaged-<UTC time>`, and the
    ///   lists begin empty. Two of those are kept. Local state stays where it is, and meets its
    ///   rows again.
    /// * Rows whose files take more than 32 MiB and more than 64 times what lives in them are
    ///   written anew.
    ///
    /// [`recovery`](Self::recovery) tells what was done. A small file `rows.tally` has each
    /// account's last acknowledged write: if rows are missing or older, the recovery reports the
    /// number of accounts and rows, until the account's rows are written again.
    ///
    /// None of it is done for what is no damage: a folder in use, a newer schema and an opening that
    /// takes [too long](SledOptions::open_within) are errors, and leave everything as it was. An
    /// opening that timed out goes on in its thread for as long as it hangs, and holds the folder
    /// until then.
    ///
    /// # Where nothing can be written
    /// On a full disk, on a read-only mount and without the right to write, an existing database is
    /// opened for [reading alone](SledOptions::read_only): rows and local state can be read, every
    /// change is refused, no file is changed. [`is_read_only`](Self::is_read_only) returns true. sled
    /// writes while it opens, so it opens a copy of its files in the folder for temporary files, or
    /// in `/dev/shm`, which needs room for it. The copy is removed after it was read.
    ///
    /// sled panics at some damage. Such a panic is met like any other damage, and one in a later
    /// write becomes an error; what it prints comes from the process's panic hook. With `panic =
    /// "abort"` nothing can be caught: the first one ends the process.
    ///
    /// # Against SQLite
    /// A small change writes a small multiple of itself, where SQLite writes whole pages. For that
    /// sled takes several times as long to open and as much room on disk; what was removed or
    /// forgotten lies there until sled uses the place again. Open a database once a process.
    pub struct SledDatabase;

    /// How to open a database.
    ///
    /// ```
    /// use conv_store::{Durability, SledDatabase};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("cache");
    /// let database = SledDatabase::options().durability(Durability::Disk).open(&path).await?;
    /// # drop(database);
    /// # Ok(())
    /// # }
    /// ```
    pub struct SledOptions;

    /// One account's list in a folder of its own: for those who have one account what
    /// [`SledDatabase`] is for many. Clones are handles to the same store.
    ///
    /// ```
    /// use conv_store::{ConversationStore, SledStore};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("cache");
    /// let store = SledStore::open(&path, &"user_0001".parse()?).await?;
    /// assert!(store.snapshot().is_empty());
    /// store.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The folder is that of a database: one may later be opened on it, and the other way round.
    /// Once the store is closed, or a moment after its last handle is gone, the folder is free.
    pub struct SledStore;
}

#[cfg(test)]
mod tests;
