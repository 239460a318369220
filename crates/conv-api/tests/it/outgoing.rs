mod accounts;
mod calls;
mod cloud;
mod following;
mod handles;
mod restarts;
mod sending;
