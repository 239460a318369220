//! Local state: what no cloud knows.

use std::sync::Arc;

/// The local state of a conversation, which the cloud does not have: the draft, and the embedder's own bytes. `None`
/// is *never set*.
///
/// Most conversations have neither, so that it takes one pointer in a row.
///
/// ```
/// use conv_model::Local;
///
/// let local = Local::draft("Dear Alice").merged(&Local::data([1, 2]));
/// assert_eq!(local.draft_text().map(AsRef::as_ref), Some("Dear Alice"));
/// assert!(local.merged(&Local::draft("")).merged(&Local::data([])).is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Local(
    /// None while nothing was ever set.
    Option<Arc<Parts>>,
);

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Parts {
    draft: Option<Arc<str>>,
    data: Option<Arc<[u8]>>,
}

impl Local {
    /// Of both parts; `None` leaves one unset.
    pub fn new(draft: Option<Arc<str>>, data: Option<Arc<[u8]>>) -> Self {
        let is_any = draft.is_some() || data.is_some();
        Self(is_any.then(|| Arc::new(Parts { draft, data })))
    }

    /// A draft; the rest untouched. An empty text clears it.
    pub fn draft(text: impl Into<Arc<str>>) -> Self {
        Self::new(Some(text.into()), None)
    }

    /// The embedder's own bytes; the rest untouched. An empty slice clears them.
    pub fn data(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::new(None, Some(bytes.into()))
    }

    /// The text that the user has begun to write.
    pub fn draft_text(&self) -> Option<&Arc<str>> {
        self.0.as_ref()?.draft.as_ref()
    }

    /// The embedder's own bytes.
    pub fn data_bytes(&self) -> Option<&Arc<[u8]>> {
        self.0.as_ref()?.data.as_ref()
    }

    /// Returns this state with the parts that `newer` sets; a part that it clears counts as never
    /// set.
    #[must_use]
    pub fn merged(&self, newer: &Self) -> Self {
        Self::new(
            newer.draft_text().or(self.draft_text()).filter(|draft| !draft.is_empty()).cloned(),
            newer.data_bytes().or(self.data_bytes()).filter(|data| !data.is_empty()).cloned(),
        )
    }

    /// Returns true if it is empty.
    pub fn is_empty(&self) -> bool {
        self.draft_text().is_none_or(|draft| draft.is_empty())
            && self.data_bytes().is_none_or(|data| data.is_empty())
    }
}
