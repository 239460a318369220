//! Pages of the listing: any body is a page or a classed error.

use std::sync::{Arc, OnceLock};

use conv_api::{
    SourceError, Timestamp, UserSigSigner,
    sync::{Page, UserSig, fuzzing},
};
use serde_json::Value;

/// More than any text has that a reply may bring into an error.
const MAX_WORDS: usize = 4096;
const MAX_ROWS: usize = 500;

pub fn page(data: &[u8]) {
    let user_sig = user_sig();
    match fuzzing::page(&user_sig, data) {
        Ok(page) => is_whole(&page, data),
        Err(error) => is_presentable(&error, &user_sig),
    }
}

/// Every item of the body became a row or is said to be skipped.
fn is_whole(page: &Page, data: &[u8]) {
    let found = page.rows.len() + page.skipped.len();
    assert!(found <= MAX_ROWS);
    assert!(page.rows.iter().all(|row| row.patch.listing.is_some()));
    assert!(page.skipped.iter().all(|row| row.reason.len() <= MAX_WORDS));
    // A `Value` takes less than the decoder does: not every nesting and not every number.
    let body = String::from_utf8_lossy(data);
    if let Ok(body) = serde_json::from_str::<Value>(&body) {
        // A page without a list of rows is said to be short of something.
        assert_eq!(found, body["SessionItem"].as_array().map_or(1, Vec::len));
        let is_last = body["CompleteFlag"] == 1 || body["CompleteFlag"] == "1";
        assert_eq!(page.next.is_none(), is_last);
    }
}

pub(super) fn is_presentable(error: &SourceError, user_sig: &UserSig) {
    let words = error.to_string();
    assert!(words.len() <= MAX_WORDS, "{words}");
    assert!(!words.chars().any(char::is_control), "{words:?}");
    assert!(!words.contains(user_sig.expose()));
    // Every error has a class, and says if the call may be made again.
    let _ = (error.class(), error.code(), error.retry(), error.retry_after());
}

pub(super) fn user_sig() -> Arc<UserSig> {
    static USER_SIG: OnceLock<Arc<UserSig>> = OnceLock::new();
    let sign = || {
        let signer = UserSigSigner::new("administrator", "a made-up key");
        let lifetime = std::time::Duration::from_secs(60);
        signer.sign(1_400_000_000, Timestamp::from_secs(1_700_000_000), lifetime).unwrap().into()
    };
    Arc::clone(USER_SIG.get_or_init(sign))
}
