//! The records of one account.

mod known;
mod records;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use conv_model::{AccountId, Seq};
use conv_store::{Engine, Loaded, StoreError, Write};
use tokio::time::sleep;

use self::{known::Known, records::Stored};
use crate::{
    RedisError,
    head::Head,
    keys::{Keys, field},
    script::{COMMIT, LOAD},
    server::{Link, Listener, Server},
};

/// The records of one account, for an [`IndexedStore`](conv_store::IndexedStore).
///
/// Rows and local state are two hashes in one slot; each write is one script, so that it is there
/// whole or not at all.
///
/// ```no_run
/// use conv_store::{ConversationStore, IndexedStore};
/// use conv_store_redis::RedisDatabase;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let database = RedisDatabase::open(["redis://127.0.0.1:6379"]).await?;
/// let store = IndexedStore::open(database.engine(&"user_0001".parse()?)).await?;
/// println!("{} conversations", store.snapshot().len());
/// # Ok(())
/// # }
/// ```
pub struct RedisEngine {
    account: AccountId,
    keys: Keys,
    server: Arc<Server>,
    link: Link,
    listener: Listener,
    known: Known,
}

impl RedisEngine {
    pub(crate) fn new(server: &Arc<Server>, account: &AccountId) -> Self {
        let keys = Keys::new(&server.options.prefix, account);
        Self {
            account: account.clone(),
            link: server.link(&keys.rows),
            listener: server.listen(&keys.channel),
            server: Arc::clone(server),
            known: Known::default(),
            keys,
        }
    }

    /// The head that stands there now.
    async fn head(&self) -> Result<Head, StoreError> {
        let mut command = redis::cmd("HGET");
        command.arg(&self.keys.rows).arg(field::HEAD);
        let head: Option<String> = self.link.call(&command).await?;
        parse_head(head.as_deref().unwrap_or_default())
    }

    /// What stands in both hashes, of one instant.
    async fn stored(&self) -> Result<Stored, RedisError> {
        let keys: [&str; 2] = [&self.keys.rows, &self.keys.local];
        // What passes through Lua costs the server six times as much.
        let mut both = redis::pipe();
        both.atomic().cmd("HGETALL").arg(keys[0]).cmd("HGETALL").arg(keys[1]);
        match self.link.pipeline(&both).await {
            // The client follows a slot that moved with single calls alone, and a server whose
            // memory is full begins no transaction.
            Err(RedisError::NotServed(_) | RedisError::OutOfMemory(_)) => {
                LOAD.run(&self.link, &keys, &[]).await
            }
            result => result,
        }
    }

    /// Writes, if `head` is still the last write; gives the head that stood there if it was not.
    async fn write(
        &self,
        writes: &[Write],
        head: &Head,
        next: &Head,
    ) -> Result<Option<String>, RedisError> {
        let [head, next] = [head, next].map(Head::to_string);
        let live = u64::try_from(self.server.options.expire_after.as_millis()).unwrap_or(0);
        let live = live.to_string();
        let name = head.is_empty().then_some(&self.account);
        let records = records::arguments(writes, name);
        let mut arguments = vec![head.as_bytes(), next.as_bytes()];
        arguments.extend([self.link.publish(), &self.keys.channel, &live].map(str::as_bytes));
        arguments.extend(records.iter().map(|argument| &**argument));
        let keys: [&str; 2] = [&self.keys.rows, &self.keys.local];
        let wanted = self.server.options.copies;
        if wanted == 0 {
            return COMMIT.run(&self.link, &keys, &arguments).await;
        }
        let (standing, copies): (Option<String>, u32) =
            COMMIT.run_and_copy(&self.link, &keys, &arguments, wanted).await?;
        let is_written = standing.as_ref().is_none_or(|standing| *standing == next);
        if is_written && copies < wanted {
            self.server.counters.not_copied();
            return Err(RedisError::NotCopied { copies, wanted });
        }
        Ok(standing)
    }

    /// Whether something else is there than what is known.
    async fn is_behind(&self) -> Result<bool, StoreError> {
        let head = self.head().await?;
        Ok(self.known.head().is_none_or(|known| known != head))
    }
}

fn parse_head(text: &str) -> Result<Head, StoreError> {
    Head::parse(text).ok_or_else(|| StoreError::Corrupt { what: "the head of an account".into() })
}

#[async_trait]
impl Engine for RedisEngine {
    async fn load(&self) -> Result<Loaded, StoreError> {
        let (head, mut loaded) = records::read(self.stored().await?, &self.account)?;
        loaded.lost = self.known.loaded(head);
        if loaded.lost {
            self.server.counters.lost();
        }
        Ok(loaded)
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (writes.first(), writes.last()) else { return Ok(()) };
        let head = match self.known.head() {
            Some(head) => head,
            None => self.head().await?,
        };
        let follows = writes.iter().zip(writes.iter().skip(1)).all(|(a, b)| b.expected == a.seq);
        if first.expected != head.seq || !follows {
            self.server.counters.conflict();
            return Err(StoreError::Conflict);
        }
        let next = self.known.next(&head, last.seq);
        let standing = self.write(writes, &head, &next).await.map_err(StoreError::from)?;
        match standing {
            // A call that was sent again because its answer was lost finds its own write.
            Some(standing) if standing != next.to_string() => {
                self.server.counters.conflict();
                Err(StoreError::Conflict)
            }
            _ => {
                self.known.written(next);
                Ok(())
            }
        }
    }

    async fn follow(&self, since: Seq) -> Result<(), StoreError> {
        loop {
            let heard = self.listener.heard();
            // Nothing says that some may have been missed; the head of an empty account is no more.
            let is_own = !heard.text.is_empty()
                && self.known.head().is_some_and(|known| known.to_string() == *heard.text);
            if heard.count != self.known.dismissed() && !is_own {
                if self.is_behind().await? {
                    return Ok(());
                }
                self.known.dismiss(heard.count);
            }
            if self.known.head().is_some_and(|known| known.seq > since) {
                return Ok(());
            }
            tokio::select! {
                () = self.listener.changed(heard.count) => {}
                () = sleep(spread(self.server.options.check_every)) => {
                    if self.is_behind().await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// About a time, so that thousands of accounts do not ask at once.
fn spread(time: Duration) -> Duration {
    time.mul_f64(0.5 + fastrand::f64())
}

impl fmt::Debug for RedisEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisEngine").field("known", &self.known).finish_non_exhaustive()
    }
}
