mod accounts;
mod calls;
mod cloud;
mod draining;
mod following;
mod handles;
mod restarts;
mod sending;
