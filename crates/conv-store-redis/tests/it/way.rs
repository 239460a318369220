//! A way to a server that a test can change.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use conv_store_redis::testing::TestNode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream, tcp},
    task::yield_now,
};

/// An address that leads to a server, and later to another one.
pub(crate) struct Way {
    port: u16,
    leads_to: Arc<AtomicU16>,
}

impl Way {
    /// A way that carries what is sent in pieces of so many bytes.
    pub(crate) async fn to(node: &TestNode, piece: usize) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let leads_to = Arc::new(AtomicU16::new(node.port()));
        let target = Arc::clone(&leads_to);
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let port = target.load(Ordering::Relaxed);
                let to = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                to.set_nodelay(true).unwrap();
                let ((sent, mut answer), (mut answers, server)) =
                    (from.into_split(), to.into_split());
                tokio::spawn(carry(sent, server, piece));
                tokio::spawn(async move { copy(&mut answers, &mut answer).await });
            }
        });
        Self { port, leads_to }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// New connections lead to another server.
    pub(crate) fn lead_to(&self, node: &TestNode) {
        self.leads_to.store(node.port(), Ordering::Relaxed);
    }
}

async fn carry(mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf, piece: usize) {
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        for piece in bytes[..count].chunks(piece) {
            if to.write_all(piece).await.is_err() {
                return;
            }
            yield_now().await;
        }
    }
}
