//! A pass kept as a trace of its inputs replays to the same effects, from any point of it.

use std::time::Duration;

use conv_model::{Commit, ConversationId, Seq, SyncState};
use conv_sync::{
    Capabilities, ConversationSource, HydrateRequest, PullRequest, SourceError,
    testing::{CallId, Effect, Input, NOW, Pull, ScriptedSource, row},
};

use crate::support::{Cache, plan};

/// The inputs with their times, and the effects, as JSON.
#[derive(Default)]
struct Trace {
    inputs: Vec<(Duration, String)>,
    effects: Vec<String>,
}

/// A pass by hand: each effect is answered in turn.
async fn record(source: &ScriptedSource, cache: &mut Cache) -> Trace {
    let account: conv_model::AccountId = "user_0001".parse().unwrap();
    let (mut pull, mut effects) = start(&cache.state);
    let mut trace = Trace::default();
    let mut now = Duration::ZERO;
    let mut waiting = Vec::new();
    loop {
        trace.effects.push(serde_json::to_string(&effects).unwrap());
        waiting.extend(effects);
        let input = match waiting.remove(0) {
            Effect::Done => return trace,
            Effect::Apply(delta) => {
                let commit: Commit = cache.apply(&delta);
                Input::Applied { needs_profile: commit.needs_profile }
            }
            Effect::List { call, cursor } => {
                let request = PullRequest::new(account.clone(), cursor, 500);
                Input::Listed { call, asked: Seq::ZERO, answer: source.pull(&request).await }
            }
            Effect::Name { call } => {
                Input::Named { call, asked: Seq::ZERO, answer: source.groups(&account).await }
            }
            Effect::Hydrate { call, facet, ids } => {
                let request = HydrateRequest::new(account.clone(), facet, ids);
                Input::Hydrated { call, asked: Seq::ZERO, answer: source.hydrate(&request).await }
            }
            Effect::Wait { call, delay } => {
                now += delay.least + delay.spread;
                Input::Woke(call)
            }
            other => panic!("{other:?}"),
        };
        now += Duration::from_millis(5);
        trace.inputs.push((now, serde_json::to_string(&input).unwrap()));
        effects = pull.step(now, input);
    }
}

fn start(state: &SyncState) -> (Pull, Vec<Effect>) {
    Pull::start(plan(500), &Capabilities::default(), state)
}

/// Replays a trace; before input `at` the machine itself goes through JSON.
fn replay(trace: &Trace, state: &SyncState, at: usize) {
    let (mut pull, effects) = start(state);
    assert_eq!(serde_json::to_string(&effects).unwrap(), trace.effects[0]);
    for (turn, (now, input)) in trace.inputs.iter().enumerate() {
        if turn == at {
            pull = serde_json::from_str(&serde_json::to_string(&pull).unwrap()).unwrap();
        }
        let effects = pull.step(*now, serde_json::from_str(input).unwrap());
        let effects = serde_json::to_string(&effects).unwrap();
        assert_eq!(effects, trace.effects[turn + 1], "after input {turn}: {input}");
    }
    assert!(pull.outcome().is_some());
}

fn busy_source() -> ScriptedSource {
    let rows = (0..130).map(|n| {
        let id = match n % 2 {
            0 => ConversationId::c2c(&format!("u{n}")),
            _ => ConversationId::group(&format!("g{n}")),
        };
        let mut row = row(id.unwrap(), NOW);
        row.group_ids = Some(vec![n % 3]);
        row
    });
    let source = ScriptedSource::new(rows).page_size(40);
    source.set_groups(&[(0, "Family"), (1, "Suppliers")]);
    source.answer_from_list();
    source.answer(Err(SourceError::TimedOut));
    source.answer(Err(SourceError::CursorExpired));
    source.fail_hydration(SourceError::TimedOut);
    source
}

#[tokio::test]
async fn a_trace_of_inputs_replays_to_the_same_effects_from_any_point() {
    let mut cache = Cache::default();
    let before = cache.state.clone();
    let trace = record(&busy_source(), &mut cache).await;
    assert_eq!(cache.rows.len(), 130);
    assert!(trace.inputs.len() > 20);
    for at in 0..trace.inputs.len() {
        replay(&trace, &before, at);
    }
}

#[test]
fn every_answer_survives_json() {
    let what = || String::from("what");
    let errors = [
        SourceError::TimedOut,
        SourceError::network(what()),
        SourceError::Protocol { what: what() },
        SourceError::Signer(std::sync::Arc::new(std::io::Error::other("no key"))),
    ];
    for error in errors {
        let call = CallId::default();
        let input = Input::Listed { call, asked: Seq::new(7), answer: Err(error) };
        let json = serde_json::to_string(&input).unwrap();
        let again: Input = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), json);
    }
    let woke = serde_json::to_string(&Input::Woke(CallId::default())).unwrap();
    assert!(matches!(serde_json::from_str(&woke).unwrap(), Input::Woke(_)));
}
