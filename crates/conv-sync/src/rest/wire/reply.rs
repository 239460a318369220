//! The text of a reply, and the errors that it reports.

use std::sync::Arc;

use conv_model::ErrorClass;
use serde::Deserialize;

use super::mend;
use crate::{
    SourceError, UserSig,
    rest::{codes, sanitize},
};

/// The body of a reply.
pub(in crate::rest) struct Reply {
    text: String,
    /// The signature of the call, removed from the cloud's messages.
    user_sig: Arc<UserSig>,
}

impl Reply {
    pub(in crate::rest) fn new(body: Vec<u8>, user_sig: Arc<UserSig>) -> Self {
        Self { text: mend::text(body), user_sig }
    }

    pub(in crate::rest) fn text(&self) -> &str {
        &self.text
    }

    /// Decodes the parts without which a reply is invalid.
    pub(in crate::rest) fn decode<'a, T: Deserialize<'a>>(&'a self) -> Result<T, SourceError> {
        // A derived decoder would accept a list of the right values.
        if self.text.trim_ascii_start().starts_with('[') {
            return Err(protocol("a JSON list"));
        }
        serde_json::from_str(&self.text).map_err(|error| not_json(&error))
    }

    /// Returns the error for a code of the reply.
    pub(in crate::rest) fn error(&self, code: i32, info: &str) -> SourceError {
        let meaning = codes::meaning(code);
        SourceError::Cloud {
            code,
            class: meaning.class,
            retry: meaning.retry,
            message: sanitize::for_error(info, self.user_sig.expose()),
            retry_after: meaning.after,
        }
    }

    /// Returns the error for the code of one item: `NotFound` if it does not exist or is not
    /// visible.
    pub(super) fn item_error(&self, code: i32, info: &str) -> SourceError {
        match codes::meaning(code).class {
            ErrorClass::NotFound => SourceError::NotFound,
            _ => self.error(code, info),
        }
    }
}

/// Describes a JSON error by kind and position, without quoting the text.
fn not_json(error: &serde_json::Error) -> SourceError {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "JSON that ends early",
        serde_json::error::Category::Data => "JSON of another shape",
        _ => "invalid JSON",
    };
    let (line, column) = (error.line(), error.column());
    protocol(format!("{what}, at line {line}, column {column}"))
}

pub(super) fn protocol(what: impl Into<String>) -> SourceError {
    SourceError::Protocol { what: what.into() }
}
