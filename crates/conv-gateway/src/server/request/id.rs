//! Numbers of requests.

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use axum::http::HeaderMap;

use super::X_REQUEST_ID;

/// Gives each request a number, unless it brings one.
#[derive(Debug, Default)]
pub(in crate::server) struct Ids {
    /// Random per process: numbers of two processes differ.
    hasher: RandomState,
    count: AtomicU64,
}

impl Ids {
    /// Returns the number that a request brings, if it is well formed, else a new one.
    pub(super) fn of(&self, headers: &HeaderMap) -> String {
        let given = headers.get(X_REQUEST_ID).and_then(|id| id.to_str().ok());
        given.filter(|id| is_well_formed(id)).map_or_else(|| self.next(), str::to_owned)
    }

    /// Returns a number that no other call gets.
    pub(in crate::server) fn next(&self) -> String {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let half = |which: bool| self.hasher.hash_one((number, which));
        format!("{:016x}{:016x}", half(false), half(true))
    }
}

/// `[A-Za-z0-9_-]{1,64}`
fn is_well_formed(id: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=64).contains(&id.len()) && id.bytes().all(is_fine)
}
