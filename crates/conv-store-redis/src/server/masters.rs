//! Calls to one master after another.

use redis::{
    Cmd, FromRedisValue, Value,
    cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo, SingleNodeRoutingInfo},
    from_redis_value,
};

use super::link::{Connections, Link};
use crate::RedisError;

/// A server that has accounts: the only one, or a master of a cluster by its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Master(Option<(String, u16)>);

impl Link {
    /// Returns the masters that have accounts now.
    pub(crate) async fn masters(&self) -> Result<Vec<Master>, RedisError> {
        let Connections::Cluster(mut cluster) = self.current() else {
            return Ok(vec![Master(None)]);
        };
        let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let answers = cluster.route_command(redis::cmd("PING"), all);
        let answers: Vec<(String, Value)> =
            self.in_time(async { Ok(from_redis_value(answers.await?)?) }).await?;
        Ok(answers.iter().filter_map(|(address, _)| address_of(address)).map(Master).collect())
    }

    /// Makes a call to a master, within the limit of time.
    pub(crate) async fn call_on<T: FromRedisValue>(
        &self,
        master: &Master,
        command: Cmd,
    ) -> Result<T, RedisError> {
        let (Connections::Cluster(mut cluster), Some((host, port))) = (self.current(), &master.0)
        else {
            return self.call(&command).await;
        };
        let node = SingleNodeRoutingInfo::ByAddress { host: host.clone(), port: *port };
        let answer = cluster.route_command(command, RoutingInfo::SingleNode(node));
        self.in_time(async { Ok(from_redis_value(answer.await?)?) }).await
    }
}

fn address_of(text: &str) -> Option<Option<(String, u16)>> {
    let (host, port) = text.rsplit_once(':')?;
    Some(Some((host.to_owned(), port.parse().ok()?)))
}
