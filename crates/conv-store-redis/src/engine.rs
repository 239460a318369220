//! The records of one account.

mod records;
mod writer_state;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use conv_model::{AccountId, Seq};
use conv_store::{Engine, Loaded, StoreError, Write};
use tokio::time::sleep;

use self::{
    records::{Stored, VERSION},
    writer_state::{FORGOTTEN, History, WriterState},
};
use crate::{
    RedisError,
    head::Head,
    keys::{Keys, field},
    script::{COMMIT, LOAD},
    server::{Link, Listener, Server},
};

/// The records of one account, for an [`IndexedStore`](conv_store::IndexedStore).
///
/// Rows and local state are two hashes in one slot. Each write is one script, so it is stored whole
/// or not at all. A third hash holds the count of each writer's last write. After a lost answer and
/// after a failover it shows whether a write is among those that the last one follows; the last write
/// alone does not show that once another process wrote.
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
    writer: WriterState,
}

impl RedisEngine {
    pub(crate) fn new(server: &Arc<Server>, account: &AccountId) -> Self {
        let keys = Keys::new(&server.options.prefix, account);
        Self {
            account: account.clone(),
            link: server.link(&keys.rows),
            listener: server.listen(&keys.channel),
            server: Arc::clone(server),
            writer: WriterState::default(),
            keys,
        }
    }

    /// Reads the current head.
    async fn head(&self) -> Result<Head, StoreError> {
        let mut command = redis::cmd("HGET");
        command.arg(&self.keys.rows).arg(field::HEAD);
        let head: Option<String> = self.link.call(&command).await?;
        parse_head(head.as_deref().unwrap_or_default())
    }

    /// Reads everything, of one instant.
    async fn stored(&self, writers: [&str; 2]) -> Result<Stored, RedisError> {
        let keys = self.keys.written();
        let [rows, local, counts] = keys;
        let [own, last] = writers;
        let fields = [own, last, FORGOTTEN];
        // Reading through Lua costs the server six times as much.
        let mut all = redis::pipe();
        all.atomic().cmd("HGETALL").arg(rows).cmd("HGETALL").arg(local);
        all.cmd("HMGET").arg(counts).arg(&fields);
        match self.link.pipeline(&all).await {
            // The client follows a moved slot with single calls only, and a server whose memory is
            // full starts no transaction.
            Err(RedisError::NotServed(_) | RedisError::OutOfMemory(_)) => {
                LOAD.run(&self.link, &keys, &fields.map(str::as_bytes)).await
            }
            result => result,
        }
    }

    /// Writes if `head` is still the last write.
    async fn write(
        &self,
        writes: &[Write],
        head: &Head,
        next: &Head,
    ) -> Result<Answer, RedisError> {
        let live = lifetime(self.server.options.expire_after).as_millis();
        let live = live.to_string();
        let version = VERSION.to_string();
        let words = [
            head.as_str(),
            next.as_str(),
            self.link.publish(),
            &self.keys.channel,
            &live,
            self.account.as_str(),
            &version,
        ];
        let records = records::arguments(writes);
        let mut arguments = words.map(str::as_bytes).to_vec();
        arguments.extend(records.iter().map(|argument| &**argument));
        let keys = self.keys.written();
        let wanted = self.server.options.copies;
        if wanted == 0 {
            return COMMIT.run(&self.link, &keys, &arguments).await.and_then(answer);
        }
        let (word, copies): (String, u32) =
            COMMIT.run_and_copy(&self.link, &keys, &arguments, wanted).await?;
        let answer = answer(word)?;
        if matches!(answer, Answer::Made) && copies < wanted {
            self.server.counters.not_copied();
            return Err(RedisError::NotCopied { copies, wanted });
        }
        Ok(answer)
    }

    /// Returns true if the last write is not the one that is known.
    async fn is_behind(&self) -> Result<bool, StoreError> {
        let head = self.head().await?;
        Ok(self.writer.head().is_none_or(|known| known != head))
    }
}

fn parse_head(text: &str) -> Result<Head, StoreError> {
    Head::parse(text).ok_or_else(|| StoreError::Corrupt { what: "the head of an account".into() })
}

#[async_trait]
impl Engine for RedisEngine {
    async fn load(&self) -> Result<Loaded, StoreError> {
        let asked = self.writer.asked();
        let (rows, local, counts) = self.stored(asked.writers()).await?;
        let (head, mut loaded) = records::read(rows, local, &self.account)?;
        loaded.lost = self.writer.loaded(&asked, &History::new(head, asked.writers(), &counts));
        if loaded.lost {
            self.server.counters.lost();
        }
        Ok(loaded)
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (writes.first(), writes.last()) else { return Ok(()) };
        check_numbers(writes)?;
        let head = match self.writer.head() {
            Some(head) => head,
            None => self.head().await?,
        };
        let follows = writes.iter().zip(writes.iter().skip(1)).all(|(a, b)| b.expected == a.seq);
        if first.expected != head.seq || !follows {
            self.server.counters.conflict();
            return Err(StoreError::Conflict);
        }
        let attempt = self.writer.attempt(last.seq);
        match self.write(writes, &head, &attempt.head).await? {
            Answer::Made => {
                self.writer.made(attempt);
                Ok(())
            }
            Answer::Behind => {
                self.writer.refused(&attempt);
                self.server.counters.conflict();
                Err(StoreError::Conflict)
            }
        }
    }

    async fn follow(&self, since: Seq) -> Result<(), StoreError> {
        loop {
            let heard = self.listener.heard();
            // An empty text means that news may have been missed. An empty account has an empty head.
            let is_own = !heard.text.is_empty()
                && self.writer.head().is_some_and(|known| known.as_str() == &*heard.text);
            if heard.count != self.writer.dismissed() && !is_own {
                if self.is_behind().await? {
                    return Ok(());
                }
                self.writer.dismiss(heard.count);
            }
            if self.writer.head().is_some_and(|known| known.seq > since) {
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

/// Returns the time that keys are kept; zero means for ever. A server refuses times that it cannot
/// add to today's, and does so after the rest is written.
fn lifetime(expire_after: Duration) -> Duration {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
    if expire_after > CENTURY { Duration::ZERO } else { expire_after }
}

/// The server's answer to a write.
enum Answer {
    /// The write is stored, though perhaps no longer the last one.
    Made,
    /// Another process wrote first.
    Behind,
}

fn answer(word: String) -> Result<Answer, RedisError> {
    match word.as_str() {
        "made" => Ok(Answer::Made),
        "behind" => Ok(Answer::Behind),
        _ => Err(RedisError::Unconfirmed),
    }
}

/// Refuses a number that is used twice: it would name two writes, and comparing numbers would miss
/// one of them.
fn check_numbers(writes: &[Write]) -> Result<(), StoreError> {
    match writes.iter().find(|write| write.seq <= write.expected) {
        Some(write) => Err(StoreError::engine(NotGreater { seq: write.seq, last: write.expected })),
        None => Ok(()),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("number {seq:?} of a write is not greater than {last:?}, which it follows")]
struct NotGreater {
    seq: Seq,
    last: Seq,
}

/// Varies a time by half, so that thousands of accounts do not ask at once.
fn spread(time: Duration) -> Duration {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    time.min(YEAR).mul_f64(0.5 + fastrand::f64())
}

impl fmt::Debug for RedisEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisEngine").field("writer", &self.writer).finish_non_exhaustive()
    }
}
