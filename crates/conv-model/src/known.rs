//! Values that may be unknown, or known to be absent.

use serde::{Deserialize, Serialize};

/// Knowledge in three words: not known, known to be nothing, a value.
///
/// In a row, `Unknown` says that no call ever asked for it, and `Nothing` that the cloud has none.
/// In a change, `Unknown` keeps the stored value, and `Nothing` removes it.
///
/// ```
/// use conv_model::Known;
///
/// let mut draft = Known::Value("hello");
/// draft.learn(&Known::Unknown);
/// assert_eq!(draft.value(), Some(&"hello"));
/// draft.learn(&Known::Nothing);
/// assert!(draft.is_known() && draft.value().is_none());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Known<T> {
    /// No answer has said anything about it.
    #[default]
    Unknown,
    /// An answer said that the value is absent.
    Nothing,
    /// The value.
    Value(T),
}

impl<T> Known<T> {
    /// Returns true if an answer said anything, also that the value is absent.
    pub const fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown)
    }

    /// Returns the value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Unknown | Self::Nothing => None,
        }
    }

    /// Takes over a newer value; a newer `Unknown` changes nothing.
    pub fn learn(&mut self, newer: &Self)
    where
        T: Clone,
    {
        if newer.is_known() {
            self.clone_from(newer);
        }
    }
}

/// A value is known; `None` is known to be nothing.
impl<T> From<Option<T>> for Known<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Self::Value)
    }
}
