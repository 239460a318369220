//! The fields that every reply has.

use serde::Deserialize;

use super::lenient::Lenient;

/// `ActionStatus`, `ErrorCode`, `ErrorInfo`: in every reply (Tencent's REST API overview).
#[derive(Debug, Deserialize)]
pub(in crate::rest) struct Envelope {
    #[serde(rename = "ActionStatus", default)]
    status: Lenient<String>,
    #[serde(rename = "ErrorCode", default)]
    code: Lenient<i32>,
    #[serde(rename = "ErrorInfo", default)]
    info: Lenient<String>,
}

impl Envelope {
    /// Returns the code, 0 on success; `None` if it is missing or contradicts the status.
    pub(in crate::rest) fn code(&self) -> Option<i32> {
        match (&self.code, &self.status) {
            (Lenient::Given(0), Lenient::Given(status)) if status == "FAIL" => None,
            (Lenient::Given(code), _) => Some(*code),
            _ => None,
        }
    }

    /// Returns the cloud's message.
    pub(in crate::rest) fn info(self) -> String {
        self.info.any().unwrap_or_default()
    }
}
