//! The router, with the emulator as the cloud.

mod changes;
mod contract;
mod conventions;
mod deputy;
mod limits;
mod logins;
mod reading;
pub mod stage;
