//! The writes that the last one follows, as far as the server remembers them.

use conv_model::Seq;

use crate::head::Head;

/// The field with the number up to which writers were forgotten. No writer has such a name.
pub(in crate::engine) const FORGOTTEN: &str = "forgotten";

/// The last write that was loaded, and the server's memory of some writers.
///
/// The server remembers the last write of each writer, and forgets writers that wrote nothing for
/// long. Of their writes nothing is known, which is different from knowing that they are missing.
#[derive(Clone, Debug)]
pub(in crate::engine) struct History {
    head: Head,
    /// The writers that were looked up, and the count of each one's last write.
    writers: [(String, Option<u64>); 2],
    /// Writers without a write after this number may be forgotten; `None` if nothing is remembered.
    forgotten: Option<Seq>,
}

impl History {
    /// Reads the server's answer about two writers, the first of them this engine, and the forgotten ones.
    pub(in crate::engine) fn new(
        head: Head,
        names: [&str; 2],
        counts: &[Option<String>; 3],
    ) -> Self {
        let [own, last, forgotten] = counts.each_ref().map(|text| number(text.as_deref()?));
        let [own_name, last_name] = names.map(str::to_owned);
        let writers = [(own_name, own), (last_name, last)];
        Self { head, writers, forgotten: forgotten.map(Seq::new) }
    }

    pub(in crate::engine) fn head(&self) -> &Head {
        &self.head
    }

    /// Returns the count of this engine's last write, if it is known.
    pub(in crate::engine) fn own(&self) -> Option<u64> {
        self.writers.first().and_then(|(name, _)| self.count(name))
    }

    /// Returns true if a write is known to be missing.
    pub(in crate::engine) fn lacks(&self, write: &Head) -> bool {
        let Some((name, count)) = write.writer() else { return false };
        if write.seq > self.head.seq {
            return true;
        }
        match self.count(name) {
            Some(last) => last < count,
            None => self.forgotten.is_some_and(|forgotten| write.seq > forgotten),
        }
    }

    fn count(&self, name: &str) -> Option<u64> {
        let known = self.writers.iter().find(|(writer, _)| writer == name);
        known.and_then(|(_, count)| *count).max(self.head.count(name))
    }
}

/// Returns the count from a text such as `9 17`: a count, and the number of the write.
fn number(text: &str) -> Option<u64> {
    text.split(' ').next()?.parse().ok()
}
