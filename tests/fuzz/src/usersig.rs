//! UserSig: any text is refused for a reason, or says what was signed.

use conv_api::{
    Timestamp,
    sync::{UserSig, UserSigError, UserSigVerifier},
};

const APP: u32 = 1_400_000_000;
/// Of the test vectors, one of which is in the corpus.
const KEY: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const IDENTIFIER: &str = "administrator";
const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

pub fn usersig(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        read(text);
    }
    // Hardly any text is base64 of a zlib stream: once more with the bytes as what it holds.
    read(&packed(data));
}

fn read(text: &str) {
    let parsed = UserSig::parse(text);
    if let Ok(user_sig) = &parsed {
        assert_eq!(user_sig.expose(), text);
        assert!(!format!("{user_sig:?} {user_sig}").contains(text));
    }
    let verified = UserSigVerifier::new(APP, KEY).verify(text, IDENTIFIER, NOW);
    match (verified, parsed) {
        (Ok(claims), Ok(user_sig)) => {
            assert_eq!(claims, *user_sig.claims());
            assert_eq!((claims.identifier.as_str(), claims.sdk_app_id), (IDENTIFIER, APP));
            assert!(NOW < claims.expires_at());
        }
        (Ok(claims), Err(error)) => panic!("{claims:?} verified, yet {error}"),
        (Err(refused), Err(error)) => assert_eq!(refused, error),
        // It reads well, and is another's, or over, or forged.
        (Err(refused), Ok(_)) => assert!(
            matches!(
                refused,
                UserSigError::BadSignature
                    | UserSigError::OtherApp
                    | UserSigError::OtherIdentifier
                    | UserSigError::Expired(_)
            ),
            "{refused:?}"
        ),
    }
}

/// The text of a UserSig that holds these bytes, as one block that is not compressed.
fn packed(data: &[u8]) -> String {
    let data = &data[..data.len().min(usize::from(u16::MAX))];
    let length = u16::try_from(data.len()).unwrap();
    let mut zlib = vec![0x78, 0x01, 0x01];
    zlib.extend(length.to_le_bytes());
    zlib.extend((!length).to_le_bytes());
    zlib.extend(data);
    zlib.extend(adler32(data).to_be_bytes());
    base64(&zlib)
}

fn adler32(data: &[u8]) -> u32 {
    let (a, b) = data.iter().fold((1_u32, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    b << 16 | a
}

fn base64(bytes: &[u8]) -> String {
    const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | usize::from(*chunk.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let symbol = SYMBOLS[bits >> (18 - 6 * at) & 63];
            text.push(if at <= chunk.len() { char::from(symbol) } else { '_' });
        }
    }
    text
}
