//! The checks before a command runs.

use axum::{
    extract::Query,
    http::{Method, Uri},
};
use serde_json::{Map, Value};

use crate::{
    code,
    credentials::Credentials,
    envelope::Refusal,
    user_sig::{self, Expected},
};

/// The maximum size of a body, more than any documented command needs.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// Checks that the caller is an administrator of the app.
///
/// Ignores `random` and `contenttype`: real clients leave them out or always send the same number.
pub(crate) fn admit(
    method: &Method,
    uri: &Uri,
    credentials: &Credentials,
    now: u64,
) -> Result<(), Refusal> {
    if method != Method::POST {
        return Err(Refusal::new(code::BAD_URL, "only POST is allowed"));
    }
    let query = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|_| Refusal::new(code::BAD_URL, "query string cannot be parsed"))?;
    let value = |name: &str| {
        let pair = query.iter().find(|(key, _)| key == name);
        pair.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    };
    let app = value("sdkappid")
        .ok_or_else(|| Refusal::new(code::NO_SDK_APP_ID, "sdkappid is missing from the URL"))?;
    let app: u32 =
        app.parse().map_err(|_| Refusal::new(code::BAD_SDK_APP_ID, "sdkappid is not a number"))?;
    if app != credentials.sdk_app_id {
        return Err(Refusal::new(code::APP_NOT_FOUND, "no such SDKAppID"));
    }
    let identifier = value("identifier")
        .ok_or_else(|| Refusal::new(code::BAD_IDENTIFIER, "identifier is missing from the URL"))?;
    let expected = Expected { identifier, sdk_app_id: app, key: &credentials.secret_key, now };
    user_sig::verify(value("usersig").unwrap_or_default(), expected)?;
    if identifier != credentials.identifier {
        return Err(Refusal::new(code::NOT_ADMIN, "identifier is not an administrator"));
    }
    Ok(())
}

/// Returns the body as a JSON object; `None` means that it is too large.
pub(crate) fn object(body: Option<&[u8]>) -> Result<Map<String, Value>, Refusal> {
    let body = body.ok_or_else(|| Refusal::new(code::BAD_JSON, "body is too large"))?;
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Refusal::new(code::BAD_JSON, "body must be a JSON object")),
        Err(error) => Err(Refusal::new(code::BAD_JSON, format!("body is not JSON: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    #[track_caller]
    fn admitted(query: &str) -> u32 {
        let uri: Uri = format!("/v4/recentcontact/get_list?{query}").parse().unwrap();
        let result = admit(&Method::POST, &uri, &Credentials::default(), NOW);
        result.err().map_or(0, |refusal| refusal.code)
    }

    #[test]
    fn a_signed_administrator_is_let_in_without_random_and_contenttype() {
        let sig = Credentials::default().user_sig("administrator", NOW);
        let query = format!("sdkappid=1400000000&identifier=administrator&usersig={sig}");
        assert_eq!(admitted(&query), 0);
        assert_eq!(admitted(&format!("{query}&random=7&random=7&contenttype=json&x=y")), 0);
    }

    #[test]
    fn an_encoded_identifier_is_decoded() {
        let credentials =
            Credentials { identifier: "user name+/=~".into(), ..Credentials::default() };
        let sig = credentials.user_sig("user name+/=~", NOW);
        for name in ["user%20name%2B%2F%3D%7E", "user+name%2b/%3d~"] {
            let query = format!("/?sdkappid=1400000000&identifier={name}&usersig={sig}");
            assert_eq!(admit(&Method::POST, &query.parse().unwrap(), &credentials, NOW), Ok(()));
        }
    }

    #[test]
    fn each_missing_or_wrong_part_has_its_own_code() {
        let sig = Credentials::default().user_sig("administrator", NOW);
        let app = "sdkappid=1400000000";
        assert_eq!(admitted(""), code::NO_SDK_APP_ID);
        assert_eq!(admitted("SdkAppId=1400000000"), code::NO_SDK_APP_ID);
        assert_eq!(admitted("sdkappid=abc"), code::BAD_SDK_APP_ID);
        assert_eq!(admitted("sdkappid=1400000009"), code::APP_NOT_FOUND);
        assert_eq!(admitted(app), code::BAD_IDENTIFIER);
        assert_eq!(admitted(&format!("{app}&identifier=administrator")), code::SIG_EMPTY);
        let other = format!("{app}&identifier=user_0001&usersig={sig}");
        assert_eq!(admitted(&other), code::SIG_OTHER_IDENTIFIER);
        let user = Credentials::default().user_sig("user_0001", NOW);
        let user = format!("{app}&identifier=user_0001&usersig={user}");
        assert_eq!(admitted(&user), code::NOT_ADMIN);
        let old = Credentials::default().user_sig("administrator", 1);
        let old = format!("{app}&identifier=administrator&usersig={old}");
        assert_eq!(admitted(&old), code::SIG_EXPIRED);
    }

    #[test]
    fn only_post_is_served() {
        let refusal = admit(&Method::GET, &Uri::from_static("/"), &Credentials::default(), NOW);
        assert_eq!(refusal.unwrap_err().code, code::BAD_URL);
    }

    #[test]
    fn only_a_json_object_is_a_body() {
        for body in [&b""[..], b"[]", b"{", b"\xff", b"null"] {
            assert_eq!(object(Some(body)).unwrap_err().code, code::BAD_JSON);
        }
        assert_eq!(object(None).unwrap_err().code, code::BAD_JSON);
        assert!(object(Some(b"{}")).unwrap().is_empty());
    }
}
