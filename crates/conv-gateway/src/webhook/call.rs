//! The query of a call.

use std::collections::BTreeMap;

use super::{MAX_QUERY, Refusal, percent};

/// The query of a webhook call, without its signature and the client's address: nothing in it is
/// secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// The app that the call is of: `SdkAppid`.
    pub app: u32,
    /// The `CallbackCommand`; `None` if the query has none.
    pub command: Option<String>,
    /// The platform on which the event began: `OptPlatform`.
    pub platform: Platform,
}

/// The platform on which an event began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Platform {
    /// A call of the server REST API, ours or another backend's.
    Rest,
    /// The web SDK.
    Web,
    /// Android.
    Android,
    /// iOS.
    Ios,
    /// Windows.
    Windows,
    /// macOS.
    Mac,
    /// iPadOS.
    Ipad,
    /// Not said, or a word that this version does not know.
    #[default]
    Unknown,
}

/// The part of a query that proves where it comes from. It has no `Debug`, so no log can show it.
pub(super) struct Proof {
    pub(super) sign: Option<Vec<u8>>,
    pub(super) time: Option<Vec<u8>>,
}

impl Call {
    /// Reads a query that was verified elsewhere, or needs no proof: the part of a URL after `?`.
    /// [`Verifier::verify`](super::Verifier::verify) reads and verifies.
    ///
    /// # Errors
    /// If the query is too long or malformed, has a name twice, or no app.
    pub fn parse(query: &str) -> Result<Self, Refusal> {
        Self::with_proof(query).map(|(call, _)| call)
    }

    pub(super) fn with_proof(query: &str) -> Result<(Self, Proof), Refusal> {
        let mut values = values(query)?;
        let app = values.remove("sdkappid").ok_or(Refusal::NoApp)?;
        let call = Self {
            app: app_id(&app).ok_or(Refusal::WrongApp)?,
            command: match values.remove("callbackcommand") {
                Some(command) => Some(String::from_utf8(command).map_err(|_| Refusal::Malformed)?),
                None => None,
            },
            platform: Platform::of(&values.remove("optplatform").unwrap_or_default()),
        };
        let proof = Proof { sign: values.remove("sign"), time: values.remove("requesttime") };
        Ok((call, proof))
    }
}

/// Returns the values by their names, in lower case: the cloud spells `SdkAppid` in three ways.
fn values(query: &str) -> Result<BTreeMap<String, Vec<u8>>, Refusal> {
    if query.len() > MAX_QUERY {
        return Err(Refusal::QueryTooLong);
    }
    let mut values = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = percent::decode(name).and_then(|name| String::from_utf8(name).ok());
        let (name, value) = name.zip(percent::decode(value)).ok_or(Refusal::Malformed)?;
        // Of two values, a proxy might check one and this endpoint take the other.
        if values.insert(name.to_ascii_lowercase(), value).is_some() {
            return Err(Refusal::DoubledName);
        }
    }
    Ok(values)
}

fn app_id(text: &[u8]) -> Option<u32> {
    let digits = digits(text)?;
    digits.parse().ok().filter(|app| *app != 0)
}

/// Returns the text if it is of ASCII digits alone: `parse` takes a sign, too.
pub(super) fn digits(text: &[u8]) -> Option<&str> {
    let all_digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    all_digits.then(|| std::str::from_utf8(text).ok())?
}

impl Platform {
    /// Reads the word in any case: the pages print `iOS` and `IOS`.
    fn of(word: &[u8]) -> Self {
        match word.to_ascii_lowercase().as_slice() {
            b"restapi" => Self::Rest,
            b"web" => Self::Web,
            b"android" => Self::Android,
            b"ios" => Self::Ios,
            b"windows" => Self::Windows,
            b"mac" => Self::Mac,
            b"ipad" => Self::Ipad,
            _ => Self::Unknown,
        }
    }
}
