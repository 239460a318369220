//! Text without its case and accents.

use std::{borrow::Cow, fmt, sync::Arc};

use caseless::Caseless;
use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization;

/// A text to look for in names, whatever their case and whatever accents they have or lack.
///
/// It is folded as [`FoldedText`](crate::FoldedText) is, and without the accents of Latin, Greek
/// and Cyrillic letters: `jose` is in `José`, and `JOSÉ` in `Jose`; `й` is `и`. Letters that Unicode
/// does not take apart stay as they are, such as `ø`, `ł` and `đ`, and so do the marks of other
/// scripts, which are part of the word there: `か` is not in `が`.
///
/// ```
/// use conv_model::UnaccentedText;
///
/// let part = UnaccentedText::new("JOSÉ");
/// assert_eq!(part.as_str(), "jose");
/// assert!(part.is_in("Maria Jose") && part.is_in("María José"));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct UnaccentedText(Arc<str>);

impl UnaccentedText {
    /// Folds a text.
    pub fn new(text: &str) -> Self {
        Self(fold(text).into())
    }

    /// Returns the folded text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true if a text contains it. Every text contains the empty one.
    pub fn is_in(&self, text: &str) -> bool {
        fold(text).contains(self.as_str())
    }
}

fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return super::folded::fold(text);
    }
    // First as it is folded with accents, so that what is found with them is found without. Composed
    // again for the other scripts: a syllable of Hangul is not found in a longer one.
    let letters = text.nfd().default_case_fold().nfd().filter(|char| !is_accent(*char));
    letters.nfc().collect::<String>().into()
}

/// Returns true if a character is an accent beside its letter: one of the block that Latin, Greek
/// and Cyrillic letters are taken apart into.
fn is_accent(char: char) -> bool {
    matches!(char, '\u{300}'..='\u{36F}')
}

impl From<&str> for UnaccentedText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for UnaccentedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for UnaccentedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}
