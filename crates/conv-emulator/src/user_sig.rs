//! UserSig (TLSSigAPIv2): makes and checks it, independently of the client's code.

use std::io::{Read, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{code, envelope::Refusal};

/// The maximum size of the inflated JSON; normally it has a few hundred bytes.
const MAX_INFLATED: u64 = 64 * 1024;

/// The claims of a UserSig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) identifier: String,
    pub(crate) sdk_app_id: u32,
    pub(crate) issued: u64,
    pub(crate) lifetime: u64,
    pub(crate) user_buf: Option<String>,
}

impl Claims {
    fn text(&self) -> String {
        let mut text = format!(
            "TLS.identifier:{}\nTLS.sdkappid:{}\nTLS.time:{}\nTLS.expire:{}\n",
            self.identifier, self.sdk_app_id, self.issued, self.lifetime
        );
        if let Some(user_buf) = &self.user_buf {
            text.push_str(&format!("TLS.userbuf:{user_buf}\n"));
        }
        text
    }

    fn mac(&self, key: &str) -> Option<Hmac<Sha256>> {
        // HMAC accepts a key of any length, which the type does not express.
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
        mac.update(self.text().as_bytes());
        Some(mac)
    }

    pub(crate) fn signature(&self, key: &str) -> String {
        let bytes = self.mac(key).map(|mac| mac.finalize().into_bytes());
        bytes.map(|bytes| STANDARD.encode(bytes)).unwrap_or_default()
    }

    /// Returns the encoded UserSig.
    pub(crate) fn sign(&self, key: &str) -> String {
        let mut object = json!({
            "TLS.ver": "2.0",
            "TLS.identifier": self.identifier,
            "TLS.sdkappid": self.sdk_app_id,
            "TLS.time": self.issued,
            "TLS.expire": self.lifetime,
            "TLS.sig": self.signature(key),
        });
        if let (Some(user_buf), Some(map)) = (&self.user_buf, object.as_object_mut()) {
            map.insert("TLS.userbuf".into(), json!(user_buf));
        }
        encode(object.to_string().as_bytes())
    }
}

/// The caller and app whose signature is expected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) identifier: &'a str,
    pub(crate) sdk_app_id: u32,
    pub(crate) key: &'a str,
    pub(crate) now: u64,
}

/// Checks a UserSig. The refusal has the protocol's own code.
pub(crate) fn verify(user_sig: &str, expected: Expected<'_>) -> Result<Claims, Refusal> {
    if user_sig.is_empty() {
        return Err(Refusal::new(code::SIG_EMPTY, "UserSig is empty"));
    }
    let (claims, signature) = read(user_sig)
        .ok_or_else(|| Refusal::new(code::SIG_UNREADABLE, "UserSig cannot be decoded"))?;
    if claims.sdk_app_id != expected.sdk_app_id {
        return Err(Refusal::new(code::SIG_OTHER_APP, "UserSig was made for another SDKAppID"));
    }
    let good = claims.mac(expected.key).is_some_and(|mac| mac.verify_slice(&signature).is_ok());
    if !good {
        return Err(Refusal::new(code::SIG_OTHER_KEY, "UserSig does not match the secret key"));
    }
    if claims.identifier != expected.identifier {
        let info = "identifier in the URL differs from the one in UserSig";
        return Err(Refusal::new(code::SIG_OTHER_IDENTIFIER, info));
    }
    if claims.issued.saturating_add(claims.lifetime) <= expected.now {
        return Err(Refusal::new(code::SIG_EXPIRED, "UserSig has expired"));
    }
    Ok(claims)
}

fn read(user_sig: &str) -> Option<(Claims, Vec<u8>)> {
    let object: Value = serde_json::from_slice(&decode(user_sig)?).ok()?;
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let number = |name: &str| object.get(name).and_then(Value::as_u64);
    if text("TLS.ver")? != "2.0" {
        return None;
    }
    let claims = Claims {
        identifier: text("TLS.identifier")?.to_owned(),
        sdk_app_id: u32::try_from(number("TLS.sdkappid")?).ok()?,
        issued: number("TLS.time")?,
        lifetime: number("TLS.expire")?,
        user_buf: text("TLS.userbuf").map(str::to_owned),
    };
    Some((claims, STANDARD.decode(text("TLS.sig")?).ok()?))
}

fn encode(json: &[u8]) -> String {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing into memory cannot fail; an empty UserSig would be refused.
    let packed = zlib.write_all(json).and_then(|()| zlib.finish()).unwrap_or_default();
    STANDARD.encode(packed).replace('+', "*").replace('/', "-").replace('=', "_")
}

fn decode(user_sig: &str) -> Option<Vec<u8>> {
    let text = user_sig.replace('*', "+").replace('-', "/").replace('_', "=");
    let packed = STANDARD.decode(text).ok()?;
    let mut json = Vec::new();
    let mut inflated = ZlibDecoder::new(packed.as_slice()).take(MAX_INFLATED);
    inflated.read_to_end(&mut json).ok()?;
    Some(json)
}

#[cfg(test)]
mod tests;
