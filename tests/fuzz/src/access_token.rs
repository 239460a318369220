//! Access tokens: any text is refused, or is one that was made here.

use conv_gateway::{AccessTokens, TokenError};

use super::gateway::{APP, NOW, token, tokens};

pub fn access_token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match tokens().check(text, NOW) {
        Ok(session) => {
            // Its tag covers every byte, and no two texts say the same: there is one such token.
            assert_eq!(text, token());
            assert_eq!(session.account.as_str(), "alice");
            let renewed = tokens().renew(text, NOW).unwrap();
            assert_eq!(renewed.session().ends_at, session.ends_at);
            assert!(tokens().check(text, session.expires_at).is_err());
        }
        Err(error) => {
            assert_eq!(error, TokenError::Invalid);
            assert_eq!(tokens().renew(text, NOW).unwrap_err(), TokenError::Invalid);
        }
    }
    let other = AccessTokens::new(APP, "another key").unwrap();
    assert_eq!(other.check(text, NOW), Err(TokenError::Invalid));
    // Neither may stand for the other.
    assert!(tokens().login("alice", text, NOW).is_err());
}
