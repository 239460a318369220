use conv_sync::SourceError;

use super::*;

fn asked(state: &mut State, request: Request) -> Asked {
    state.ask(request).asked
}

fn pass(state: &mut State, outcome: &Outcome) -> Next {
    state.begin();
    state.end(outcome, true)
}

fn lost() -> Outcome {
    Err(Error::Source(SourceError::TimedOut))
}

#[test]
fn a_caller_is_answered_by_the_pass_under_way_whatever_is_marked_later() {
    let mut state = State::default();
    let first = state.ask(Request::Join);
    assert!(first.starts);
    state.begin();
    let joined = state.ask(Request::Join);
    assert!(!joined.starts);
    state.ask(Request::Mark);
    assert_eq!(state.end(&Ok(()), true), Next::Again);
    assert!(matches!(state.answer(first.asked), Some(Ok(()))));
    assert!(matches!(state.answer(joined.asked), Some(Ok(()))));
    assert!(state.is_marked(), "the pass began before the mark");
}

#[test]
fn a_caller_after_a_mark_waits_for_a_pass_that_saw_the_mark() {
    let mut state = State::default();
    asked(&mut state, Request::Join);
    state.begin();
    state.ask(Request::Mark);
    let caller = asked(&mut state, Request::Join);
    assert_eq!(state.end(&Ok(()), true), Next::Again);
    assert!(state.answer(caller).is_none());
    assert_eq!(pass(&mut state, &Ok(())), Next::End);
    assert!(matches!(state.answer(caller), Some(Ok(()))));
    assert!(!state.is_marked());
}

#[test]
fn a_mark_outlives_every_pass_that_fails() {
    let mut state = State::default();
    state.ask(Request::Mark);
    for _ in 0..3 {
        assert_eq!(pass(&mut state, &lost()), Next::Pause);
        assert!(state.resume(true, false), "no handle is left, but the list is marked");
    }
    assert_eq!(state.unserved(), Some(Unserved { failed: 3, is_blocked: false }));
    assert_eq!(pass(&mut state, &Err(Error::NoSource)), Next::End);
    assert_eq!(state.unserved(), Some(Unserved { failed: 4, is_blocked: true }));
    let caller = state.ask(Request::Join);
    assert!(caller.starts);
    assert_eq!(pass(&mut state, &Ok(())), Next::End);
    assert!(state.unserved().is_none() && matches!(state.answer(caller.asked), Some(Ok(()))));
}

#[test]
fn a_mark_does_not_end_a_pause_and_a_caller_does() {
    let mut state = State::default();
    asked(&mut state, Request::Join);
    assert_eq!(pass(&mut state, &lost()), Next::Pause);
    let marked = state.ask(Request::Mark);
    assert!(!marked.starts && !marked.hurries);
    let caller = state.ask(Request::Join);
    assert!(!caller.starts && caller.hurries);
    assert!(state.answer(caller.asked).is_none(), "the failure came before it asked");
}

#[test]
fn an_unmarked_list_that_nobody_holds_is_not_pulled_again() {
    let mut state = State::default();
    asked(&mut state, Request::Refresh);
    assert_eq!(pass(&mut state, &lost()), Next::Pause);
    assert!(!state.resume(true, false));
    assert!(!state.is_running());
}

#[test]
fn callers_learn_that_the_task_is_gone() {
    let mut state = State::default();
    let caller = asked(&mut state, Request::Join);
    state.begin();
    state.die(Error::Stopped);
    assert!(matches!(state.answer(caller), Some(Err(Error::Stopped))));
    assert!(state.ask(Request::Join).starts);
}
