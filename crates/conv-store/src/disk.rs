//! Accounts in a folder, whatever the engine that keeps their rows.
//!
//! A database is a folder: a file of rows and sync states, which is the engine's part, and a log for
//! local state. An engine implements [`RowFile`] and nothing else.

mod account;
mod accounts;
pub(crate) mod commit;
mod database;
mod engine;
mod files;
mod files_disk;
mod folder;
pub(crate) mod frame;
mod fs;
#[cfg(all(test, feature = "testing"))]
pub(crate) mod harms;
mod journal;
mod key;
mod listing;
pub(crate) mod local_log;
mod met;
mod open;
mod opened;
mod options;
mod reading;
mod records;
pub(crate) mod recover;
#[cfg(feature = "redb")]
pub(crate) mod redb;
mod row_file;
mod rows;
mod schema;
#[cfg(feature = "sled")]
pub(crate) mod sled;
mod tally;
mod term;

#[cfg(feature = "sled")]
pub(crate) use self::key::Prefix;
pub use self::options::{DiskOptions, Durability};
pub(crate) use self::{
    database::DiskEngines,
    folder::patiently,
    open::open,
    row_file::{Changes, Each, Found, RowFile},
    schema::check as check_schema,
};

/// For the tests of engines.
#[cfg(test)]
pub(crate) mod inside {
    pub(crate) use super::{
        engine::AccountEngine,
        key::{SCHEMA, name, prefix},
    };
}

#[cfg(test)]
mod tests;
