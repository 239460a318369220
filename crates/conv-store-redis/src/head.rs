//! The name of the last write.

use std::fmt;

use conv_model::Seq;

/// The last write of an account: its number, its writer and the writer's own count. As text
/// `17 b2:9`; empty before the first write.
///
/// A number alone does not name a write: a server that failed over may have lost the last writes,
/// and others come to bear their numbers. A head does, since no writer counts anything twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) seq: Seq,
    /// Version 1 of the layout lists some earlier writers too, the last one last. The server
    /// compares the text, so it is kept as it was read.
    text: String,
}

impl Head {
    /// The head of a writer's write.
    pub(crate) fn new(seq: Seq, writer: &str, count: u64) -> Self {
        Self { seq, text: format!("{} {writer}:{count}", seq.as_u64()) }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the last writer and its count; `None` before the first write.
    pub(crate) fn writer(&self) -> Option<(&str, u64)> {
        self.text.rsplit(' ').next().and_then(writer)
    }

    /// The count of a writer's last write, if the head itself has it.
    pub(crate) fn count(&self, name: &str) -> Option<u64> {
        let mut writers = self.text.split(' ').skip(1).filter_map(writer);
        writers.find(|(writer, _)| *writer == name).map(|(_, count)| count)
    }

    /// Reads a text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let (seq, writers) = text.split_once(' ')?;
        let seq = Seq::new(seq.parse().ok()?);
        let is_valid = writers.split(' ').all(|word| writer(word).is_some());
        is_valid.then(|| Self { seq, text: text.to_owned() })
    }
}

fn writer(word: &str) -> Option<(&str, u64)> {
    let (name, count) = word.split_once(':')?;
    Some((name, count.parse().ok()?))
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_was_written() {
        let first = Head::default();
        assert_eq!(
            (first.as_str(), first.writer(), Head::parse("")),
            ("", None, Some(first.clone()))
        );
        let head = Head::new(Seq::new(4), "b", 7);
        assert_eq!((head.as_str(), head.writer()), ("4 b:7", Some(("b", 7))));
        assert_eq!(Head::parse("4 b:7"), Some(head));
        for text in ["4", "x a:1", "4 a", "4 a:x", " ", "4 a:1 "] {
            assert_eq!(Head::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_head_of_version_1_is_read_and_kept_as_it_is() {
        let head = Head::parse("4 a:1 b:7").unwrap();
        assert_eq!((head.seq, head.as_str()), (Seq::new(4), "4 a:1 b:7"));
        assert_eq!(head.writer(), Some(("b", 7)));
        assert_eq!([head.count("a"), head.count("b"), head.count("c")], [Some(1), Some(7), None]);
    }
}
