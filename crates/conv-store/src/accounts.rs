//! Databases: the open accounts of any engines.
//!
//! One registry serves every engine, in memory, on disk and on a server. For each account it
//! remembers the open store, the engine under it, and the opening or wipe that is under way. An
//! opening and a wipe each run in a task of their own, so a caller who goes away leaves neither
//! half done, and others can wait for the same one.

mod database;
mod engines;
mod guarded;
pub(crate) mod in_use;
mod listing;
mod place;
mod registry;

pub use self::{
    database::EngineDatabase,
    engines::AccountEngines,
    listing::{AccountPages, StoredAccounts},
};

#[cfg(test)]
mod tests;
