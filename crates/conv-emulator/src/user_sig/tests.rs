use super::*;

const K1: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const K3: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const ISSUED: u64 = 1_700_000_000;

struct Vector {
    sdk_app_id: u32,
    identifier: &'static str,
    lifetime: u64,
    key: &'static str,
    signature: &'static str,
    encoded: &'static str,
}

impl Vector {
    fn claims(&self) -> Claims {
        Claims {
            identifier: self.identifier.to_owned(),
            sdk_app_id: self.sdk_app_id,
            issued: ISSUED,
            lifetime: self.lifetime,
            user_buf: None,
        }
    }

    fn expected(&self, now: u64) -> Expected<'_> {
        Expected { identifier: self.identifier, sdk_app_id: self.sdk_app_id, key: self.key, now }
    }
}

/// Made with the vendor's own packages.
const VECTORS: [Vector; 6] = [
    Vector {
        sdk_app_id: 1400000000,
        identifier: "administrator",
        lifetime: 15552000,
        key: K1,
        signature: "JCzxanF8NTTXau4m+2h9wv7gYJnyNksm0xm1NEXU274=",
        encoded: "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwokpuZl5mcUlRYkl*UVQBcUp2YkFBZkpSlaGJgZQAJEpycxNVbIyNEcVTa0oyCwCiZuamhrBRYsz05WslLycqyoS89ws-EJCIhJLTXK1jTIsy8vM0yO98ir9sotzDSpyDf1cI0KNzE1slWoBQr40pw__",
    },
    Vector {
        sdk_app_id: 1400000000,
        identifier: "user_0001",
        lifetime: 604800,
        key: K1,
        signature: "Kq1yyzcMcq+JFO64dezZvM39HfdOH/5x9D0qyuXUjoI=",
        encoded: "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwqXFqUXxBgYGhlDJ4pTsxIKCzBQlK0MTAyiAyJRk5qYqWRmao4qmVhRkFqUqWZkZmFjAxIoz05WslLwLDSsrq5J9kwu1vdz8zUxSUquiynyNLT3SUvw99E0rLF0MCitLI0Kz8j1tlWoBWIcxwg__",
    },
    Vector {
        sdk_app_id: 88888888,
        identifier: "admin",
        lifetime: 86400,
        key: K3,
        signature: "edBgC3laDp9mOX58V1SOYthCW0PVjRVLVwWit8Cv1Kw=",
        encoded: "eJw1yV0LgjAUxvHvcq5Dtl7XoJvWXYKRMetysKOdajJ0qCB990DX-*75PSPc0jzpsAEJy4TBYtpksQ5U0sTGOqrj0dq38Z4sSBGbPZBDkHzHYrPi4KlBkGK7-lNLFUhAe6zU6mNOfu*y*0ZonmeP8FQFu*jXVae6LygI1fFzf4DvD1A8ME4_",
    },
    Vector {
        sdk_app_id: 1400000001,
        identifier: "a",
        lifetime: 1,
        key: K1,
        signature: "1zjTfNoBYxkj6rY4bdDk7UMsdWeM9+o6RQLLWPSBS9s=",
        encoded: "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwolQweKU7MSCgswUJStDEwMIMITIlGTmpipZGZpDRQ0goqkVBZlFIHGo9sx0JSslw6qskDS-fKfIiuwss6JIk6QUl2zzUN-ilPBUX0vtfLOgQB*f8IBgp2DLYlulWgD2Ny4d",
    },
    Vector {
        sdk_app_id: 20000001,
        identifier: "user name+/=~",
        lifetime: 3600,
        key: "k",
        signature: "2AqPmAwERtrZS/Xo0TgCfYxxHS3RyXAG38tuEXV4oVQ=",
        encoded: "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwqXFqUUKeYm5qdr6tnVQBcUp2YkFBZkpSlZGBmBgCBEvycxNVbIyNDeAAohoakVBZlGqkpWxGUykODMdZKFjYUCuY7lrUElRVLB*RL5BSLpzWmRFhUewcVBlhKO7sUVJqWtEmEl*WKCtUi0AvoUykA__",
    },
    Vector {
        sdk_app_id: 1600000000,
        identifier: "12345678901234567890123456789012",
        lifetime: 15552000,
        key: K1,
        signature: "s13Q+iZlkmZnVdW3W9e7bNIT9Fvaox5OU3OFa2OfxDo=",
        encoded: "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwoZGxiamZuYWlgbYWVA9xSnZiQUFmSlKVoZmBlAAkSnJzE1VsjI0RxVNrSjILAKJm5qaGsFFizPTlayUig2NA7Uzo3Kyc6PywlLCjcMtU82T-DxDLN3KEvMrTP1Djf3dEo380ypc8m2VagHE4zWC",
    },
];

