//! UserSig against vectors of the official packages, with the clock at 1,700,000,000.

use std::{io::Write, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use conv_model::Timestamp;
use conv_sync::{SecretKey, UserSig, UserSigError, UserSigSigner, UserSigVerifier};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Sha256;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const K1: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const K3: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

struct Vector {
    app: u32,
    identifier: &'static str,
    expire: u64,
    key: &'static str,
    sig: &'static str,
    text: &'static str,
}

const VECTORS: [Vector; 6] = [
    Vector {
        app: 1_400_000_000,
        identifier: "administrator",
        expire: 15_552_000,
        key: K1,
        sig: "JCzxanF8NTTXau4m+2h9wv7gYJnyNksm0xm1NEXU274=",
        text: "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwokpuZl5mcUlRYkl*UVQBcUp2YkFBZkpSlaGJgZQAJEpycxNVbIyNEcVTa0oyCwCiZuamhrBRYsz05WslLycqyoS89ws-EJCIhJLTXK1jTIsy8vM0yO98ir9sotzDSpyDf1cI0KNzE1slWoBQr40pw__",
    },
    Vector {
        app: 1_400_000_000,
        identifier: "user_0001",
        expire: 604_800,
        key: K1,
        sig: "Kq1yyzcMcq+JFO64dezZvM39HfdOH/5x9D0qyuXUjoI=",
        text: "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwqXFqUXxBgYGhlDJ4pTsxIKCzBQlK0MTAyiAyJRk5qYqWRmao4qmVhRkFqUqWZkZmFjAxIoz05WslLwLDSsrq5J9kwu1vdz8zUxSUquiynyNLT3SUvw99E0rLF0MCitLI0Kz8j1tlWoBWIcxwg__",
    },
    Vector {
        app: 88_888_888,
        identifier: "admin",
        expire: 86_400,
        key: K3,
        sig: "edBgC3laDp9mOX58V1SOYthCW0PVjRVLVwWit8Cv1Kw=",
        text: "eJw1yV0LgjAUxvHvcq5Dtl7XoJvWXYKRMetysKOdajJ0qCB990DX-*75PSPc0jzpsAEJy4TBYtpksQ5U0sTGOqrj0dq38Z4sSBGbPZBDkHzHYrPi4KlBkGK7-lNLFUhAe6zU6mNOfu*y*0ZonmeP8FQFu*jXVae6LygI1fFzf4DvD1A8ME4_",
    },
    Vector {
        app: 1_400_000_001,
        identifier: "a",
        expire: 1,
        key: K1,
        sig: "1zjTfNoBYxkj6rY4bdDk7UMsdWeM9+o6RQLLWPSBS9s=",
        text: "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwolQweKU7MSCgswUJStDEwMIMITIlGTmpipZGZpDRQ0goqkVBZlFIHGo9sx0JSslw6qskDS-fKfIiuwss6JIk6QUl2zzUN-ilPBUX0vtfLOgQB*f8IBgp2DLYlulWgD2Ny4d",
    },
    Vector {
        app: 20_000_001,
        identifier: "user name+/=~",
        expire: 3600,
        key: "k",
        sig: "2AqPmAwERtrZS/Xo0TgCfYxxHS3RyXAG38tuEXV4oVQ=",
        text: "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwqXFqUUKeYm5qdr6tnVQBcUp2YkFBZkpSlZGBmBgCBEvycxNVbIyNDeAAohoakVBZlGqkpWxGUykODMdZKFjYUCuY7lrUElRVLB*RL5BSLpzWmRFhUewcVBlhKO7sUVJqWtEmEl*WKCtUi0AvoUykA__",
    },
    Vector {
        app: 1_600_000_000,
        identifier: "12345678901234567890123456789012",
        expire: 15_552_000,
        key: K1,
        sig: "s13Q+iZlkmZnVdW3W9e7bNIT9Fvaox5OU3OFa2OfxDo=",
        text: "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwoZGxiamZuYWlgbYWVA9xSnZiQUFmSlKVoZmBlAAkSnJzE1VsjI0RxVNrSjILAKJm5qaGsFFizPTlayUig2NA7Uzo3Kyc6PywlLCjcMtU82T-DxDLN3KEvMrTP1Djf3dEo380ypc8m2VagHE4zWC",
    },
];

impl Vector {
    fn verify(&self, text: &str, now: Timestamp) -> Result<(), UserSigError> {
        let verifier = UserSigVerifier::new(self.app, self.key);
        verifier.verify(text, self.identifier, now).map(drop)
    }

    fn sign(&self) -> UserSig {
        UserSigSigner::new(self.identifier, self.key)
            .sign(self.app, NOW, Duration::from_secs(self.expire))
            .unwrap()
    }
}

/// The JSON inside, by other lines than the crate's.
fn open(text: &str) -> Value {
    let text = text.replace('*', "+").replace('-', "/").replace('_', "=");
    let zlib = STANDARD.decode(text).unwrap();
    serde_json::from_reader(ZlibDecoder::new(&zlib[..])).unwrap()
}

fn seal(json: &[u8]) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(json).unwrap();
    dress(&encoder.finish().unwrap())
}

