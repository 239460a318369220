//! The list of one account in memory: persistent, so that a copy costs a few pointers.

pub(crate) mod epoch;
pub(crate) mod index;
pub(crate) mod log;
pub(crate) mod names;
pub(crate) mod overlaid;
pub(crate) mod placed;
pub(crate) mod row;
pub(crate) mod state;
pub(crate) mod suggestions;
pub(crate) mod totals;
pub(crate) mod tree;
