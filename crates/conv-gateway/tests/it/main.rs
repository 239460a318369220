//! Tests of the public surface.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod webhook;
