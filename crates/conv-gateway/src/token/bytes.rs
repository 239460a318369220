//! The text of an access token: a version, four numbers, the account, a tag; as base64url.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use conv_model::Timestamp;
use conv_sync::DerivedKey;

use super::{AccessToken, Session};

const VERSION: u8 = 1;
/// The length with the longest account: a longer token is not decoded.
const MAX_TEXT: usize = 450;

/// The content of a token.
pub(super) struct Body {
    pub(super) sdk_app_id: u32,
    pub(super) session: Session,
}

impl Body {
    pub(super) fn seal(self, key: &DerivedKey) -> AccessToken {
        let Session { account, issued_at, expires_at, ends_at } = &self.session;
        let mut bytes = vec![VERSION];
        bytes.extend(self.sdk_app_id.to_be_bytes());
        for time in [issued_at, expires_at, ends_at] {
            bytes.extend(time.as_secs().to_be_bytes());
        }
        bytes.extend(account.as_str().as_bytes());
        let tag = key.tag(&bytes);
        bytes.extend(tag);
        AccessToken::new(URL_SAFE_NO_PAD.encode(bytes), self.session)
    }

    /// Returns the content of a genuine token.
    pub(super) fn open(text: &str, key: &DerivedKey) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, tag) = bytes.split_last_chunk::<32>()?;
        if !key.verify(signed, tag) {
            return None;
        }
        let (version, rest) = signed.split_first()?;
        let (app, rest) = rest.split_first_chunk()?;
        let (issued_at, rest) = time(rest)?;
        let (expires_at, rest) = time(rest)?;
        let (ends_at, account) = time(rest)?;
        let account = std::str::from_utf8(account).ok()?.parse().ok()?;
        let session = Session { account, issued_at, expires_at, ends_at };
        let body = Self { sdk_app_id: u32::from_be_bytes(*app), session };
        (*version == VERSION).then_some(body)
    }
}

fn time(bytes: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (seconds, rest) = bytes.split_first_chunk()?;
    Some((Timestamp::from_secs(u64::from_be_bytes(*seconds)), rest))
}
