//! Which answers a pass waits for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Effect, Input, Line};

/// What is open on each line. An answer that nobody waits for, or no longer, is not looked at: a
/// late reply of an abandoned call changes nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Open {
    listing: Option<Awaited>,
    hydration: Option<Awaited>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Awaited {
    Page,
    Names,
    Facet,
    /// The end of a pause; `held` if the cloud asked for it.
    Wake {
        held: bool,
    },
}

impl Awaited {
    fn is_pause(&mut self) -> bool {
        matches!(self, Self::Wake { .. })
    }
}

impl Open {
    /// Whether an input answers what is open on its line, which is then open no more. What is not
    /// about a line is always taken.
    pub(super) fn takes(&mut self, input: &Input) -> bool {
        let (line, awaited) = match input {
            Input::Listed(_) => (Line::Listing, Awaited::Page),
            Input::Named(_) => (Line::Listing, Awaited::Names),
            Input::Hydrated(_) => (Line::Hydration, Awaited::Facet),
            Input::Woke(line) => return self.line(*line).take_if(Awaited::is_pause).is_some(),
            Input::Applied { .. } | Input::Retry | Input::Cancel => return true,
        };
        self.line(line).take_if(|open| *open == awaited).is_some()
    }

    /// Ends a line's pause before its time; says whether there was one to end.
    pub(super) fn ends_pause(&mut self, line: Line) -> bool {
        self.line(line).take_if(|open| *open == Awaited::Wake { held: false }).is_some()
    }

    /// What is asked for from now on.
    pub(super) fn note(&mut self, effects: &[Effect]) {
        for effect in effects {
            let (line, awaited) = match effect {
                Effect::List { .. } => (Line::Listing, Awaited::Page),
                Effect::Name => (Line::Listing, Awaited::Names),
                Effect::Hydrate { .. } => (Line::Hydration, Awaited::Facet),
                Effect::Wait { line, delay } => {
                    (*line, Awaited::Wake { held: delay.least > Duration::ZERO })
                }
                Effect::Apply(_) | Effect::Done => continue,
            };
            *self.line(line) = Some(awaited);
        }
    }

    fn line(&mut self, line: Line) -> &mut Option<Awaited> {
        match line {
            Line::Listing => &mut self.listing,
            Line::Hydration => &mut self.hydration,
        }
    }
}
