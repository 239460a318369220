//! The options of a database.

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use conv_store::StoreError;

use crate::{RedisDatabase, RedisError, server::Server};

/// The options of a [`RedisDatabase`].
///
/// ```no_run
/// use std::time::Duration;
///
/// use conv_store_redis::RedisDatabase;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), conv_store::StoreError> {
/// let nodes = ["redis://:password@10.0.0.1:6379", "redis://:password@10.0.0.2:6379"];
/// let database = RedisDatabase::options()
///     .prefix("conv:1400000000") // one for each app
///     .lease(Duration::from_secs(20))
///     .open(nodes)
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisOptions {
    /// The beginning of every key; `conv` by default. Apps (SDKAppIDs) that share a server have one
    /// each, without braces.
    pub prefix: String,
    /// The maximum duration of a call, all attempts together; 3 seconds by default.
    pub answer_within: Duration,
    /// The time that an account is kept after its last write; 90 days by default, zero for ever.
    /// Local state goes with it.
    pub expire_after: Duration,
    /// The approximate interval of looking for writes of other processes that were not announced;
    /// 30 seconds by default.
    pub check_every: Duration,
    /// The duration of a lease whose holder is not heard of, from a second to a day; 15 seconds by
    /// default. After a process died in the middle of a pass, others wait this long.
    pub lease: Duration,
    /// The number of replicas that must have a write before it counts; 0 by default: a write waits
    /// for none. A failover then loses fewer writes, and each write takes longer: see
    /// [`copies`](Self::copies()).
    pub copies: u32,
    /// Connections to each server, at least one; 2 by default. Many calls share each of them.
    pub connections: usize,
    /// The certificate, in PEM, that the servers' own are signed with; if not given, those that
    /// the system trusts.
    #[cfg(feature = "tls")]
    pub root_certificate: Option<Vec<u8>>,
    /// The client's certificate, for servers that ask for one; none by default.
    #[cfg(feature = "tls")]
    pub client_certificate: Option<ClientCertificate>,
}

/// A certificate and its key, shown to servers that ask for one. Its `Debug` shows neither.
///
/// ```no_run
/// use conv_store_redis::{ClientCertificate, RedisDatabase};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shown = ClientCertificate::new(std::fs::read("conv.crt")?, std::fs::read("conv.key")?);
/// let options = RedisDatabase::options().client_certificate(shown);
/// let database = options.open(["rediss://10.0.0.1:6379"]).await?;
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "tls")]
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientCertificate {
    /// The certificate, and those it is signed with if need be, in PEM.
    pub certificate: Vec<u8>,
    /// Its private key, in PEM.
    pub key: Vec<u8>,
}

#[cfg(feature = "tls")]
impl ClientCertificate {
    /// A certificate and its private key, both in PEM.
    pub fn new(certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        Self { certificate: certificate.into(), key: key.into() }
    }
}

#[cfg(feature = "tls")]
impl std::fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}

/// A lease that is too short is lost between two renewals; one without end cannot be counted.
const LEASES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(24 * 3600);

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            prefix: "conv".to_owned(),
            answer_within: Duration::from_secs(3),
            expire_after: Duration::from_secs(90 * 24 * 3600),
            check_every: Duration::from_secs(30),
            lease: Duration::from_secs(15),
            copies: 0,
            connections: 2,
            #[cfg(feature = "tls")]
            root_certificate: None,
            #[cfg(feature = "tls")]
            client_certificate: None,
        }
    }
}

impl RedisOptions {
    /// Sets the prefix of every key; `conv` by default.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Sets how long a call may take; 3 seconds by default.
    #[must_use]
    pub fn answer_within(self, limit: Duration) -> Self {
        Self { answer_within: limit, ..self }
    }

    /// Sets how long after its last write an account is kept; zero is for ever. 90 days by default.
    #[must_use]
    pub fn expire_after(self, time: Duration) -> Self {
        Self { expire_after: time, ..self }
    }

    /// Sets the interval of looking for writes of other processes that were not announced; 30 seconds by
    /// default.
    #[must_use]
    pub fn check_every(self, time: Duration) -> Self {
        Self { check_every: time, ..self }
    }

    /// Sets how long a lease lasts whose holder is not heard of; 15 seconds by default.
    #[must_use]
    pub fn lease(self, time: Duration) -> Self {
        Self { lease: time, ..self }
    }

    /// Sets how many replicas must have a write before it counts; none by default.
    ///
    /// Each write then includes the round trip to the replicas, and the other calls on its
    /// connection wait behind it: more [`connections`](Self::connections()) help. If too few
    /// replicas have a write within half of [`answer_within`](Self::answer_within()), it fails as
    /// [`RedisError::NotCopied`]; the master has it all the same, and the store loads it. It is no
    /// promise: a replica that has less may still be the one that takes over.
    #[must_use]
    pub fn copies(self, replicas: u32) -> Self {
        Self { copies: replicas, ..self }
    }

    /// Sets how many connections there are to each server; 2 by default.
    #[must_use]
    pub fn connections(self, connections: usize) -> Self {
        Self { connections, ..self }
    }

    /// Sets the certificate that the servers' own are signed with, in PEM.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn root_certificate(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { root_certificate: Some(pem.into()), ..self }
    }

    /// Sets the certificate for servers that ask for one.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn client_certificate(self, certificate: ClientCertificate) -> Self {
        Self { client_certificate: Some(certificate), ..self }
    }

    /// Opens the database of a server, or of a cluster of which some nodes are given. The first
    /// node that answers is asked if it belongs to a cluster.
    ///
    /// An address is `redis://[user:password@]host[:port]`; `rediss://` is reached through TLS
    /// (feature `tls`).
    ///
    /// # Errors
    /// A [`StoreError`] whose source is a [`RedisError`]: no node answers, the password is refused,
    /// an address or option makes no sense, or the server's `maxmemory-policy` is not `noeviction`.
    /// [`StoreError::NoRuntime`] outside a Tokio runtime.
    pub async fn open<A: AsRef<str>>(
        self,
        nodes: impl IntoIterator<Item = A>,
    ) -> Result<RedisDatabase, StoreError> {
        tokio::runtime::Handle::try_current().map_err(|_| StoreError::NoRuntime)?;
        let nodes = nodes.into_iter().map(|node| node.as_ref().to_owned()).collect();
        self.check()?;
        let server = Server::open(nodes, self).await?;
        Ok(RedisDatabase::new(Arc::new(server)))
    }

    fn check(&self) -> Result<(), RedisError> {
        if self.prefix.is_empty() || self.prefix.contains(['{', '}']) {
            return Err(RedisError::options("expected a prefix without braces"));
        }
        if self.answer_within.is_zero() || self.check_every.is_zero() {
            return Err(RedisError::options("expected times above zero"));
        }
        if !LEASES.contains(&self.lease) || self.connections == 0 {
            return Err(RedisError::options("expected a lease of a second to a day, a connection"));
        }
        Ok(())
    }
}
