//! Webhooks: the calls that are let in.

mod verify;

pub(crate) const APP: u32 = 1_400_000_000;
