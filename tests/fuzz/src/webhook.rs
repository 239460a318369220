//! Webhooks: any query is refused or a call, any body is an event, and no event lowers a time.
//!
//! The first line of the input is the query, the rest is the body.

use conv_api::{
    Timestamp,
    model::{Conversation, Known, merge},
};
use conv_gateway::webhook::{
    App, Call, Command, Event, EventKind, Refusal, Token, Trust, Verifier,
};

const APP: u32 = 1_400_000_000;
/// Of the documentation's vector, which is in the corpus.
const TOKEN: &str = "xxxxyyyy";
const SIGN: &str = "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061";
const SIGNED_AT: Timestamp = Timestamp::from_secs(1_669_872_112);
const NOW: Timestamp = Timestamp::from_secs(1_775_000_000);

pub fn webhook(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (query, body) = (&data[..end], data.get(end + 1..).unwrap_or_default());
    if let Ok(query) = std::str::from_utf8(query) {
        read(query, body);
    }
    for command in Command::ALL {
        let call = Call::parse(&format!("SdkAppid={APP}&CallbackCommand={}", command.as_str()));
        means_something(&Event::parse(&call.unwrap(), body));
    }
}

fn read(query: &str, body: &[u8]) {
    let parsed = Call::parse(query);
    let verified = verify(TOKEN, query);
    if let Ok(call) = &verified {
        assert_eq!(Ok(call), parsed.as_ref());
        assert_eq!(verify("other", query), Err(Refusal::BadSign));
    }
    if let Ok(call) = &parsed {
        let event = Event::parse(call, body);
        assert_eq!(event, Event::parse(call, body));
        means_something(&event);
    }
    let shown = format!("{parsed:?} {verified:?}");
    assert!(query.contains("CallbackCommand") || !shown.contains(SIGN));
}

fn verify(token: &str, query: &str) -> Result<Call, Refusal> {
    let app = App::signed(APP, Token::new(token).unwrap());
    Verifier::default().with_app(app).verify(query, SIGNED_AT)
}

fn means_something(event: &Event) {
    let marks = event.marks(Some("admin"));
    if matches!(event.kind, EventKind::Unknown(_) | EventKind::Before | EventKind::NoList) {
        assert!(marks.marks.is_empty() && marks.provisional.is_empty());
    }
    for fact in marks.provisional {
        let mut held = Conversation::new(fact.row.clone());
        held.listing.time = Some(NOW);
        held.last_message = Known::Nothing;
        assert_eq!(fact.patch(Trust::Dirty, &held, NOW), None);
        assert_eq!(fact.suggestion(Trust::Dirty, NOW), None);
        for trust in [Trust::Bump, Trust::Preview] {
            let suggestion = fact.suggestion(trust, NOW);
            assert!(suggestion.is_none_or(|it| it.id == fact.row && it.time <= NOW.plus_secs(60)));
            let patch = fact.patch(trust, &held, NOW);
            let after = patch.map_or(held.clone(), |patch| merge(Some(&held), &patch));
            assert!(after.listing.time >= held.listing.time);
            assert!(after.listing.time <= Some(NOW.plus_secs(60)));
        }
    }
}
