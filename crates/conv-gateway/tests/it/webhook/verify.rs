//! The verification of webhook calls.

use std::time::Duration;

use conv_gateway::webhook::{App, Call, MAX_QUERY, Platform, Refusal, Token, TokenError, Verifier};
use conv_model::Timestamp;
use sha2::{Digest, Sha256};

use super::APP;

/// The vector of the cloud's documentation.
const SIGN: &str = "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061";
const TIME: &str = "1669872112";
const NOW: Timestamp = Timestamp::from_secs(1_669_872_112);
const LONG: &str = "0123456789abcdef0123456789abcdef";

fn token(text: &str) -> Token {
    Token::new(text).unwrap()
}

fn verifier() -> Verifier {
    Verifier::default().with_app(App::signed(APP, token("xxxxyyyy")).with_admin("admin"))
}

fn verify(rest: &str) -> Result<Call, Refusal> {
    verifier().verify(&format!("SdkAppid={APP}&CallbackCommand=State.StateChange&{rest}"), NOW)
}

fn signed(token: &str, time: &str) -> String {
    let hash = Sha256::digest(format!("{token}{time}"));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_vector_of_the_documentation_is_let_in_in_either_case() {
    let call = verify(&format!("Sign={SIGN}&RequestTime={TIME}&OptPlatform=RESTAPI")).unwrap();
    assert_eq!(call.command.as_deref(), Some("State.StateChange"));
    assert_eq!((call.app, call.platform), (APP, Platform::Rest));
    assert!(verify(&format!("Sign={}&RequestTime={TIME}", SIGN.to_uppercase())).is_ok());
    assert!(verify(&format!("sign={SIGN}&REQUESTTIME={TIME}")).is_ok());
    assert_eq!(signed("xxxxyyyy", TIME), SIGN);
}

#[test]
fn the_misprint_of_the_documentation_is_refused() {
    let verifier = Verifier::default().with_app(App::signed(APP, token("xxxyyy")));
    let query = format!("SdkAppid={APP}&Sign={SIGN}&RequestTime={TIME}");
    assert_eq!(verifier.verify(&query, NOW), Err(Refusal::BadSign));
}

#[test]
fn every_part_of_the_proof_is_asked_for() {
    for (rest, refusal) in [
        ("", Refusal::NoSign),
        ("RequestTime=1669872112", Refusal::NoSign),
        (&*format!("Sign={SIGN}"), Refusal::NoTime),
        (&*format!("Sign={SIGN}&RequestTime=1669872113"), Refusal::BadSign),
        (&*format!("Sign={}&RequestTime={TIME}", &SIGN[1..]), Refusal::BadSign),
        (&*format!("Sign=&RequestTime={TIME}"), Refusal::BadSign),
        (&*format!("Sign={SIGN}00&RequestTime={TIME}"), Refusal::BadSign),
        (&*format!("Sign={SIGN}&sign={SIGN}&RequestTime={TIME}"), Refusal::DoubledName),
        (&*format!("Sign={SIGN}&RequestTime={TIME}&ClientIP=%f"), Refusal::Malformed),
        (&*format!("Sign={SIGN}&RequestTime={TIME}&%ff=1"), Refusal::Malformed),
    ] {
        assert_eq!(verify(rest), Err(refusal), "{rest}");
    }
}

#[test]
fn a_time_is_one_to_twelve_digits() {
    for time in [
        "",
        "%2B1669872112",
        "+1669872112",
        "-1",
        "1669872112%80%00",
        "16698721120000000000",
        "1669872112.0",
        "1e9",
        "%D9%A1",
        "1669872112%20",
        "0x6388",
    ] {
        // Signed rightly over what a lax reader would take.
        let sign = signed("xxxxyyyy", time);
        assert_eq!(
            verify(&format!("Sign={sign}&RequestTime={time}")),
            Err(Refusal::BadTime),
            "{time}"
        );
    }
    // Still a time, and far away.
    let sign = signed("xxxxyyyy", "7");
    assert_eq!(verify(&format!("Sign={sign}&RequestTime=7")), Err(Refusal::Stale));
    let sign = signed("xxxxyyyy", "999999999999");
    assert_eq!(verify(&format!("Sign={sign}&RequestTime=999999999999")), Err(Refusal::Future));
}

#[test]
fn a_call_is_let_in_within_the_window_on_either_side() {
    let query = format!("SdkAppid={APP}&Sign={SIGN}&RequestTime={TIME}");
    let at = |verifier: &Verifier, offset: i64| {
        let now = Timestamp::from_secs(NOW.as_secs().saturating_add_signed(offset));
        verifier.verify(&query, now).err()
    };
    let narrow = verifier();
    let expected = [(60, None), (61, Some(Refusal::Stale)), (120, Some(Refusal::Stale))];
    for (offset, refusal) in expected {
        assert_eq!(at(&narrow, offset), refusal, "{offset}");
    }
    for (offset, refusal) in
        [(-60, None), (-61, Some(Refusal::Future)), (-120, Some(Refusal::Future))]
    {
        assert_eq!(at(&narrow, offset), refusal, "{offset}");
    }
    let wide = verifier().with_window(Duration::from_secs(180));
    assert_eq!((at(&wide, 180), at(&wide, 181)), (None, Some(Refusal::Stale)));
}

#[test]
fn a_forgery_is_a_bad_sign_whatever_its_time() {
    let sign = signed("guess", "7");
    assert_eq!(verify(&format!("Sign={sign}&RequestTime=7")), Err(Refusal::BadSign));
}

#[test]
fn both_tokens_fit_during_a_rotation() {
    let app = App::signed(APP, token("new")).with_other_token(token("old"));
    let verifier = Verifier::default().with_app(app);
    for (secret, is_let_in) in [("new", true), ("old", true), ("older", false)] {
        let sign = signed(secret, TIME);
        let query = format!("SdkAppid={APP}&Sign={sign}&RequestTime={TIME}");
        assert_eq!(verifier.verify(&query, NOW).is_ok(), is_let_in, "{secret}");
    }
}

#[test]
fn each_app_has_its_own_token_and_others_are_refused() {
    let verifier = verifier().with_app(App::signed(7, token("seven"))).with_app(App::unsigned(8));
    let verify = |app: &str, secret: &str| {
        let sign = signed(secret, TIME);
        verifier.verify(&format!("sdkappid={app}&Sign={sign}&RequestTime={TIME}"), NOW).err()
    };
    assert_eq!(verify("7", "seven"), None);
    assert_eq!(verify("7", "xxxxyyyy"), Some(Refusal::BadSign));
    assert_eq!(verify("8", "any"), None);
    for odd in ["9", "", "0", "-7", "%2B7", "7%20", "seven", "4294967303", "99999999999999999999"] {
        assert_eq!(verify(odd, "seven"), Some(Refusal::WrongApp), "{odd}");
    }
    assert_eq!(verifier.verify("CallbackCommand=State.StateChange", NOW), Err(Refusal::NoApp));
    assert_eq!(verifier.verify("SdkAppid=8", NOW).unwrap().app, 8);
}

#[test]
fn a_query_has_a_limit() {
    let fits = format!("SdkAppid={APP}&x={}", "y".repeat(MAX_QUERY - 23));
    assert!(fits.len() <= MAX_QUERY && Call::parse(&fits).is_ok());
    assert_eq!(Call::parse(&format!("{fits}yyyyy")), Err(Refusal::QueryTooLong));
}

#[test]
fn weak_tokens_are_named_by_their_app_alone() {
    assert_eq!(Token::new(" \n").unwrap_err(), TokenError::Empty);
    let app = App::signed(7, token(LONG)).with_other_token(token("short"));
    let verifier = Verifier::default().with_app(app);
    let weak: Vec<_> = verifier.weak_tokens().collect();
    assert_eq!((weak.len(), weak[0].app, weak[0].length), (1, 7, 5));
    assert!(!weak[0].to_string().contains("short"));
    let file = format!("{LONG}\n");
    assert!(!Token::new(file).unwrap().is_weak());
}

#[test]
fn no_debug_and_no_refusal_shows_a_token_or_a_sign() {
    let verifier = verifier();
    let query = format!("SdkAppid={APP}&Sign={SIGN}&RequestTime={TIME}&ClientIP=192.0.2.7");
    let call = verifier.verify(&query, NOW);
    let refused = verifier.verify(&query.replace("17773", "27773"), NOW);
    let shown = format!("{verifier:?} {:?} {call:?} {refused:?}", token("xxxxyyyy"));
    for secret in ["xxxxyyyy", &SIGN[5..], TIME, "192.0.2.7"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn refusals_have_names_of_their_own_and_a_status() {
    let names: std::collections::BTreeSet<_> = Refusal::ALL.iter().map(|r| r.as_str()).collect();
    assert_eq!(names.len(), Refusal::ALL.len());
    for refusal in Refusal::ALL {
        assert!([401, 403].contains(&refusal.status()));
    }
}
