//! Text without its case.

use std::{borrow::Cow, fmt, sync::Arc};

use caseless::Caseless;
use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization;

/// A text to look for in names, whatever their case and however their accents are encoded.
///
/// It is folded by Unicode's rules for all scripts and no language in particular: `STRASSE` is in
/// `Straße`, a final sigma is a sigma, `ZOË` is in `Zoe` + U+0308; an accent counts, so `zoe` is
/// not. `I` is `i` and never the Turkish `ı`, and `İ` is `i` with a dot, in every language.
///
/// ```
/// use conv_model::FoldedText;
///
/// let part = FoldedText::new("STRASSE");
/// assert_eq!(part.as_str(), "strasse");
/// assert!(part.is_in("Lange Straße 7"));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FoldedText(Arc<str>);

impl FoldedText {
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

/// Unicode's canonical caseless matching (D145), composed again so that a letter is not found in
/// a letter with an accent.
pub(super) fn fold(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        return text.nfd().default_case_fold().nfc().collect::<String>().into();
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return text.to_ascii_lowercase().into();
    }
    text.into()
}

impl From<&str> for FoldedText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for FoldedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for FoldedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}
