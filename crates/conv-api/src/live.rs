//! Live lists: the rows of a query as they change.

mod list;
mod net;
mod patch;
mod shared;
mod update;
mod view;

pub use self::{
    list::LiveList,
    patch::{Patch, PatchError, RemoveReason},
    update::{LiveChange, LiveUpdate},
};
pub(crate) use self::{
    net::{is_change, net},
    shared::Views,
};
