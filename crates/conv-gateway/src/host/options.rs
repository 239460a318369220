use std::time::Duration;

/// The limits of a [`Host`](crate::Host).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HostOptions {
    /// The maximum number of connections at once; one more is answered with 503. 16,384 by default.
    /// Each takes a file handle: keep it below nine tenths of the process's limit.
    pub connections: usize,
    /// The maximum time from the first byte of a request to the end of its head; 10 s by default.
    pub head_timeout: Duration,
    /// The maximum time that a connection waits for its next request; 75 s by default, more than the
    /// 60 s for which proxies keep a connection.
    pub idle_timeout: Duration,
    /// The maximum time for which a client may take none of the bytes sent to it; 30 s by default.
    pub write_timeout: Duration,
    /// The maximum size of a request's head, in bytes; 16 KiB by default.
    pub head_bytes: usize,
    /// The time after closing at which connections that are still open are cut; 30 s by default.
    pub hard_end: Duration,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            connections: 16_384,
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(30),
            head_bytes: 16 * 1024,
            hard_end: Duration::from_secs(30),
        }
    }
}
