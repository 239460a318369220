//! Connections to a server, or to each server of a cluster, that many calls share.

use std::sync::{Arc, Mutex, Weak};

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
    subscriptions::Subscriptions,
    troubles::Troubles,
};
use crate::{RedisError, RedisOptions, stats::Counters, sync::lock};

/// Connections that many calls share. Broken ones are replaced. Clones share them too.
#[derive(Clone)]
pub(crate) struct Link(Arc<Inner>);

struct Inner {
    target: Arc<Target>,
    options: RedisOptions,
    counters: Arc<Counters>,
    /// Receives pushed messages.
    subscriptions: Option<Weak<Subscriptions>>,
    /// Locked for a clone only, never across an await. Connections end with the runtime that they
    /// were made on.
    current: Mutex<(Connections, Canary)>,
    troubles: Troubles,
    renewal: Arc<Renewal>,
}

/// Replaces all connections when one call fails in a way that holds for the others too, also for the
/// connection that only receives news.
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
    /// Connects. Pushed messages go to the subscriptions.
    pub(super) async fn open(
        target: &Arc<Target>,
        options: &RedisOptions,
        counters: &Arc<Counters>,
        subscriptions: Option<&Arc<Subscriptions>>,
        renewal: &Arc<Renewal>,
    ) -> Result<Self, RedisError> {
        let subscriptions = subscriptions.map(Arc::downgrade);
        let current = target.connect(options, subscriptions.as_ref()).await?;
        Ok(Self(Arc::new(Inner {
            target: Arc::clone(target),
            options: options.clone(),
            counters: Arc::clone(counters),
            subscriptions,
            current: Mutex::new((current, Canary::on(&Handle::current()))),
            troubles: Troubles::default(),
            renewal: Arc::clone(renewal),
        })))
    }

    /// Makes a call, within the time limit.
    pub(crate) async fn call<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        let call = async {
            match self.current() {
                Connections::Single(mut single) => command.query_async(&mut single).await,
                Connections::Cluster(mut cluster) => command.query_async(&mut cluster).await,
            }
        };
        self.in_time(call).await
    }

    /// Makes a call that writes, and waits until some replicas have it, or half of the time limit is
    /// over. Returns the number of replicas that have it. Later calls on the same connection wait, too.
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

    /// Makes several calls at once, within the time limit.
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

    /// Subscribes to a channel.
    pub(super) async fn subscribe(&self, channel: &str) -> Result<(), RedisError> {
        let call = async {
            match self.current() {
                Connections::Single(mut single) => single.subscribe(channel).await,
                Connections::Cluster(mut cluster) => cluster.ssubscribe(channel).await,
            }
        };
        self.in_time(call).await
    }

    /// Unsubscribes from a channel.
    pub(super) async fn unsubscribe(&self, channel: &str) -> Result<(), RedisError> {
        let call = async {
            match self.current() {
                Connections::Single(mut single) => single.unsubscribe(channel).await,
                Connections::Cluster(mut cluster) => cluster.sunsubscribe(channel).await,
            }
        };
        self.in_time(call).await
    }

    /// Returns the command that publishes to a channel. A cluster publishes within the slot alone.
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
        // A connection that the client replaces by itself receives no news: its receiver ended with
        // the runtime.
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

    /// Sets the links to renew.
    pub(super) fn of<'a>(&self, links: impl Iterator<Item = &'a Link>) {
        *lock(&self.links) = links.map(|link| Arc::downgrade(&link.0)).collect();
    }

    /// Starts a renewal unless one is under way on a runtime that still runs.
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

impl Inner {
    /// Replaces the connections. Returns false if no server answers.
    async fn renew(&self) -> bool {
        let connect = self.target.connect(&self.options, self.subscriptions.as_ref());
        let Ok(Ok(connections)) = timeout(self.options.answer_within, connect).await else {
            return false;
        };
        *lock(&self.current) = (connections, Canary::on(&Handle::current()));
        self.troubles.forget();
        if let Some(subscriptions) = self.subscriptions.as_ref().and_then(Weak::upgrade) {
            subscriptions.resubscribe();
        }
        true
    }
}
