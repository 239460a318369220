//! Handles the answers to a pass's calls.

use std::{mem, time::Duration};

use conv_model::{Delta, Seq};

use super::{
    CallId, DeltaKind, Effect, Pull, Stage,
    calls::{Call, Question},
};
use crate::{Groups, Hydrated, Page, SourceError};

impl Pull {
    pub(super) fn on_listed(
        &mut self,
        now: Duration,
        (id, call): (CallId, Call),
        asked: Seq,
        answer: Result<Page, SourceError>,
        out: &mut Vec<Effect>,
    ) {
        match answer {
            Ok(page) => self.take_in(now, call.sent, asked, page, out),
            Err(SourceError::CursorExpired) if self.restarts() => self.ask(now, out),
            Err(error) => match self.calls.pause(now, id, call, &error) {
                Ok(pause) => out.push(pause),
                Err(_) => self.give_up_page(now, error, out),
            },
        }
    }

    /// Ends a page call that may not be retried. A resumed listing begins again at the head,
    /// whatever the error: otherwise a cursor that the cloud refuses would fail every later pass.
    fn give_up_page(&mut self, now: Duration, error: SourceError, out: &mut Vec<Effect>) {
        if self.listing.is_resumed() && self.restarts() {
            self.ask(now, out);
        } else {
            self.fail(error);
        }
    }

    pub(super) fn on_named(
        &mut self,
        now: Duration,
        (id, call): (CallId, Call),
        asked: Seq,
        answer: Result<Groups, SourceError>,
        out: &mut Vec<Effect>,
    ) {
        let (renamed, unnamed) = match answer {
            Ok(groups) => self.naming.learn(groups),
            Err(error) => match self.calls.pause(now, id, call, &error) {
                Ok(pause) => return out.push(pause),
                // The pass goes on without the names: rows keep the groups they had.
                Err(_) => (Vec::new(), self.naming.give_up()),
            },
        };
        if self.naming.is_asking() {
            out.push(self.calls.send(now, Question::Groups));
        }
        self.unreported.extend(unnamed);
        let mut delta = Delta::updates(renamed);
        delta.pass = Some(self.pass);
        delta.asked = Some(asked);
        delta.groups = self.naming.take_learned();
        if matches!(self.stage, Stage::Naming { .. }) && !self.naming.is_asking() {
            if let Stage::Naming { ending } = mem::replace(&mut self.stage, Stage::Finishing) {
                self.finish(delta, ending);
            }
        } else if !delta.updates.is_empty() || delta.groups.is_some() {
            self.post(DeltaKind::Amend, delta);
        }
    }

    pub(super) fn on_hydrated(
        &mut self,
        now: Duration,
        (id, call): (CallId, Call),
        asked: Seq,
        answer: Result<Hydrated, SourceError>,
        out: &mut Vec<Effect>,
    ) {
        match answer {
            Ok(hydrated) => {
                if let Question::Facet { facet, .. } = call.question {
                    self.take_in_facets(now, facet, asked, hydrated);
                }
            }
            // Names are worth a few tries, not the pass: the next pass wants those missing.
            Err(error) => match self.calls.pause(now, id, call, &error) {
                Ok(pause) => out.push(pause),
                Err(call) => {
                    if let Question::Facet { facet, ids } = call.question {
                        self.give_up_facets(facet, asked, &ids, &error);
                    }
                }
            },
        }
    }
}
