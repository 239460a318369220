//! Scripts: each runs on the server at once, whole.
//!
//! Their first line says what they do. A server that takes no writes refuses those that write
//! before they begin, and so does a server whose memory is full, except for those that need no
//! room; any server runs the one that loads.

use std::sync::LazyLock;

use redis::{Cmd, FromRedisValue};

use crate::{RedisError, server::Link};

pub(crate) static COMMIT: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/commit.lua")));
pub(crate) static LOAD: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/load.lua")));
pub(crate) static FORGET: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/forget.lua")));
pub(crate) static TAKE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/take.lua")));
pub(crate) static LOOK: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/look.lua")));
pub(crate) static LAST: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/last.lua")));
pub(crate) static VALUE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/value.lua")));
pub(crate) static RENEW: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/renew.lua")));
pub(crate) static RELEASE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/release.lua")));
#[cfg(feature = "limiter")]
pub(crate) static ACQUIRE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/acquire.lua")));
#[cfg(feature = "limiter")]
pub(crate) static HOLD_BACK: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/hold_back.lua")));

/// A script, called by its hash. Only a server that does not know it is sent its text.
pub(crate) struct Script {
    code: &'static str,
    hash: String,
}

impl Script {
    fn new(code: &'static str) -> Self {
        Self { code, hash: redis::Script::new(code).get_hash().to_owned() }
    }

    /// Runs it. The first key says on which server.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        link: &Link,
        keys: &[&str],
        arguments: &[&[u8]],
    ) -> Result<T, RedisError> {
        let by_hash = command("EVALSHA", &self.hash, keys, arguments);
        match link.call(&by_hash).await {
            Err(RedisError::NoScript) => {
                link.call(&command("EVAL", self.code, keys, arguments)).await
            }
            result => result,
        }
    }

    /// Runs it, and waits until some replicas have what it wrote; gives how many have.
    pub(crate) async fn run_and_copy<T: FromRedisValue>(
        &self,
        link: &Link,
        keys: &[&str],
        arguments: &[&[u8]],
        copies: u32,
    ) -> Result<(T, u32), RedisError> {
        let by_hash = command("EVALSHA", &self.hash, keys, arguments);
        match link.call_and_copy(by_hash, copies).await {
            Err(RedisError::NoScript) => {
                link.call_and_copy(command("EVAL", self.code, keys, arguments), copies).await
            }
            result => result,
        }
    }
}

fn command(name: &str, script: &str, keys: &[&str], arguments: &[&[u8]]) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(script).arg(keys.len()).arg(keys).arg(arguments);
    command
}
