//! The router, with the emulator as the cloud.

mod changes;
mod contract;
mod conventions;
mod deputy;
mod inbox;
mod limits;
mod logins;
mod pending;
mod private;
mod reading;
mod saw;
pub(crate) mod stage;
mod streams;
