//! The endpoint for webhooks, with the emulator as the cloud. W1 to W10 are what such an endpoint has
//! to do; each test names those that it is about.

mod echoes;
mod events;
mod faults;
mod floods;
mod interest;
mod letting_in;
mod stage;
mod trust;
