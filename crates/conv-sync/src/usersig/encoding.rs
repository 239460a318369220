//! JSON to zlib to UserSig's base64, and back with caps on size.

use std::io::{Read, Write};

use base64::{
    Engine,
    alphabet::{Alphabet, Symbol},
    engine::{GeneralPurpose, GeneralPurposeConfig},
};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};

use super::UserSigError;

/// The maximum bytes of a UserSig, which normally has a few hundred.
pub(super) const MAX_TEXT: usize = 4096;
/// The maximum bytes of the JSON: zlib can expand a few bytes a thousandfold.
const MAX_JSON: usize = 16 * 1024;

/// Standard base64 with `+`, `/` and `=` as `*`, `-` and `_`.
const BASE64: GeneralPurpose = {
    const SYMBOLS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-";
    match Symbol::new(b'_') {
        Some(padding) => match Alphabet::new_with_padding(SYMBOLS, padding) {
            Ok(alphabet) => GeneralPurpose::new(&alphabet, GeneralPurposeConfig::new()),
            Err(_) => panic!("64 symbols, each once"),
        },
        None => panic!("printable"),
    }
};

pub(super) fn encode(json: &[u8]) -> Result<String, UserSigError> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let zlib = encoder
        .write_all(json)
        .and_then(|()| encoder.finish())
        .map_err(|_| UserSigError::NotZlib)?;
    Ok(BASE64.encode(zlib))
}

pub(super) fn decode(text: &str) -> Result<Vec<u8>, UserSigError> {
    if text.len() > MAX_TEXT {
        return Err(UserSigError::TooLong);
    }
    let zlib = BASE64.decode(text).map_err(|_| UserSigError::NotBase64)?;
    inflate(&zlib)
}

fn inflate(zlib: &[u8]) -> Result<Vec<u8>, UserSigError> {
    let mut json = Vec::new();
    let mut decoder = ZlibDecoder::new(zlib);
    let read = decoder.by_ref().take(MAX_JSON as u64 + 1).read_to_end(&mut json);
    if json.len() > MAX_JSON {
        return Err(UserSigError::TooLarge);
    }
    // One stream and nothing after it, so that a text cannot hide padding.
    match read {
        Ok(_) if decoder.total_in() == zlib.len() as u64 => Ok(json),
        _ => Err(UserSigError::NotZlib),
    }
}
