//! Servers that are reached through TLS.

use std::{fs, path::Path, process::Command, time::Duration};

use conv_model::{Delta, ErrorClass};
use conv_store::{ConversationDatabase, ConversationStore, StoreError};
use conv_store_redis::{
    ClientCertificate, RedisDatabase, RedisOptions,
    testing::{self, NodeOptions, TestNode},
};
use tempfile::TempDir;

use crate::support::{account, at};

/// A server with a certificate of its own, and the folder of the certificates.
struct Secure {
    node: TestNode,
    folder: TempDir,
}

impl Secure {
    /// `None` without the programs `redis-server` and `openssl`.
    fn start(config: &[&str]) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        if !testing::is_there() || !certificates(folder.path()) {
            return None;
        }
        let tls = Some(folder.path().to_str().unwrap().to_owned());
        let config = config.iter().map(|&line| line.to_owned()).collect();
        let options = NodeOptions { tls, config, ..NodeOptions::default() };
        Some(Self { node: TestNode::start(options).unwrap(), folder })
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.path().join(name)).unwrap()
    }

    fn trusting(&self) -> RedisOptions {
        let options = RedisDatabase::options().answer_within(Duration::from_secs(30));
        options.root_certificate(self.file("ca.crt"))
    }

    async fn open(&self, options: RedisOptions) -> Result<RedisDatabase, StoreError> {
        options.open([self.node.url()]).await
    }
}

async fn works(database: &RedisDatabase) {
    let store = database.account(&account()).await.unwrap();
    store.apply(Delta::listed([at("alice", 1)])).await.unwrap();
}

#[tokio::test]
async fn a_server_is_reached_through_tls_and_its_certificate_is_checked() {
    let Some(secure) = Secure::start(&[]) else { return };
    works(&secure.open(secure.trusting()).await.unwrap()).await;
    let unknown = secure.open(RedisDatabase::options()).await.unwrap_err();
    assert_eq!(unknown.class(), ErrorClass::Transient, "{unknown:?}");
    let plain = secure.node.url().replace("rediss", "redis");
    assert!(RedisDatabase::open([plain]).await.is_err());
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_is_shown_one() {
    let Some(secure) = Secure::start(&["tls-auth-clients yes"]) else { return };
    let shown = ClientCertificate::new(secure.file("redis.crt"), secure.file("redis.key"));
    assert_eq!(format!("{shown:?}"), "ClientCertificate { .. }");
    works(&secure.open(secure.trusting().client_certificate(shown)).await.unwrap()).await;
    let without = secure.open(secure.trusting()).await;
    assert!(without.is_err(), "{without:?}");
}

#[tokio::test]
async fn the_nodes_that_a_cluster_tells_of_are_reached_through_tls_too() {
    let config = ["cluster-enabled yes", "tls-cluster yes", "tls-auth-clients yes"];
    let Some(secure) = Secure::start(&config) else { return };
    secure.node.call::<()>(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).unwrap();
    let is_ok = || -> bool {
        let info: String = secure.node.call(&["CLUSTER", "INFO"]).unwrap();
        info.contains("cluster_state:ok")
    };
    while !is_ok() {}
    let shown = ClientCertificate::new(secure.file("redis.crt"), secure.file("redis.key"));
    works(&secure.open(secure.trusting().client_certificate(shown)).await.unwrap()).await;
}

/// Makes an authority and a server's certificate; needs the program `openssl`.
fn certificates(folder: &Path) -> bool {
    let script = r#"
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout ca.key -out ca.crt &&
        openssl req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout redis.key -out redis.csr &&
        echo subjectAltName=IP:127.0.0.1 >san &&
        openssl x509 -req -days 2 -CA ca.crt -CAkey ca.key -CAcreateserial -extfile san \
            -in redis.csr -out redis.crt"#;
    let made = Command::new("sh").args(["-c", script]).current_dir(folder).output();
    made.is_ok_and(|made| made.status.success())
}
