//! The open calls of a pass, each with its own retries.

use std::{collections::BTreeMap, time::Duration};

use conv_model::{ConversationId, Cursor, Facet};
use serde::{Deserialize, Serialize};

use super::{CallId, Effect, Input, retries::Tries};
use crate::SourceError;

/// The maximum number of facet calls in flight or paused at a time.
const MAX_FACET_CALLS: usize = 4;

/// The content of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Question {
    Page { cursor: Option<Cursor> },
    Changes { since: Cursor },
    Groups,
    Facet { facet: Facet, ids: Vec<ConversationId> },
}

/// A call in flight, or between two tries.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) question: Question,
    /// The time of the last attempt, on the driver's clock.
    pub(super) sent: Duration,
    tries: Tries,
    state: CallState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum CallState {
    InFlight,
    /// `held` if the cloud asked for the pause.
    Paused {
        held: bool,
    },
}

/// The open calls. An answer to a call that is not open, or to another kind of question, is
/// ignored, so the late reply of an abandoned call changes nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Calls {
    last: CallId,
    open: BTreeMap<CallId, Call>,
}

impl Question {
    fn effect(&self, call: CallId) -> Effect {
        match self.clone() {
            Self::Page { cursor } => Effect::List { call, cursor },
            Self::Changes { since } => Effect::Changes { call, since },
            Self::Groups => Effect::Name { call },
            Self::Facet { facet, ids } => Effect::Hydrate { call, facet, ids },
        }
    }
}

impl Calls {
    pub(super) fn send(&mut self, now: Duration, question: Question) -> Effect {
        self.last = self.last.next();
        let effect = question.effect(self.last);
        let (tries, state) = (Tries::default(), CallState::InFlight);
        self.open.insert(self.last, Call { question, sent: now, tries, state });
        effect
    }

    /// Removes and returns the call that an input answers.
    pub(super) fn answered(&mut self, input: &Input) -> Option<Call> {
        let open = match input {
            Input::Listed { call, .. } => {
                self.in_flight(*call, |question| matches!(question, Question::Page { .. }))
            }
            Input::Changed { call, .. } => {
                self.in_flight(*call, |question| matches!(question, Question::Changes { .. }))
            }
            Input::Named { call, .. } => {
                self.in_flight(*call, |question| matches!(question, Question::Groups))
            }
            Input::Hydrated { call, .. } => {
                self.in_flight(*call, |question| matches!(question, Question::Facet { .. }))
            }
            _ => None,
        };
        self.open.remove(&open?)
    }

    fn in_flight(&self, id: CallId, is_kind: impl Fn(&Question) -> bool) -> Option<CallId> {
        let call = self.open.get(&id)?;
        (call.state == CallState::InFlight && is_kind(&call.question)).then_some(id)
    }

    /// Puts a failed call back, to be sent again after a pause. Returns the call as an error if it
    /// may not be retried.
    pub(super) fn pause(
        &mut self,
        now: Duration,
        id: CallId,
        mut call: Call,
        error: &SourceError,
    ) -> Result<Effect, Call> {
        let Some(delay) = call.tries.delay(now, error) else {
            return Err(call);
        };
        call.state = CallState::Paused { held: delay.least > Duration::ZERO };
        self.open.insert(id, call);
        Ok(Effect::Wait { call: id, delay })
    }

    /// Ends the pause of a call and sends it again.
    pub(super) fn woke(&mut self, now: Duration, id: CallId) -> Option<Effect> {
        let call = self.open.get_mut(&id).filter(|call| call.state != CallState::InFlight)?;
        call.state = CallState::InFlight;
        call.sent = now;
        Some(call.question.effect(id))
    }

    /// Resets the retries of every call, and sends again those whose pause the cloud did not ask
    /// for.
    pub(super) fn retry_now(&mut self, now: Duration) -> Vec<Effect> {
        let mut free = Vec::new();
        for (id, call) in &mut self.open {
            call.tries = Tries::default();
            if call.state == (CallState::Paused { held: false }) {
                free.push(*id);
            }
        }
        free.into_iter().filter_map(|id| self.woke(now, id)).collect()
    }

    /// Abandons all calls.
    pub(super) fn clear(&mut self) {
        self.open.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn reads_groups(&self) -> bool {
        self.open.values().any(|call| matches!(call.question, Question::Groups))
    }

    pub(super) fn has_room_for_facets(&self) -> bool {
        let facets = |call: &&Call| matches!(call.question, Question::Facet { .. });
        self.open.values().filter(facets).count() < MAX_FACET_CALLS
    }
}
