//! Connections to a server, or to each server of a cluster, that many calls share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use redis::{
    Cmd, FromRedisValue, Pipeline, aio::ConnectionManager, cluster_async::ClusterConnection,
};
use tokio::{
    runtime::Handle,
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{
    connect::Target,
    home::{Canary, Home},
    hub::Hub,
    troubles::Troubles,
};
use crate::{RedisError, RedisOptions, stats::Counters};

/// Connections that many calls share. They are made anew when they broke. Clones share them too.
#[derive(Clone)]
pub(crate) struct Link(Arc<Inner>);

struct Inner {
    target: Arc<Target>,
    options: RedisOptions,
    counters: Arc<Counters>,
    /// Hears what is pushed.
    hub: Option<Weak<Hub>>,
    /// Held for a clone only, never across an await. What drives connections ends with the runtime
    /// that they were made on.
    current: Mutex<(Connections, Canary)>,
    troubles: Troubles,
    renewal: Arc<Renewal>,
}

/// Makes all connections anew when it is asked to: what one call found is true of the others, also
/// of the connection that does nothing but hear news.
pub(super) struct Renewal {
    home: Home,
    counters: Arc<Counters>,
    links: Mutex<Vec<Weak<Inner>>>,
    /// The last one, which may be under way.
    last: Mutex<Option<JoinHandle<()>>>,
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
        counters: &Arc<Counters>,
        hub: Option<&Arc<Hub>>,
        renewal: &Arc<Renewal>,
    ) -> Result<Self, RedisError> {
        let hub = hub.map(Arc::downgrade);
        let current = target.connect(options, hub.as_ref()).await?;
        Ok(Self(Arc::new(Inner {
            target: Arc::clone(target),
            options: options.clone(),
            counters: Arc::clone(counters),
            hub,
            current: Mutex::new((current, Canary::on(&Handle::current()))),
            troubles: Troubles::default(),
            renewal: Arc::clone(renewal),
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

    /// Makes a call that writes, and waits until some replicas have it, or the half of the limit of
    /// time is over; gives how many have. Calls behind it on the same connection wait, too.
    pub(crate) async fn call_and_copy<T: FromRedisValue>(
        &self,
        command: Cmd,
        copies: u32,
    ) -> Result<T, RedisError> {
        const DAY: u128 = 24 * 3_600_000;
        let limit = (self.0.options.answer_within / 2).as_millis().clamp(1, DAY);
        let mut both = redis::pipe();
        both.add_command(command).cmd("WAIT").arg(copies).arg(limit.to_string());
        self.pipeline(&both).await
    }

    /// Makes several calls at once, within the limit of time.
    pub(crate) async fn pipeline<T: FromRedisValue>(
        &self,
        calls: &Pipeline,
    ) -> Result<T, RedisError> {
        let call = async {
            match self.current() {
                Connections::Single(mut single) => calls.query_async(&mut single).await,
                Connections::Cluster(mut cluster) => calls.query_async(&mut cluster).await,
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

    pub(super) async fn in_time<T>(
        &self,
        call: impl Future<Output = redis::RedisResult<T>>,
    ) -> Result<T, RedisError> {
        let limit = self.0.options.answer_within;
        let begun = Instant::now();
        let result = match timeout(limit, call).await {
            Ok(Err(error)) if error.is_timeout() => Err(RedisError::TimedOut { limit }),
            Ok(result) => result.map_err(RedisError::met),
            Err(_) => Err(RedisError::TimedOut { limit }),
        };
        self.0.counters.call(begun.elapsed(), result.as_ref().err());
        let are_due = self.0.troubles.note(result.as_ref().err());
        // What the client makes anew by itself hears no news: that ended with the runtime.
        if are_due || result.is_err() && lock(&self.0.current).1.has_ended() {
            self.0.renewal.ask();
        }
        result
    }

    pub(super) fn current(&self) -> Connections {
        lock(&self.0.current).0.clone()
    }
}

impl Renewal {
    pub(super) fn new(home: &Home, counters: &Arc<Counters>) -> Self {
        let (home, counters) = (home.clone(), Arc::clone(counters));
        Self { home, counters, links: Mutex::default(), last: Mutex::default() }
    }

    /// Says whose connections they are.
    pub(super) fn of<'a>(&self, links: impl Iterator<Item = &'a Link>) {
        *lock(&self.links) = links.map(|link| Arc::downgrade(&link.0)).collect();
    }

    /// Begins, unless it is under way. A runtime that ended in the midst of it is no hindrance.
    fn ask(&self) {
        let mut last = lock(&self.last);
        if last.as_ref().is_none_or(JoinHandle::is_finished) {
            let links = lock(&self.links).clone();
            *last = Some(self.home.spawn(renew(links, Arc::clone(&self.counters))));
        }
    }
}

async fn renew(links: Vec<Weak<Inner>>, counters: Arc<Counters>) {
    let mut is_renewed = false;
    for link in links.iter().filter_map(Weak::upgrade) {
        is_renewed |= link.renew().await;
    }
    if is_renewed {
        counters.renewal();
    }
}

/// Sections are short and none of them panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    /// Makes other connections, if it can.
    async fn renew(&self) -> bool {
        let connect = self.target.connect(&self.options, self.hub.as_ref());
        let Ok(Ok(connections)) = timeout(self.options.answer_within, connect).await else {
            return false;
        };
        *lock(&self.current) = (connections, Canary::on(&Handle::current()));
        self.troubles.forget();
        if let Some(hub) = self.hub.as_ref().and_then(Weak::upgrade) {
            hub.begin_anew();
        }
        true
    }
}
