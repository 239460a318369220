//! A server or a cluster, and the way to it.

mod connect;
mod hub;
mod link;
mod tls;

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use crate::{RedisError, RedisOptions};

use self::hub::Hub;
pub(crate) use self::{hub::Listener, link::Link};

/// A server or a cluster.
pub(crate) struct Server {
    pub(crate) options: RedisOptions,
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
        let first = Link::open(&target, &options, Some(&hub)).await?;
        connect::check_eviction(&first).await?;
        let mut others = Vec::new();
        for _ in 1..options.connections {
            others.push(Link::open(&target, &options, None).await?);
        }
        hub.start(first.clone());
        Ok(Self { options, first, others, hub })
    }

    /// The connections of a key: always the same ones, so that its calls stay in order.
    pub(crate) fn link(&self, key: &str) -> Link {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let links = self.others.len() as u64 + 1;
        let at = usize::try_from(hasher.finish() % links).unwrap_or_default();
        at.checked_sub(1).and_then(|at| self.others.get(at)).unwrap_or(&self.first).clone()
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
