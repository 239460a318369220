//! Live lists: the rows of a query as they change.

mod coalesce;
mod list;
mod patch;
mod shared;
mod update;
mod view;

pub(crate) use self::{
    coalesce::{coalesce, is_change},
    shared::Views,
};
pub use self::{
    list::LiveList,
    patch::{Patch, PatchError, RemoveReason},
    update::{LiveChange, LiveUpdate},
};
