//! Which write was the last one, and whose writes it follows.

use std::fmt;

use conv_model::Seq;

/// How many writers a head remembers; who wrote longest ago is forgotten first.
const WRITERS: usize = 16;

/// The last write of an account: its number, and the last write of each recent writer, newest
/// last. As text `17 a1:4 b2:9`.
///
/// A number alone does not name a write: a server that failed over may have lost the last writes,
/// and others come to bear their numbers. A head does, since a writer never counts back. It also
/// tells a writer whether what it wrote is still there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) seq: Seq,
    /// Writers, and the number of each one's last write.
    writers: Vec<(String, u64)>,
}

impl Head {
    /// The head of a write that follows this one.
    #[must_use]
    pub(crate) fn after(&self, writer: &str, count: u64, seq: Seq) -> Self {
        let others = self.writers.iter().filter(|(name, _)| name != writer).cloned();
        let mut writers: Vec<_> = others.chain([(writer.to_owned(), count)]).collect();
        let too_many = writers.len().saturating_sub(WRITERS);
        writers.drain(..too_many);
        Self { seq, writers }
    }

    /// The number of a writer's last write that this one follows.
    pub(crate) fn count(&self, writer: &str) -> Option<u64> {
        self.writers.iter().find(|(name, _)| name == writer).map(|(_, count)| *count)
    }

    /// Reads what [`Display`](fmt::Display) wrote; nothing is the head before the first write.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let (seq, writers) = text.split_once(' ')?;
        let writer = |word: &str| {
            let (name, count) = word.split_once(':')?;
            Some((name.to_owned(), count.parse().ok()?))
        };
        let writers = writers.split(' ').map(writer).collect::<Option<_>>()?;
        Some(Self { seq: Seq::new(seq.parse().ok()?), writers })
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.writers.is_empty() {
            return Ok(());
        }
        write!(f, "{}", self.seq.as_u64())?;
        self.writers.iter().try_for_each(|(name, count)| write!(f, " {name}:{count}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_was_written() {
        let first = Head::default();
        assert_eq!((first.to_string().as_str(), Head::parse("")), ("", Some(first.clone())));
        let head = first.after("a", 1, Seq::new(3)).after("b", 7, Seq::new(4));
        assert_eq!(head.to_string(), "4 a:1 b:7");
        assert_eq!(Head::parse("4 a:1 b:7"), Some(head));
        for text in ["4", "x a:1", "4 a", "4 a:x", " "] {
            assert_eq!(Head::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn writers_are_remembered_by_their_last_write_and_not_for_ever() {
        let mut head = Head::default().after("me", 1, Seq::new(1)).after("me", 2, Seq::new(2));
        assert_eq!(head.to_string(), "2 me:2");
        for other in 0..WRITERS as u64 {
            assert_eq!(head.count("me"), Some(2));
            head = head.after(&format!("w{other}"), 1, Seq::new(3 + other));
        }
        assert_eq!((head.count("me"), head.writers.len()), (None, WRITERS));
    }
}
