//! Any bytes: an answer, and no panic.

use conv_gateway::webhook::{App, Call, Command, Event, EventKind, Refusal, Token, Verifier};
use conv_model::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{APP, call, samples::samples};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        prop_oneof![Just("alice"), Just("@TGS#_1@TOPIC#_x"), Just("1700000000")]
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("\\PC{0,8}", inner, 0..4)
                .prop_map(|map| Value::from(Map::from_iter(map))),
        ]
    })
}

fn any_command() -> impl Strategy<Value = &'static str> {
    prop::sample::select(Command::ALL.iter().map(|command| command.as_str()).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn any_bytes_are_an_event(command in any_command(), body in prop::collection::vec(any::<u8>(), 0..200)) {
        Event::parse(&call(command), &body).marks(Some("admin"));
    }

    #[test]
    fn any_json_is_an_event(command in any_command(), body in any_json()) {
        Event::parse(&call(command), body.to_string().as_bytes()).marks(Some("admin"));
    }

    /// A sample in which one value is any other is read, or unknown.
    #[test]
    fn a_sample_with_a_strange_value_is_an_event(
        at in any::<prop::sample::Index>(), field in any::<prop::sample::Index>(), value in any_json(),
    ) {
        let samples = samples();
        let (command, body) = at.get(&samples);
        let mut body: Map<String, Value> = serde_json::from_str(body).unwrap();
        let name = field.get(&body.keys().cloned().collect::<Vec<_>>()).clone();
        body.insert(name, value);
        body.insert("CallbackCommand".into(), json!(command));
        let body = Value::from(body).to_string();
        let event = Event::parse(&call(command), body.as_bytes());
        prop_assert_eq!(event.command.as_str(), command.as_str());
        prop_assert_eq!(&event, &Event::parse(&call(command), body.as_bytes()));
        event.marks(None);
    }

    #[test]
    fn a_command_that_is_not_known_is_unknown(word in "[A-Za-z]{1,8}\\.[A-Z][a-z]{1,8}", body in any_json()) {
        let event = Event::parse(&call(&word), body.to_string().as_bytes());
        prop_assert_eq!(event.command, Command::Other);
        prop_assert!(matches!(event.kind, EventKind::Unknown(_)));
        prop_assert!(event.marks(None).marks.is_empty());
    }

    #[test]
    fn any_query_is_refused_unless_it_is_signed(query in "[a-zA-Z0-9=&%+]{0,200}", app in any::<bool>()) {
        let token = Token::new("0123456789abcdef0123456789abcdef").unwrap();
        let verifier = Verifier::default().with_app(App::signed(APP, token));
        let query = if app { format!("SdkAppid={APP}&{query}") } else { query };
        let refused = verifier.verify(&query, Timestamp::from_secs(1_775_000_000));
        prop_assert!(refused.is_err());
        if let Err(Refusal::NoApp | Refusal::WrongApp) = refused {
            prop_assert!(!app);
        }
        // Without a proof it may be accepted.
        let _ = Call::parse(&query);
    }
}