fn dress(zlib: &[u8]) -> String {
    STANDARD.encode(zlib).replace('+', "*").replace('/', "-").replace('=', "_")
}

/// The first vector with one member changed, or taken out by `null`.
fn tampered(member: &str, value: Value) -> String {
    let mut json = open(VECTORS[0].text);
    match value {
        Value::Null => json.as_object_mut().unwrap().remove(member),
        value => json.as_object_mut().unwrap().insert(member.into(), value),
    };
    seal(json.to_string().as_bytes())
}

#[track_caller]
fn refused(text: &str, error: UserSigError) {
    assert_eq!(VECTORS[0].verify(text, NOW), Err(error));
}

#[test]
fn our_signature_is_the_official_packages() {
    for vector in &VECTORS {
        let json = open(vector.sign().expose());
        assert_eq!(json["TLS.sig"], vector.sig, "{}", vector.identifier);
        assert_eq!(json, open(vector.text));
    }
}

#[test]
fn official_and_own_encodings_verify_until_they_expire() {
    for vector in &VECTORS {
        for text in [vector.text, vector.sign().expose()] {
            assert_eq!(vector.verify(text, NOW), Ok(()));
            let last = NOW.plus_secs(vector.expire - 1);
            assert_eq!(vector.verify(text, last), Ok(()));
            let end = NOW.plus_secs(vector.expire);
            assert_eq!(vector.verify(text, end), Err(UserSigError::Expired(end)));
        }
    }
}

#[test]
fn a_text_made_elsewhere_tells_its_claims() {
    let user_sig = UserSig::parse(VECTORS[1].text).unwrap();
    assert_eq!(user_sig.claims().identifier, "user_0001");
    assert_eq!(user_sig.claims().sdk_app_id, 1_400_000_000);
    assert_eq!(user_sig.claims().issued_at, NOW);
    assert_eq!(user_sig.claims().lifetime, Duration::from_secs(604_800));
    assert_eq!(user_sig.expose(), VECTORS[1].text);
}

#[test]
fn every_changed_claim_breaks_the_signature() {
    for (member, value) in [
        ("TLS.identifier", json!("administratoR")),
        ("TLS.sdkappid", json!(1_400_000_001)),
        ("TLS.time", json!(1_700_000_001)),
        ("TLS.expire", json!(15_552_001)),
        ("TLS.userbuf", json!("eA==")),
        ("TLS.sig", json!("")),
        ("TLS.sig", json!("JCzxanF8NTTXau4m+2h9wv7gYJnyNksm0xm1NEXU275=")),
        ("TLS.sig", json!("JCzxanF8NTTXau4m+2h9wv7gYJnyNksm0xm1NEXU2w==")),
        ("TLS.sig", json!("not base64!")),
    ] {
        refused(&tampered(member, value), UserSigError::BadSignature);
    }
}

#[test]
fn another_key_user_or_app_is_told_apart() {
    let [vector, ..] = &VECTORS;
    let verify = |app, key: &str, identifier| {
        UserSigVerifier::new(app, key).verify(vector.text, identifier, NOW)
    };
    let other_key = verify(vector.app, "other", vector.identifier);
    assert_eq!(other_key, Err(UserSigError::BadSignature));
    let other_app = verify(1, vector.key, vector.identifier);
    assert_eq!(other_app, Err(UserSigError::OtherApp));
    let other_user = verify(vector.app, vector.key, "admin");
    assert_eq!(other_user, Err(UserSigError::OtherIdentifier));
    let no_key = verify(vector.app, "", vector.identifier);
    assert_eq!(no_key, Err(UserSigError::EmptyKey));
}

