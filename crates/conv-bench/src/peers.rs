//! The peers of conv: bare floors, and the alternatives that one would use instead.

mod adapters;
mod bare;
mod dash;
mod log;
mod maps;
mod raw_sled;
mod sqlite;
mod threaded;

pub use self::{
    adapters::{Adapters, poll_all},
    bare::Bare,
    dash::Dash,
    log::Log,
    maps::{Persistent, PersistentList, Place, Plain},
    raw_sled::{RawSled, record},
    sqlite::{Safety, Sqlite},
    threaded::Threaded,
};
