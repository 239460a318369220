//! A device with a list of its own, a gateway on a real port, and the emulator behind it.

mod changing;
mod following;
mod hostile;
mod reading;
mod stage;
