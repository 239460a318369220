//! A write whose answer is lost: a cluster's client sends it again, and it is made once.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use conv_model::{Delta, Local};
use conv_store::{ConversationDatabase, ConversationStore, Engine, Record};
use conv_store_redis::{
    RedisDatabase,
    testing::{self, NodeOptions, TestNode},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::support::{account, at, soon, until, user};

/// A write was made and its answer is lost: the connection breaks once this is sent to.
type Lost = oneshot::Sender<oneshot::Sender<()>>;

/// A cluster of one node, reached through a way that can lose an answer.
struct Lossy {
    _node: TestNode,
    port: u16,
    armed: Arc<Mutex<Option<Lost>>>,
}

impl Lossy {
    async fn start() -> Option<Self> {
        if !testing::is_there() {
            return None;
        }
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let config = ["cluster-enabled yes".to_owned(), format!("cluster-announce-port {port}")];
        let options = NodeOptions { config: config.into(), ..NodeOptions::default() };
        let node = TestNode::start(options).unwrap();
        node.call::<()>(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).unwrap();
        while !node.call::<String>(&["CLUSTER", "INFO"]).unwrap().contains("cluster_state:ok") {}
        let armed = Arc::<Mutex<Option<Lost>>>::default();
        let (server, losing) = (node.port(), Arc::clone(&armed));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                tokio::spawn(carry(client, server, Arc::clone(&losing)));
            }
        });
        Some(Self { _node: node, port, armed })
    }

    /// A process of its own.
    async fn database(&self) -> RedisDatabase {
        let options = RedisDatabase::options().answer_within(Duration::from_secs(30));
        let url = format!("redis://127.0.0.1:{}", self.port);
        options.connections(1).open([url]).await.unwrap()
    }

    /// The next script is run and its answer lost; waits for it, and gives what lets the client
    /// find out.
    fn lose(&self) -> oneshot::Receiver<oneshot::Sender<()>> {
        let (lost, losing) = oneshot::channel();
        *self.armed.lock().unwrap() = Some(lost);
        losing
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, armed: Arc<Mutex<Option<Lost>>>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            count = client.read(&mut asked) => {
                let Ok(count @ 1..) = count else { return };
                let is_script = asked[..count].windows(4).any(|word| word == b"EVAL");
                let lost = if is_script { armed.lock().unwrap().take() } else { None };
                server.write_all(&asked[..count]).await.unwrap();
                if let Some(lost) = lost {
                    let _ = server.read(&mut answered).await;
                    let (go_on, goes_on) = oneshot::channel();
                    lost.send(go_on).unwrap();
                    let _ = goes_on.await;
                    return;
                }
            }
            count = server.read(&mut answered) => {
                let Ok(count @ 1..) = count else { return };
                if client.write_all(&answered[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_draft_whose_answer_was_lost_does_not_replace_a_newer_one_of_another_process() {
    let Some(way) = Lossy::start().await else { return };
    let account = account();
    let (here, there) = (way.database().await, way.database().await);
    let (a, b) = (here.account(&account).await.unwrap(), there.account(&account).await.unwrap());
    // Both know the scripts' hashes to be known from here on.
    a.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    until(&*b, |snapshot| snapshot.len() == 1).await;
    let lost = way.lose();
    let older = async { soon(a.put_local(user("alice"), Local::draft("older"))).await.unwrap() };
    let newer = async {
        let go_on = soon(lost).await.unwrap();
        until(&*b, |snapshot| snapshot.local(&user("alice")).is_some()).await;
        b.put_local(user("alice"), Local::draft("newer")).await.unwrap();
        go_on.send(()).unwrap();
    };
    tokio::join!(older, newer);
    let newer = Some(Local::draft("newer"));
    let shows = |store: &dyn ConversationStore| store.snapshot().local(&user("alice"));
    until(&*a, |snapshot| snapshot.local(&user("alice")) == newer).await;
    b.apply(Delta::listed([at("bob", 1)])).await.unwrap();
    until(&*a, |snapshot| snapshot.len() == 2).await;
    assert_eq!([shows(&*a), shows(&*b)], [newer.clone(), newer]);
    assert_eq!(here.stats().conflicts, 0, "it is known to be made");
    assert_eq!([here.stats().lost, there.stats().lost], [0, 0]);
}

#[tokio::test]
async fn a_removal_whose_answer_was_lost_does_not_remove_what_another_process_listed_since() {
    let Some(way) = Lossy::start().await else { return };
    let account = account();
    let (here, there) = (way.database().await, way.database().await);
    let (a, b) = (here.account(&account).await.unwrap(), there.account(&account).await.unwrap());
    a.apply(Delta::listed([at("alice", 1)])).await.unwrap();
    until(&*b, |snapshot| snapshot.len() == 1).await;
    let lost = way.lose();
    let removes = async { soon(a.apply(Delta::removed([user("alice")]))).await.unwrap() };
    let lists = async {
        let go_on = soon(lost).await.unwrap();
        until(&*b, conv_store::Snapshot::is_empty).await;
        // More than one write, so that the other one's is long no longer the last.
        for time in 2..5 {
            b.apply(Delta::listed([at("alice", time)])).await.unwrap();
        }
        go_on.send(()).unwrap();
    };
    tokio::join!(removes, lists);
    until(&*a, |snapshot| snapshot.len() == 1).await;
    let stored = Engine::load(&there.engine(&account)).await.unwrap();
    assert!(stored.records.iter().any(|(record, _)| *record == Record::Row(user("alice"))));
    drop(way);
}
