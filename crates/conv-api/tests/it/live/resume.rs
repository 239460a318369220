//! Readers that come back: to the same process or another one, after a restart, after a loss.

mod cases;
mod history;
