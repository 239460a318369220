//! A server or a cluster, and the way to it.

mod connect;
mod home;
mod hub;
mod link;
mod masters;
mod tls;
mod troubles;

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

#[cfg(all(feature = "testing", feature = "tls"))]
pub(crate) use self::tls::provide;
use self::{home::Home, hub::Hub, link::Renewal};
pub(crate) use self::{hub::Listener, link::Link, masters::Master};
use crate::{RedisError, RedisOptions, stats::Counters};

/// A server or a cluster.
pub(crate) struct Server {
    pub(crate) options: RedisOptions,
    pub(crate) counters: Arc<Counters>,
    /// The one that hears news.
    first: Link,
    others: Vec<Link>,
    hub: Arc<Hub>,
}

impl Server {
    /// Connects, and checks that no part of an account can vanish by itself.
    pub(crate) async fn open(
        nodes: Vec<String>,
        options: RedisOptions,
    ) -> Result<Self, RedisError> {
        let target = Arc::new(connect::find(&nodes, &options).await?);
        let hub = Arc::new(Hub::default());
        let counters = Arc::<Counters>::default();
        let home = Home::current();
        let renewal = Arc::new(Renewal::new(&home, &counters));
        let first = Link::open(&target, &options, &counters, Some(&hub), &renewal).await?;
        connect::check_eviction(&first).await?;
        let mut others = Vec::new();
        for _ in 1..options.connections {
            others.push(Link::open(&target, &options, &counters, None, &renewal).await?);
        }
        renewal.of(others.iter().chain([&first]));
        hub.start(first.clone(), home);
        Ok(Self { options, counters, first, others, hub })
    }

    /// The connections of a key: always the same ones, so that its calls stay in order.
    pub(crate) fn link(&self, key: &str) -> Link {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let links = self.others.len() as u64 + 1;
        let at = usize::try_from(hasher.finish() % links).unwrap_or_default();
        at.checked_sub(1).and_then(|at| self.others.get(at)).unwrap_or(&self.first).clone()
    }

    /// The connections of what is no key's.
    pub(crate) fn any_link(&self) -> &Link {
        self.others.last().unwrap_or(&self.first)
    }

    pub(crate) fn listen(&self, channel: &str) -> Listener {
        self.hub.listen(channel)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("options", &self.options).finish_non_exhaustive()
    }
}
