//! The news of accounts, and their listeners.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use redis::{
    FromRedisValue, PushInfo, PushKind,
    aio::{AsyncPushSender, SendError},
};
use tokio::{
    sync::{broadcast, mpsc, watch},
    time::sleep,
};

use super::{Link, home::Home};
use crate::sync::lock;

/// The pause before a failed subscription is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// The number of signals that are kept for a listener that lags.
const KEPT: usize = 1_024;

/// The listeners of each channel.
///
/// A task keeps the server's subscriptions in step with the listeners. News may be missed until it
/// has subscribed, and while a connection is down. After either, listeners receive empty news, which
/// ask them to look for themselves.
pub(crate) struct Subscriptions {
    channels: Mutex<HashMap<Arc<str>, watch::Sender<Heard>>>,
    /// The task that subscribes; `None` until it is started.
    keeper: Mutex<Option<Keeper>>,
    /// The channel of which each text counts, not only the last.
    signals: Arc<str>,
    texts: broadcast::Sender<Arc<str>>,
}

/// The task that subscribes, and the means to start it again after its runtime ended.
struct Keeper {
    link: Link,
    home: Home,
    /// Channels that gained their first listener, or lost their last one.
    changed: mpsc::UnboundedSender<Arc<str>>,
}

/// The last news of a channel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// The number of news so far.
    pub(crate) count: u64,
    /// Their text; empty if some may have been missed.
    pub(crate) text: Arc<str>,
}

/// A listener of one channel.
pub(crate) struct Listener {
    subscriptions: Weak<Subscriptions>,
    channel: Arc<str>,
    heard: watch::Receiver<Heard>,
}

impl Subscriptions {
    /// Returns subscriptions to nothing. Each text of the channel of signals counts.
    pub(super) fn new(signals: String) -> Self {
        Self {
            channels: Mutex::default(),
            keeper: Mutex::default(),
            signals: signals.into(),
            texts: broadcast::Sender::new(KEPT),
        }
    }

    pub(super) fn signals(&self) -> &str {
        &self.signals
    }

    /// Returns a receiver of the texts of the channel of signals, as long as it has a listener.
    pub(super) fn signal_texts(&self) -> broadcast::Receiver<Arc<str>> {
        self.texts.subscribe()
    }

    /// Keeps the subscriptions of a link in step, until this value is dropped.
    pub(super) fn start(self: &Arc<Self>, link: Link, home: Home) {
        let changed = self.keep(&link, &home);
        *lock(&self.keeper) = Some(Keeper { link, home, changed });
    }

    /// Starts the task with all channels that have listeners.
    fn keep(self: &Arc<Self>, link: &Link, home: &Home) -> mpsc::UnboundedSender<Arc<str>> {
        let (changed, changes) = mpsc::unbounded_channel();
        for channel in lock(&self.channels).keys() {
            // The receiver exists.
            let _ = changed.send(Arc::clone(channel));
        }
        home.spawn(keep(Arc::downgrade(self), link.clone(), changes));
        changed
    }

    pub(super) fn listen(self: &Arc<Self>, channel: &str) -> Listener {
        let channel: Arc<str> = channel.into();
        let mut channels = lock(&self.channels);
        let heard = match channels.get(&channel) {
            Some(sender) => sender.subscribe(),
            None => {
                let (sender, heard) = watch::channel(Heard::default());
                channels.insert(Arc::clone(&channel), sender);
                drop(channels);
                self.change(&channel);
                heard
            }
        };
        Listener { subscriptions: Arc::downgrade(self), channel, heard }
    }

    /// Subscribes to all channels again, on other connections.
    pub(super) fn resubscribe(self: &Arc<Self>) {
        let channels: Vec<_> = lock(&self.channels).keys().cloned().collect();
        channels.iter().for_each(|channel| self.change(channel));
    }

