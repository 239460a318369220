//! `kill -9` at any moment: no write is torn, nothing that was acknowledged is lost.
//!
//! The test runs itself as a child that says what it finds, then writes, saying what was
//! acknowledged; and kills it. The next child, a fresh process, reports what is left.

mod child;
mod parent;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

pub use self::child::child;
use super::TestResult;
use crate::{ConversationStore, StoreError};

/// The stores of a folder: all of them are written to at once.
pub type Stores = Vec<Arc<dyn ConversationStore>>;

/// The writes that survive a kill once they are acknowledged. No write may ever be torn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Promise {
    /// Everything.
    All,
    /// Local state and mutations; of the rest the last writes may be missing.
    Local,
}

/// The moment at which a child is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// While it opens, or shortly after.
    Opening,
    /// Once it has said so many acknowledgements: in the midst of the writes that follow.
    After(usize),
}

/// Makes tests that kill a child process. `$open` takes the path of a folder and gives the stores
/// there: `async fn(PathBuf) -> Result<kill::Stores, StoreError>`. Two such suites in one binary
/// need modules of their own.
///
/// Each runs 24 children; the environment variable `CONV_KILLS` says how many instead.
#[macro_export]
macro_rules! kill_conformance {
    ($open:expr) => {
        $crate::kill_conformance! { $open, $crate::testing::kill::Promise::All }
    };
    ($open:expr, $promise:expr) => {
        #[test]
        fn what_was_acknowledged_survives_a_kill_after_any_write() -> $crate::testing::TestResult {
            $crate::testing::kill::after_any_write(module_path!(), $promise)
        }

        #[test]
        fn what_was_acknowledged_survives_a_kill_while_it_opens() -> $crate::testing::TestResult {
            $crate::testing::kill::while_it_opens(module_path!(), $promise)
        }

        #[test]
        #[ignore = "a child process: run and killed by the other tests of the macro"]
        fn child() -> $crate::testing::TestResult {
            $crate::testing::kill::child($open)
        }
    };
}

/// Kills children after the first acknowledgement, after the second, and so on.
pub fn after_any_write(module: &str, promise: Promise) -> TestResult {
    parent::rounds(module, promise, |round| Moment::After(round + 1))
}

/// Kills children while they open; every other one in the midst of its writes, so that there is
/// something to open.
pub fn while_it_opens(module: &str, promise: Promise) -> TestResult {
    parent::rounds(module, promise, |round| {
        if round % 2 == 0 { Moment::After(20) } else { Moment::Opening }
    })
}

/// The environment variables of a child.
const FOLDER: &str = "CONV_KILL_FOLDER";
const ROUND: &str = "CONV_KILL_ROUND";
/// The number of kills.
const KILLS: &str = "CONV_KILLS";

/// A kind of write to one of the stores, and the number of the last one.
type Numbers = BTreeMap<(usize, Kind), u64>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Many rows, one that goes, and a cursor.
    Page,
    /// One row.
    Row,
    /// Local state.
    Draft,
    /// A mutation.
    Mutation,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Page, Self::Row, Self::Draft, Self::Mutation];
}

/// A line of a child's.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    /// The last number of a kind that a child finds when it opens.
    Found(usize, Kind, u64),
    /// The child has reported everything that it found.
    Open,
    /// An acknowledged write.
    Done(usize, Kind, u64),
    /// A failure that the child found.
    Amiss(String),
}

impl Line {
    fn print(&self) -> String {
        let words = |what: &str, store: usize, kind: Kind, number: u64| {
            format!("{what} {store} {} {number} .", kind as u8)
        };
        match self {
            Self::Found(store, kind, number) => words("found", *store, *kind, *number),
            Self::Done(store, kind, number) => words("done", *store, *kind, *number),
            Self::Open => "open .".to_owned(),
            Self::Amiss(what) => format!("amiss {} .", what.replace('\n', " ")),
        }
    }

    /// `None` if the text is not a child's line, or was cut off by the kill.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end().strip_suffix(" .")?;
        if let Some(what) = text.strip_prefix("amiss ") {
            return Some(Self::Amiss(what.to_owned()));
        }
        let mut words = text.split(' ');
        let what = words.next()?;
        if what == "open" {
            return Some(Self::Open);
        }
        let store = words.next()?.parse().ok()?;
        let kind: usize = words.next()?.parse().ok()?;
        let kind = *Kind::ALL.get(kind)?;
        let number = words.next()?.parse().ok()?;
        match what {
            "found" => Some(Self::Found(store, kind, number)),
            "done" => Some(Self::Done(store, kind, number)),
            _ => None,
        }
    }
}

/// Opens the stores of a folder.
pub trait Open: Fn(PathBuf) -> Self::Opening {
    /// The future of an opening.
    type Opening: Future<Output = Result<Stores, StoreError>>;
}

impl<F, O> Open for F
where
    F: Fn(PathBuf) -> O,
    O: Future<Output = Result<Stores, StoreError>>,
{
    type Opening = O;
}
