//! A server or a cluster, and the way to it.

mod connect;
mod home;
mod link;
mod masters;
mod subscriptions;
mod tls;
mod troubles;

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use tokio::sync::broadcast;

#[cfg(all(feature = "testing", feature = "tls"))]
pub(crate) use self::tls::provide;
use self::{home::Home, link::Renewal, subscriptions::Subscriptions};
pub(crate) use self::{link::Link, masters::Master, subscriptions::Listener};
use crate::{RedisError, RedisOptions, keys, stats::Counters};

/// The connections to a server or a cluster.
pub(crate) struct Server {
    pub(crate) options: RedisOptions,
    pub(crate) counters: Arc<Counters>,
    /// The link that receives news.
    first: Link,
    others: Vec<Link>,
    subscriptions: Arc<Subscriptions>,
}

impl Server {
    /// Connects, and checks that the server does not evict keys.
    pub(crate) async fn open(
        nodes: Vec<String>,
        options: RedisOptions,
    ) -> Result<Self, RedisError> {
        let target = Arc::new(connect::find(&nodes, &options).await?);
        let subscriptions = Arc::new(Subscriptions::new(keys::signals(&options.prefix)));
        let counters = Arc::<Counters>::default();
        let home = Home::current();
        let renewal = Arc::new(Renewal::new(&home, &counters));
        let first =
            Link::open(&target, &options, &counters, Some(&subscriptions), &renewal).await?;
        connect::check_eviction(&first).await?;
        let mut others = Vec::new();
        for _ in 1..options.connections {
            others.push(Link::open(&target, &options, &counters, None, &renewal).await?);
        }
        renewal.of(others.iter().chain([&first]));
        subscriptions.start(first.clone(), home);
        Ok(Self { options, counters, first, others, subscriptions })
    }

    /// Returns the connections of a key: always the same ones, so its calls stay in order.
    pub(crate) fn link(&self, key: &str) -> Link {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let links = self.others.len() as u64 + 1;
        let at = usize::try_from(hasher.finish() % links).unwrap_or_default();
        at.checked_sub(1).and_then(|at| self.others.get(at)).unwrap_or(&self.first).clone()
    }

    /// Returns connections for calls that have no key.
    pub(crate) fn any_link(&self) -> &Link {
        self.others.last().unwrap_or(&self.first)
    }

    pub(crate) fn listen(&self, channel: &str) -> Listener {
        self.subscriptions.listen(channel)
    }

    /// Returns the channel of signals about all accounts.
    pub(crate) fn signals(&self) -> &str {
        self.subscriptions.signals()
    }

    /// Returns a receiver of the texts of that channel, as long as the channel has a listener.
    pub(crate) fn signal_texts(&self) -> broadcast::Receiver<Arc<str>> {
        self.subscriptions.signal_texts()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("options", &self.options).finish_non_exhaustive()
    }
}
