mod accounts;
mod calls;
mod cloud;
mod following;
mod restarts;
mod sending;