#[test]
fn signatures_equal_the_vendors_own() {
    for vector in VECTORS {
        assert_eq!(vector.claims().signature(vector.key), vector.signature);
    }
}

#[test]
fn the_vendors_encoded_forms_are_accepted_to_the_last_second() {
    for vector in VECTORS {
        for now in [ISSUED, ISSUED + vector.lifetime - 1] {
            let claims = verify(vector.encoded, vector.expected(now)).unwrap();
            assert_eq!(claims, vector.claims());
        }
        refused(vector.encoded, vector.expected(ISSUED + vector.lifetime), code::SIG_EXPIRED);
    }
}

#[test]
fn a_user_sig_made_here_is_accepted_and_safe_in_a_url() {
    for vector in VECTORS {
        for user_buf in [None, Some("AAAA".to_owned())] {
            let claims = Claims { user_buf, ..vector.claims() };
            let made = claims.sign(vector.key);
            assert_eq!(verify(&made, vector.expected(ISSUED)).unwrap(), claims);
            assert!(made.bytes().all(|b| b.is_ascii_alphanumeric() || b"*-_".contains(&b)));
        }
    }
}

#[test]
fn each_tampering_is_refused_with_its_own_code() {
    let vector = &VECTORS[0];
    let expected = vector.expected(ISSUED);
    refused("", expected, code::SIG_EMPTY);
    refused("not a UserSig", expected, code::SIG_UNREADABLE);
    refused(&vector.encoded[..vector.encoded.len() / 2], expected, code::SIG_UNREADABLE);
    refused(vector.encoded, Expected { key: "k", ..expected }, code::SIG_OTHER_KEY);
    refused(vector.encoded, Expected { sdk_app_id: 1, ..expected }, code::SIG_OTHER_APP);
    let other = Expected { identifier: "user_0001", ..expected };
    refused(vector.encoded, other, code::SIG_OTHER_IDENTIFIER);
}

#[test]
fn a_changed_claim_no_longer_matches_its_signature() {
    let vector = &VECTORS[0];
    let json = decode(vector.encoded).unwrap();
    for (name, value) in [
        ("TLS.identifier", json!("user_0001")),
        ("TLS.time", json!(ISSUED + 1)),
        ("TLS.expire", json!(99_999_999)),
        ("TLS.sig", json!(VECTORS[1].signature)),
        ("TLS.userbuf", json!("AAAA")),
    ] {
        let mut object: Value = serde_json::from_slice(&json).unwrap();
        object[name] = value;
        let forged = encode(object.to_string().as_bytes());
        refused(&forged, vector.expected(ISSUED), code::SIG_OTHER_KEY);
    }
}

#[test]
fn a_bomb_in_place_of_a_user_sig_is_not_inflated() {
    let bomb = encode(&vec![b' '; 8 * 1024 * 1024]);
    assert!(decode(&bomb).unwrap().len() as u64 <= MAX_INFLATED);
    refused(&bomb, VECTORS[0].expected(ISSUED), code::SIG_UNREADABLE);
}

#[track_caller]
fn refused(user_sig: &str, expected: Expected<'_>, code: u32) {
    assert_eq!(verify(user_sig, expected).unwrap_err().code, code);
}
