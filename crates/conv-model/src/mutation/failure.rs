//! The failure of a mutation.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ErrorClass;

/// The reason that a mutation was not accepted by the cloud, or not yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MutationFailure {
    /// The class of the error.
    pub class: ErrorClass,
    /// The cloud's number, if it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// The description of the error. Holds no secret.
    pub message: Arc<str>,
}

impl MutationFailure {
    /// A failure of a class, with the cloud's number and words for it.
    pub fn new(class: ErrorClass, code: Option<i32>, message: impl Into<Arc<str>>) -> Self {
        Self { class, code, message: message.into() }
    }

    /// The reason that a mutation is held that was accepted for an app, while another one is in use.
    pub fn of_another_app(app: u64) -> Self {
        let what = format!("made for the app {app}, and this process sends to another one");
        Self::new(ErrorClass::Auth, None, what)
    }

    /// The failure of a mutation that was held for an app, until too many later ones were held for apps
    /// that are not in use.
    pub(crate) fn crowded_out(app: u64) -> Self {
        let what =
            format!("made for the app {app}, and too many later changes wait for other apps");
        Self::new(ErrorClass::Auth, None, what)
    }

    /// The failure of a mutation that was held for this reason until its time was over. The reason
    /// alone would read as if the cloud had refused the mutation.
    pub(crate) fn expired_while_held(&self) -> Self {
        let what = format!("not sent in time, since it was held: {}", self.message);
        Self { message: what.into(), ..self.clone() }
    }
}
