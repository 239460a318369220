//! Connections to a server, or to each server of a cluster, that many calls share.

use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use redis::{Cmd, FromRedisValue, aio::ConnectionManager, cluster_async::ClusterConnection};
use tokio::time::timeout;

use super::{connect::Target, hub::Hub};
use crate::{RedisError, RedisOptions};

/// After so many calls in a row that found no server to serve them, connections are made anew. The
/// client does so by itself where it learns that one broke; not where a server goes on to refuse
/// behind a name that leads to another one by now.
const TROUBLES: u32 = 3;

/// Connections that many calls share. They are made anew when they broke. Clones share them too.
#[derive(Clone)]
pub(crate) struct Link(Arc<Inner>);

struct Inner {
    target: Arc<Target>,
    options: RedisOptions,
    /// Hears what is pushed.
    hub: Option<Weak<Hub>>,
    /// Held for a clone only, never across an await.
    current: Mutex<Connections>,
    /// How many calls in a row found no server.
    troubles: AtomicU32,
    is_renewed: AtomicBool,
}

#[derive(Clone)]
pub(super) enum Connections {
    Single(ConnectionManager),
    Cluster(ClusterConnection),
}

impl Link {
    /// Connects. What is pushed goes to the hub.
    pub(super) async fn open(
        target: &Arc<Target>,
        options: &RedisOptions,
        hub: Option<&Arc<Hub>>,
    ) -> Result<Self, RedisError> {
        let hub = hub.map(Arc::downgrade);
        let current = target.connect(options, hub.as_ref()).await?;
        Ok(Self(Arc::new(Inner {
            target: Arc::clone(target),
            options: options.clone(),
            hub,
            current: Mutex::new(current),
            troubles: AtomicU32::new(0),
            is_renewed: AtomicBool::new(false),
        })))
    }

    /// Makes a call, within the limit of time.
    pub(crate) async fn call<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        let call = async {
            match self.current() {
                Connections::Single(mut single) => command.query_async(&mut single).await,
                Connections::Cluster(mut cluster) => command.query_async(&mut cluster).await,
            }
        };
        self.in_time(call).await
    }

    /// Begins to hear a channel.
    pub(super) async fn subscribe(&self, channel: &str) -> Result<(), RedisError> {
        let call = async {
            match self.current() {
                Connections::Single(mut single) => single.subscribe(channel).await,
                Connections::Cluster(mut cluster) => cluster.ssubscribe(channel).await,
            }
        };
        self.in_time(call).await
    }

    /// Hears a channel no more.
    pub(super) async fn unsubscribe(&self, channel: &str) -> Result<(), RedisError> {
        let call = async {
            match self.current() {
                Connections::Single(mut single) => single.unsubscribe(channel).await,
                Connections::Cluster(mut cluster) => cluster.sunsubscribe(channel).await,
            }
        };
        self.in_time(call).await
    }

    /// The command that tells who hears a channel. A cluster tells it within the slot alone.
    pub(crate) fn publish(&self) -> &'static str {
        match self.current() {
            Connections::Single(_) => "PUBLISH",
            Connections::Cluster(_) => "SPUBLISH",
        }
    }

    async fn in_time<T>(
        &self,
        call: impl Future<Output = redis::RedisResult<T>>,
    ) -> Result<T, RedisError> {
        let limit = self.0.options.answer_within;
        let result = match timeout(limit, call).await {
            Ok(Err(error)) if error.is_timeout() => Err(RedisError::TimedOut { limit }),
            Ok(result) => result.map_err(RedisError::from),
            Err(_) => Err(RedisError::TimedOut { limit }),
        };
        self.note(result.as_ref().err());
        result
    }

    fn current(&self) -> Connections {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts the calls that found no server, and sees to other connections after some.
    fn note(&self, error: Option<&RedisError>) {
        use RedisError as E;
        let is_trouble = matches!(
            error,
            Some(E::Unreachable(_) | E::TimedOut { .. } | E::ReadOnly(_) | E::NotServed(_))
        );
        if !is_trouble {
            self.0.troubles.store(0, Ordering::Relaxed);
            return;
        }
        let before = self.0.troubles.fetch_add(1, Ordering::Relaxed);
        if before + 1 >= TROUBLES && !self.0.is_renewed.swap(true, Ordering::AcqRel) {
            tokio::spawn(renew(self.clone()));
        }
    }
}

/// Makes other connections, if it can.
async fn renew(link: Link) {
    let inner = &*link.0;
    let connect = inner.target.connect(&inner.options, inner.hub.as_ref());
    if let Ok(Ok(connections)) = timeout(inner.options.answer_within, connect).await {
        *inner.current.lock().unwrap_or_else(PoisonError::into_inner) = connections;
        inner.troubles.store(0, Ordering::Relaxed);
        if let Some(hub) = inner.hub.as_ref().and_then(Weak::upgrade) {
            hub.begin_anew();
        }
    }
    inner.is_renewed.store(false, Ordering::Release);
}
