//! From addresses to connections.

use std::{sync::Weak, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    ProtocolVersion, RedisResult, Value,
    aio::{ConnectionManager, ConnectionManagerConfig},
    cluster::ClusterClient,
};
use tokio::time::timeout;

use super::{
    link::{Connections, Link},
    subscriptions::{Subscriptions, pushes},
    tls,
};
use crate::{RedisError, RedisOptions};

/// The kind of server behind the addresses.
pub(super) enum Target {
    Single(Box<ConnectionInfo>),
    Cluster(Vec<ConnectionInfo>),
}

/// Asks the first node that answers whether it is part of a cluster.
pub(super) async fn find(nodes: &[String], options: &RedisOptions) -> Result<Target, RedisError> {
    let nodes = nodes.iter().map(|node| address(node, options)).collect::<Result<Vec<_>, _>>()?;
    let mut result = Err(RedisError::options("expected the address of a server"));
    for node in &nodes {
        result = is_cluster(node, options).await;
        match &result {
            Ok(true) => return Ok(Target::Cluster(nodes)),
            Ok(false) if nodes.len() == 1 => return Ok(Target::Single(Box::new(node.clone()))),
            Ok(false) => return Err(RedisError::options("several servers that are no cluster")),
            Err(_) => {}
        }
    }
    result.and(Err(RedisError::options("expected the address of a server")))
}

fn address(node: &str, options: &RedisOptions) -> Result<ConnectionInfo, RedisError> {
    // The client's words hold no password, but nothing says that they never will.
    let info = node.into_connection_info();
    let info = info.map_err(|_| RedisError::options("expected an address redis://host:port"))?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let info = info.set_redis_settings(settings);
    if node.starts_with("rediss:") { tls::with_certificates(info, options) } else { Ok(info) }
}

async fn is_cluster(node: &ConnectionInfo, options: &RedisOptions) -> Result<bool, RedisError> {
    let client = Client::open(node.clone()).map_err(RedisError::met)?;
    let limit = Some(options.answer_within);
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(limit).set_response_timeout(limit);
    let asked = async {
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        redis::cmd("INFO").arg("cluster").query_async::<String>(&mut connection).await
    };
    match timeout(options.answer_within, asked).await {
        Ok(info) => Ok(info.map_err(RedisError::met)?.contains("cluster_enabled:1")),
        Err(_) => Err(RedisError::TimedOut { limit: options.answer_within }),
    }
}

impl Target {
    /// Connects. Pushed messages go to the subscriptions.
    pub(super) async fn connect(
        &self,
        options: &RedisOptions,
        subscriptions: Option<&Weak<Subscriptions>>,
    ) -> Result<Connections, RedisError> {
        match self {
            Self::Single(node) => single(node, options.answer_within, subscriptions).await,
            Self::Cluster(nodes) => cluster(nodes, options, subscriptions).await,
        }
        .map_err(RedisError::met)
    }
}

async fn single(
    node: &ConnectionInfo,
    limit: Duration,
    subscriptions: Option<&Weak<Subscriptions>>,
) -> RedisResult<Connections> {
    let mut config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(limit))
        .set_response_timeout(Some(limit))
        .set_number_of_retries(1);
    if let Some(subscriptions) = subscriptions {
        config = config.set_push_sender(pushes(subscriptions)).set_automatic_resubscription();
    }
    let client = Client::open(node.clone())?;
    Ok(Connections::Single(ConnectionManager::new_with_config(client, config).await?))
}

async fn cluster(
    nodes: &[ConnectionInfo],
    options: &RedisOptions,
    subscriptions: Option<&Weak<Subscriptions>>,
) -> RedisResult<Connections> {
    let limit = options.answer_within;
    let mut builder = ClusterClient::builder(nodes.to_vec())
        .use_protocol(ProtocolVersion::RESP3)
        .connection_timeout(limit)
        .response_timeout(limit)
        .retries(5)
        .min_retry_wait(10)
        .max_retry_wait(500);
    if nodes.iter().any(|node| matches!(node.addr(), ConnectionAddr::TcpTls { .. })) {
        builder = tls::with_certificates_of_all(builder, options);
    }
    if let Some(subscriptions) = subscriptions {
        builder = builder.push_sender(pushes(subscriptions));
    }
    Ok(Connections::Cluster(builder.build()?.get_async_connection().await?))
}

/// A server that may evict would take single keys of an account.
pub(super) async fn check_eviction(link: &Link) -> Result<(), RedisError> {
    let info: Value = link.call(redis::cmd("INFO").arg("memory")).await?;
    let mut texts = Vec::new();
    collect(&info, &mut texts);
    let policies = texts
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| line.trim().strip_prefix("maxmemory_policy:"));
    for policy in policies {
        if policy != "noeviction" {
            return Err(RedisError::MayEvict { policy: policy.to_owned() });
        }
    }
    Ok(())
}

/// One server answers with a text, many with one each.
fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::BulkString(bytes) => texts.push(String::from_utf8_lossy(bytes).into_owned()),
        Value::VerbatimString { text, .. } => texts.push(text.clone()),
        Value::SimpleString(text) => texts.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Map(pairs) => pairs.iter().for_each(|(_, value)| collect(value, texts)),
        _ => {}
    }
}