    fn push(self: &Arc<Self>, info: &PushInfo) {
        let text = |at: usize| String::from_redis_value_ref(info.data.get(at)?).ok();
        match info.kind {
            PushKind::Message | PushKind::SMessage => {
                if let (Some(channel), Some(text)) = (text(0), text(1)) {
                    self.tell(&channel, &text);
                }
            }
            // A server that gave a slot away ends its subscriptions.
            PushKind::SUnsubscribe | PushKind::Unsubscribe => {
                if let Some((channel, _)) =
                    text(0).and_then(|name| lock(&self.channels).get_key_value(&*name).map(pair))
                {
                    self.change(&channel);
                }
            }
            PushKind::Disconnection => self.tell_all(),
            _ => {}
        }
    }

    fn tell(&self, channel: &str, text: &str) {
        if *channel == *self.signals && !text.is_empty() {
            // Without receivers it is dropped.
            let _ = self.texts.send(text.into());
        }
        if let Some(sender) = lock(&self.channels).get(channel) {
            sender.send_modify(|heard| heard.take(text));
        }
    }

    /// Reports to all listeners that news may have been missed.
    fn tell_all(&self) {
        for sender in lock(&self.channels).values() {
            sender.send_modify(|heard| heard.take(""));
        }
    }

    fn change(self: &Arc<Self>, channel: &Arc<str>) {
        if let Some(keeper) = &mut *lock(&self.keeper)
            && keeper.changed.send(Arc::clone(channel)).is_err()
        {
            // Its runtime ended. The listeners are still there.
            keeper.changed = self.keep(&keeper.link, &keeper.home);
        }
    }

    fn is_wanted(&self, channel: &str) -> bool {
        lock(&self.channels).contains_key(channel)
    }
}

/// Receives what a connection is pushed. The connection does not keep the subscriptions alive.
pub(super) fn pushes(subscriptions: &Weak<Subscriptions>) -> impl AsyncPushSender + use<> {
    let subscriptions = Weak::clone(subscriptions);
    move |info: PushInfo| -> Result<(), SendError> {
        subscriptions.upgrade().ok_or(SendError)?.push(&info);
        Ok(())
    }
}

fn pair<A: Clone, B: Clone>((a, b): (&A, &B)) -> (A, B) {
    (a.clone(), b.clone())
}

impl Heard {
    fn take(&mut self, text: &str) {
        self.count = self.count.wrapping_add(1);
        self.text = text.into();
    }
}

impl Listener {
    /// Returns the last news.
    pub(crate) fn heard(&self) -> Heard {
        self.heard.borrow().clone()
    }

    /// Waits for news with another count. Cancel-safe.
    pub(crate) async fn changed(&self, count: u64) {
        let mut heard = self.heard.clone();
        let newer = heard.wait_for(|heard| heard.count != count).await.is_ok();
        if !newer {
            // The subscriptions are gone, so no news will come.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let Some(subscriptions) = self.subscriptions.upgrade() else { return };
        let mut channels = lock(&subscriptions.channels);
        let is_last =
            channels.get(&self.channel).is_some_and(|sender| sender.receiver_count() <= 1);
        if is_last {
            channels.remove(&self.channel);
            drop(channels);
            subscriptions.change(&self.channel);
        }
    }
}

/// Subscribes to channels that have listeners and unsubscribes from others, one after another.
async fn keep(
    subscriptions: Weak<Subscriptions>,
    link: Link,
    mut changes: mpsc::UnboundedReceiver<Arc<str>>,
) {
    while let Some(channel) = changes.recv().await {
        let is_wanted =
            subscriptions.upgrade().is_some_and(|subscriptions| subscriptions.is_wanted(&channel));
        let done = if is_wanted {
            link.subscribe(&channel).await
        } else {
            link.unsubscribe(&channel).await
        };
        let Some(subscriptions) = subscriptions.upgrade() else { return };
        if done.is_ok() {
            // Writes before the subscription began were not reported.
            subscriptions.tell(&channel, "");
        } else if is_wanted {
            let subscriptions = Arc::downgrade(&subscriptions);
            tokio::spawn(async move {
                sleep(PAUSE).await;
                if let Some(subscriptions) = subscriptions.upgrade() {
                    subscriptions.change(&channel);
                }
            });
        }
    }
}