#[test]
fn claims_of_another_shape_are_refused() {
    for (member, value) in [
        ("TLS.identifier", Value::Null),
        ("TLS.time", Value::Null),
        ("TLS.sig", Value::Null),
        ("TLS.time", json!("1700000000")),
        ("TLS.time", json!(-1)),
        ("TLS.expire", json!(1.5)),
        ("TLS.sdkappid", json!(1_u64 << 32)),
        ("TLS.userbuf", json!("no base64\nTLS.x:1")),
    ] {
        refused(&tampered(member, value), UserSigError::NotClaims);
    }
    let lines = json!("a\nTLS.sdkappid:1");
    refused(&tampered("TLS.identifier", lines), UserSigError::BadIdentifier);
    refused(&tampered("TLS.ver", json!("3.0")), UserSigError::OtherVersion);
    let twice = open(VECTORS[0].text).to_string().replace('}', ",\"TLS.time\":1}");
    refused(&seal(twice.as_bytes()), UserSigError::NotClaims);
    refused(&seal(b"[]"), UserSigError::NotClaims);
    refused(&seal(b""), UserSigError::NotClaims);
}

#[test]
fn texts_of_another_encoding_are_refused() {
    let text = VECTORS[0].text;
    refused("", UserSigError::NotZlib);
    refused(&text[..text.len() - 1], UserSigError::NotBase64);
    refused(&text.replace('*', "+"), UserSigError::NotBase64);
    refused(&text.replace('_', "="), UserSigError::NotBase64);
    refused(&format!("{text}\n"), UserSigError::NotBase64);
    refused(&dress(b"{}"), UserSigError::NotZlib);
    // Cut, padded out, with a wrong checksum.
    let zlib = STANDARD.decode(text.replace('*', "+").replace('-', "/").replace('_', "=")).unwrap();
    refused(&dress(&zlib[..zlib.len() - 5]), UserSigError::NotZlib);
    refused(&dress(&[&zlib[..], b"x"].concat()), UserSigError::NotZlib);
    let mut broken = zlib.clone();
    *broken.last_mut().unwrap() ^= 1;
    refused(&dress(&broken), UserSigError::NotZlib);
}

#[test]
fn a_long_text_and_a_bomb_are_refused_unread() {
    refused(&"A".repeat(UserSig::MAX_LEN + 1), UserSigError::TooLong);
    let bomb = seal(&vec![b' '; 2_000_000]);
    assert!(bomb.len() <= UserSig::MAX_LEN);
    refused(&bomb, UserSigError::TooLarge);
    let largest = [open(VECTORS[0].text).to_string(), " ".repeat(12_000)].concat();
    assert_eq!(VECTORS[0].verify(&seal(largest.as_bytes()), NOW), Ok(()));
}

#[test]
fn input_that_cannot_be_signed_is_an_error() {
    let sign = |identifier: &str, key: &str, lifetime| {
        let signer = UserSigSigner::new(identifier, key);
        signer.sign(1, NOW, lifetime).map(drop)
    };
    let hour = Duration::from_secs(3600);
    assert_eq!(sign("", "k", hour), Err(UserSigError::BadIdentifier));
    assert_eq!(sign("a\nb", "k", hour), Err(UserSigError::BadIdentifier));
    assert_eq!(sign("a", "", hour), Err(UserSigError::EmptyKey));
    let short = Duration::from_millis(999);
    assert_eq!(sign("a", "k", short), Err(UserSigError::NoLifetime));
    assert_eq!(sign("a", "k", Duration::MAX), Ok(()));
}

