//! News: who waits for those of which account.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use redis::{
    FromRedisValue, PushInfo, PushKind,
    aio::{AsyncPushSender, SendError},
};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use super::{Link, home::Home};

/// After a subscription failed it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Who waits for the news of which channel.
///
/// A task keeps the server's subscriptions in step with those who listen. News may be missed while
/// it does, or while a connection is away: after either, all are told to look for themselves.
#[derive(Default)]
pub(crate) struct Hub {
    channels: Mutex<HashMap<Arc<str>, watch::Sender<Heard>>>,
    /// The task that subscribes; `None` until it is started.
    keeper: Mutex<Option<Keeper>>,
}

/// The task that subscribes, or what it takes to start it again where its runtime ended.
struct Keeper {
    link: Link,
    home: Home,
    /// Channels that somebody began or ceased to listen to.
    changed: mpsc::UnboundedSender<Arc<str>>,
}

/// The last news of a channel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// How often there were any.
    pub(crate) count: u64,
    /// What they say; nothing, if some may have been missed.
    pub(crate) text: Arc<str>,
}

/// Hears a channel.
pub(crate) struct Listener {
    hub: Weak<Hub>,
    channel: Arc<str>,
    heard: watch::Receiver<Heard>,
}

impl Hub {
    /// Begins to keep the subscriptions of a link in step, until the hub is dropped.
    pub(super) fn start(self: &Arc<Self>, link: Link, home: Home) {
        let changed = self.keep(&link, &home);
        *lock(&self.keeper) = Some(Keeper { link, home, changed });
    }

    /// Starts the task, with all channels that somebody listens to now.
    fn keep(self: &Arc<Self>, link: &Link, home: &Home) -> mpsc::UnboundedSender<Arc<str>> {
        let (changed, changes) = mpsc::unbounded_channel();
        for channel in lock(&self.channels).keys() {
            // Its other end is here.
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
        Listener { hub: Arc::downgrade(self), channel, heard }
    }

    /// Subscribes to all channels again, on other connections.
    pub(super) fn begin_anew(self: &Arc<Self>) {
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
        if let Some(sender) = lock(&self.channels).get(channel) {
            sender.send_modify(|heard| heard.take(text));
        }
    }

    /// Some may have been missed.
    fn tell_all(&self) {
        for sender in lock(&self.channels).values() {
            sender.send_modify(|heard| heard.take(""));
        }
    }

    fn change(self: &Arc<Self>, channel: &Arc<str>) {
        if let Some(keeper) = &mut *lock(&self.keeper)
            && keeper.changed.send(Arc::clone(channel)).is_err()
        {
            // Its runtime ended. Those who listen are there still.
            keeper.changed = self.keep(&keeper.link, &keeper.home);
        }
    }

    fn is_wanted(&self, channel: &str) -> bool {
        lock(&self.channels).contains_key(channel)
    }
}

/// Takes in what a connection is pushed. The connection does not keep the hub alive.
pub(super) fn pushes(hub: &Weak<Hub>) -> impl AsyncPushSender + use<> {
    let hub = Weak::clone(hub);
    move |info: PushInfo| -> Result<(), SendError> {
        hub.upgrade().ok_or(SendError)?.push(&info);
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
    /// The last news.
    pub(crate) fn heard(&self) -> Heard {
        self.heard.borrow().clone()
    }

    /// Waits until there are others than those of a count. Cancel-safe.
    pub(crate) async fn changed(&self, count: u64) {
        let mut heard = self.heard.clone();
        let newer = heard.wait_for(|heard| heard.count != count).await.is_ok();
        if !newer {
            // The hub is gone, and with it whoever could tell.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let Some(hub) = self.hub.upgrade() else { return };
        let mut channels = lock(&hub.channels);
        let is_last =
            channels.get(&self.channel).is_some_and(|sender| sender.receiver_count() <= 1);
        if is_last {
            channels.remove(&self.channel);
            drop(channels);
            hub.change(&self.channel);
        }
    }
}

/// Subscribes to what is wanted and unsubscribes from what is not, one channel after another.
async fn keep(hub: Weak<Hub>, link: Link, mut changes: mpsc::UnboundedReceiver<Arc<str>>) {
    while let Some(channel) = changes.recv().await {
        let is_wanted = hub.upgrade().is_some_and(|hub| hub.is_wanted(&channel));
        let done = if is_wanted {
            link.subscribe(&channel).await
        } else {
            link.unsubscribe(&channel).await
        };
        let Some(hub) = hub.upgrade() else { return };
        if done.is_ok() {
            // What was written before the subscription began nobody told.
            hub.tell(&channel, "");
        } else if is_wanted {
            let hub = Arc::downgrade(&hub);
            tokio::spawn(async move {
                sleep(PAUSE).await;
                if let Some(hub) = hub.upgrade() {
                    hub.change(&channel);
                }
            });
        }
    }
}

/// Sections are short and none of them panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
