//! Every fault of the emulator, end to end.

mod cases;
mod codes;
mod facets;
mod gone;
mod pages;