#[test]
fn nothing_that_is_printed_holds_a_secret() {
    let key = SecretKey::from("canary-of-the-key");
    let signer = UserSigSigner::new("administrator", "canary-of-the-key");
    let verifier = UserSigVerifier::new(1, "canary-of-the-key");
    let user_sig = signer.sign(1, NOW, Duration::from_secs(9)).unwrap();
    let shown = format!("{key:?} {signer:#?} {verifier:?} {user_sig:?} {user_sig:#?} {user_sig}");
    assert!(!shown.contains("canary"), "{shown}");
    assert!(!shown.contains(user_sig.expose()), "{shown}");
    assert!(!shown.contains(open(user_sig.expose())["TLS.sig"].as_str().unwrap()), "{shown}");
    assert!(shown.contains("administrator"));
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "[A-Za-z0-9*_-]{0,400}|.{0,200}") {
        let _ = UserSig::parse(text);
    }

    #[test]
    fn any_bytes_inside_are_read_without_panic(json: Vec<u8>, cut: usize) {
        let text = seal(&json);
        let _ = UserSig::parse(&text[..cut % (text.len() + 1)]);
        let _ = UserSig::parse(text);
    }

    #[test]
    fn a_signed_user_sig_verifies(
        identifier in "[ -~]{1,32}", key in "[!#-&(-~ü]{1,80}", app: u32, time in 0..1_u64 << 40,
        expire in 1..1_u64 << 40,
    ) {
        let now = Timestamp::from_secs(time);
        let signer = UserSigSigner::new(identifier.as_str(), key.as_str());
        let user_sig = signer.sign(app, now, Duration::from_secs(expire)).unwrap();
        let verifier = UserSigVerifier::new(app, key);
        let claims = verifier.verify(user_sig.expose(), &identifier, now).unwrap();
        prop_assert_eq!(&claims, user_sig.claims());
        prop_assert_eq!(claims.expires_at(), now.plus_secs(expire));
    }
}

#[test]
fn additions_of_a_file_to_a_value_change_nothing() {
    let hour = Duration::from_secs(3600);
    let sign = |identifier: &str, key: &str| {
        let user_sig = UserSigSigner::new(identifier, key).sign(1, NOW, hour)?;
        Ok::<_, UserSigError>(user_sig.expose().to_owned())
    };
    let good = sign("admin", K1).unwrap();
    for key in ["{}\n", "{}\r\n", " {}\t", "\u{FEFF}{}", "\"{}\"", "'{}'\n", "\u{FEFF}\"{}\"\n"] {
        let key = key.replace("{}", K1);
        assert_eq!(sign("admin", &key).as_ref(), Ok(&good), "{key:?}");
        let owned = UserSigSigner::new("admin", key.clone()).sign(1, NOW, hour).unwrap();
        assert_eq!(owned.expose(), good);
        let verifier = UserSigVerifier::new(1, key);
        assert!(verifier.verify(&good, "admin", NOW).is_ok());
    }
    for identifier in ["admin\n", "\u{FEFF}admin\r\n"] {
        assert_eq!(sign(identifier, K1).as_ref(), Ok(&good), "{identifier:?}");
    }
    for text in [format!("{good}\n"), format!("\u{FEFF}\"{good}\"\r\n")] {
        assert_eq!(UserSig::parse(text).unwrap().expose(), good);
    }
    assert_eq!(sign("admin", &format!("{K1}\n{K3}")), Err(UserSigError::BadKey));
    for key in ["\n", "\"\"", "\u{FEFF}"] {
        assert_eq!(sign("admin", key), Err(UserSigError::EmptyKey), "{key:?}");
    }
}

#[test]
fn a_room_key_is_no_login_unless_the_embedder_says_so() {
    let [vector, ..] = &VECTORS;
    let signed = format!(
        "TLS.identifier:{}\nTLS.sdkappid:{}\nTLS.time:1700000000\nTLS.expire:{}\nTLS.userbuf:eA==\n",
        vector.identifier, vector.app, vector.expire
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(vector.key.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    let mut object = open(vector.text);
    object["TLS.userbuf"] = json!("eA==");
    object["TLS.sig"] = json!(STANDARD.encode(mac.finalize().into_bytes()));
    let text = seal(object.to_string().as_bytes());

    let verify = |verifier: UserSigVerifier| verifier.verify(&text, vector.identifier, NOW);
    let verifier = || UserSigVerifier::new(vector.app, vector.key);
    assert_eq!(verify(verifier()), Err(UserSigError::UserBuf));
    assert_eq!(verify(verifier().accept_user_buf()).unwrap().identifier, vector.identifier);
}

#[test]
fn derived_keys_differ_by_label_and_by_key_and_show_nothing() {
    let derived = |key: &str, label: &str| SecretKey::from(key).derive(label).unwrap();
    let tag = derived(K1, "one").tag(b"text");
    assert!(derived(K1, "one").verify(b"text", &tag));
    assert!(!derived(K1, "two").verify(b"text", &tag));
    assert!(!derived(K3, "one").verify(b"text", &tag));
    assert!(!derived(K1, "one").verify(b"text", &tag[..31]));
    assert_eq!(format!("{:?}", derived(K1, "one")), "DerivedKey([REDACTED])");
    assert_eq!(SecretKey::from("").derive("one").unwrap_err(), UserSigError::EmptyKey);
}
