//! Streams as axum makes them, with nothing behind them: what every server of events pays.

use std::{
    convert::Infallible,
    net::TcpListener,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::{
    Router,
    extract::State,
    response::sse::{Event, Sse},
    routing::post,
};
use futures_core::Stream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{
    ask::{Ask, Listening, Stats},
    server::say,
};

type Senders = Arc<Mutex<Vec<UnboundedSender<Arc<str>>>>>;

/// All streams, in the order in which they were opened.
#[derive(Debug, Clone, Default)]
pub struct Bare(Senders);

struct Events(UnboundedReceiver<Arc<str>>);

impl Bare {
    pub async fn listen(&self, addresses: &[&str]) {
        let stream = || post(open).with_state(Arc::clone(&self.0));
        let router = Router::new()
            .route("/v1/conversations/stream", stream())
            .route("/v1/accounts/{account}/conversations/stream", stream());
        let mut listening = Vec::new();
        for address in addresses {
            let listener = TcpListener::bind((*address, 0)).unwrap();
            listener.set_nonblocking(true).unwrap();
            listening.push(listener.local_addr().unwrap());
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let router = router.clone();
            tokio::spawn(async move { axum::serve(listener, router).await });
        }
        say(&Listening { addresses: listening });
    }

    pub fn answer(&self, ask: &Ask) -> Stats {
        let senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ask::Send { from, count, bytes } = ask {
            let data: Arc<str> = "x".repeat(*bytes).into();
            for sender in &senders[*from..from + count] {
                sender.send(Arc::clone(&data)).unwrap();
            }
        }
        let open = senders.iter().filter(|sender| !sender.is_closed()).count();
        Stats { lines_open: open as u64, ..Stats::default() }
    }
}

async fn open(State(senders): State<Senders>) -> Sse<Events> {
    let (sender, receiver) = unbounded_channel();
    // The first rows.
    sender.send("x".into()).unwrap();
    senders.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
    Sse::new(Events(receiver))
}

impl Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|data| {
            data.map(|data| {
                Ok(Event::default().event("patch").id("0123456789abcdef.1").data(&*data))
            })
        })
    }
}
