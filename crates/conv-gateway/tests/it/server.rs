//! The router, with the emulator as the cloud.

mod changes;
mod conventions;
mod deputy;
mod limits;
mod logins;
mod reading;
mod stage;
mod streams;
