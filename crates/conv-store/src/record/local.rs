//! The record of a conversation's local state.

use std::sync::Arc;

use conv_model::{Local, Seq};
use serde::{Deserialize, Serialize};

use super::{Kind, encode, open};
use crate::StoreError;

/// A conversation's draft and the embedder's bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalRecord {
    /// The local state.
    pub local: Local,
}

#[derive(Serialize, Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    draft: Option<&'a str>,
    #[serde(borrow)]
    data: Option<&'a [u8]>,
}

impl LocalRecord {
    /// Builds the record of a local state.
    pub fn new(local: Local) -> Self {
        Self { local }
    }

    /// Encodes it as part of the write with this number.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub fn encode(&self, seq: Seq) -> Result<Arc<[u8]>, StoreError> {
        let draft = self.local.draft_text().map(AsRef::as_ref);
        let data = self.local.data_bytes().map(AsRef::as_ref);
        encode(Kind::Local, seq, &Body { draft, data })
    }

    /// Decodes the bytes.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::NewerSchema`].
    pub fn decode(record: &[u8]) -> Result<Self, StoreError> {
        let body: Body<'_> = open(Kind::Local, record)?.read()?;
        Ok(Self::new(Local::new(body.draft.map(Arc::from), body.data.map(Arc::from))))
    }
}
