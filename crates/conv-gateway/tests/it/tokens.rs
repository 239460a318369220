//! Access tokens, with the clock at 1,700,000,000.

use std::{io::Write, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use conv_gateway::{AccessTokens, TokenError};
use conv_model::{AccountId, Timestamp};
use conv_sync::{UserSigError, UserSigSigner};
use flate2::{Compression, write::ZlibEncoder};
use proptest::prelude::*;
use serde_json::json;

const APP: u32 = 1_400_000_000;
const KEY: &str = "5bd2850fff3ecb11";
const NOW: u64 = 1_700_000_000;
const HOUR: u64 = 3600;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn user_sig(user: &str, issued: u64, lifetime: u64) -> String {
    let signer = UserSigSigner::new(user, KEY);
    let sig = signer.sign(APP, at(issued), Duration::from_secs(lifetime)).unwrap();
    sig.expose().to_owned()
}

fn tokens() -> AccessTokens {
    AccessTokens::new(APP, KEY).unwrap().administrators(["administrator"])
}

fn login(tokens: &AccessTokens, user: &str, issued: u64) -> Result<String, TokenError> {
    let token = tokens.login(user, &user_sig(user, issued, 24 * HOUR), at(NOW))?;
    Ok(token.expose().to_owned())
}

#[test]
fn a_token_lives_for_a_quarter_of_an_hour() {
    let (tokens, token) = (tokens(), login(&tokens(), "alice", NOW).unwrap());
    let session = tokens.check(&token, at(NOW + 899)).unwrap();
    assert_eq!((session.account.as_str(), session.issued_at), ("alice", at(NOW)));
    assert_eq!(session.ends_at, at(NOW + 24 * HOUR));
    assert_eq!(tokens.check(&token, at(NOW + 900)), Err(TokenError::Expired));
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
}

#[test]
fn renewing_goes_on_until_the_user_sig_ends_and_not_beyond() {
    let tokens = tokens();
    let mut token = tokens.login("alice", &user_sig("alice", NOW, 2000), at(NOW)).unwrap();
    for (now, expires) in [(NOW + 800, 1700), (NOW + 1600, 2000), (NOW + 1900, 2000)] {
        token = tokens.renew(token.expose(), at(now)).unwrap();
        assert_eq!(token.session().expires_at, at(NOW + expires));
    }
    let over = tokens.renew(token.expose(), at(NOW + 2000));
    assert_eq!(over.unwrap_err(), TokenError::Expired);
}

#[test]
fn signed_accounts_that_must_not_log_in_are_refused() {
    let login = |user: &str, issued| login(&tokens(), user, issued).err();
    assert_eq!(login("administrator", NOW), Some(TokenError::Administrator));
    assert_eq!(login("alice", NOW + 600), None);
    assert_eq!(login("alice", NOW + 601), Some(TokenError::Ahead));
    let expired = TokenError::UserSig(UserSigError::Expired(at(NOW)));
    assert_eq!(login("alice", NOW - 24 * HOUR), Some(expired));
}

#[test]
fn an_account_that_became_an_administrator_has_no_tokens_any_more() {
    let token = login(&tokens(), "alice", NOW).unwrap();
    let later = tokens().administrators(["alice"]);
    assert_eq!(later.check(&token, at(NOW)), Err(TokenError::Administrator));
    assert_eq!(later.renew(&token, at(NOW)).unwrap_err(), TokenError::Administrator);
}

#[test]
fn an_administrator_without_the_signature_gets_the_answer_of_everybody() {
    let forged = |user: &str| {
        let signer = UserSigSigner::new(user, "another key");
        let sig = signer.sign(APP, at(NOW), Duration::from_secs(60)).unwrap();
        tokens().login(user, sig.expose(), at(NOW)).unwrap_err()
    };
    let refused = TokenError::UserSig(UserSigError::BadSignature);
    assert_eq!(["administrator", "alice", "nobody"].map(forged), [refused; 3]);
}

#[test]
fn a_room_key_is_no_login() {
    let mut sig = json!({
        "TLS.ver": "2.0", "TLS.identifier": "alice", "TLS.sdkappid": APP, "TLS.time": NOW,
        "TLS.expire": 60, "TLS.userbuf": "eA==", "TLS.sig": "",
    });
    let text = format!(
        "TLS.identifier:alice\nTLS.sdkappid:{APP}\nTLS.time:{NOW}\nTLS.expire:60\nTLS.userbuf:eA==\n"
    );
    sig["TLS.sig"] = json!(hmac_sha256(KEY.as_bytes(), text.as_bytes()));
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(sig.to_string().as_bytes()).unwrap();
    let text = STANDARD.encode(zlib.finish().unwrap());
    let text = text.replace('+', "*").replace('/', "-").replace('=', "_");
    let refused = tokens().login("alice", &text, at(NOW)).unwrap_err();
    assert_eq!(refused, TokenError::UserSig(UserSigError::UserBuf));
}

/// By hand, so that the test has no crate for it.
fn hmac_sha256(key: &[u8], message: &[u8]) -> String {
    use sha2::{Digest, Sha256};

    let pad = |with: u8| -> Vec<u8> {
        (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect()
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    STANDARD.encode(Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize())
}

#[test]
fn the_age_of_a_user_sig_can_be_bounded() {
    let tokens = tokens().max_age(Duration::from_secs(HOUR));
    assert_eq!(login(&tokens, "alice", NOW - HOUR), Err(TokenError::TooOld));
    let token = login(&tokens, "alice", NOW - HOUR + 60).unwrap();
    assert_eq!(tokens.check(&token, at(NOW)).unwrap().expires_at, at(NOW + 60));
}

#[test]
fn a_revoked_account_needs_a_new_user_sig() {
    let revoked = |from: u64| {
        tokens().revocations(move |account: &AccountId| {
            (account.as_str() == "mallory").then_some(at(from))
        })
    };
    let token = login(&tokens(), "mallory", NOW).unwrap();
    assert_eq!(revoked(NOW + 1).check(&token, at(NOW + 1)), Err(TokenError::Revoked));
    assert_eq!(revoked(NOW + 1).renew(&token, at(NOW + 1)).unwrap_err(), TokenError::Revoked);
    assert_eq!(login(&revoked(NOW + 1), "mallory", NOW), Err(TokenError::Revoked));
    assert!(login(&revoked(NOW), "mallory", NOW).is_ok());
    assert!(login(&revoked(NOW + 1), "alice", NOW).is_ok());
    assert!(revoked(NOW).check(&token, at(NOW)).is_ok());
}

#[test]
fn tokens_of_other_apps_and_keys_and_user_sigs_are_no_tokens() {
    let token = login(&tokens(), "alice", NOW).unwrap();
    let check = |app, key: &str, text: &str| {
        AccessTokens::new(app, key).unwrap().check(text, at(NOW)).map(|_| ())
    };
    assert_eq!(check(APP, KEY, &token), Ok(()));
    assert_eq!(check(APP + 1, KEY, &token), Err(TokenError::Invalid));
    assert_eq!(check(APP, "another key", &token), Err(TokenError::Invalid));
    assert_eq!(check(APP, KEY, &user_sig("alice", NOW, 60)), Err(TokenError::Invalid));
    let empty = AccessTokens::new(APP, "").unwrap_err();
    assert_eq!(empty, TokenError::Key(UserSigError::EmptyKey));
}

#[test]
fn nothing_that_is_printed_holds_a_token_or_a_key() {
    let tokens = tokens();
    let token = tokens.login("alice", &user_sig("alice", NOW, 60), at(NOW)).unwrap();
    assert_eq!(format!("{token:?} {token:#?}").matches("REDACTED").count(), 2);
    assert!(!format!("{token:?} {tokens:?}").contains(token.expose()));
    assert!(!format!("{tokens:?}").contains(KEY));
}

proptest! {
    #[test]
    fn a_token_that_was_altered_in_any_place_is_refused(place in 0_usize..200, with in "[A-Za-z0-9_=+/.-]") {
        let token = login(&tokens(), "alice", NOW).unwrap();
        let mut altered: Vec<char> = token.chars().collect();
        let place = place % altered.len();
        altered[place] = with.chars().next().unwrap();
        let altered: String = altered.into_iter().collect();
        let checked = tokens().check(&altered, at(NOW));
        prop_assert_eq!(checked.is_ok(), altered == token);
        prop_assert!(tokens().check(&token[..place], at(NOW)).is_err());
        prop_assert!(tokens().check(&(token + "A"), at(NOW)).is_err());
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in any::<String>()) {
        prop_assert_eq!(tokens().check(&text, at(NOW)), Err(TokenError::Invalid));
    }
}
