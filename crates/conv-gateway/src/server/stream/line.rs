//! An open stream: a body that makes its next event when the socket takes more. Nothing queues up for
//! a client that does not read.

mod follow;
mod timing;

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Bytes;
use conv_api::{Clock, Error, Timestamp, TokioClock};
use http_body::{Body, Frame};
use serde::Serialize;
use tokio::time::Instant;

use self::{follow::Followed, timing::Timing};
use super::{
    asked::Query,
    event::{self, Id},
    feeds::{Advanced, Step, advance},
    lines::Place,
    login::{Login, Looked},
    report::State,
    stats::{End, Resumed},
};
use crate::server::{caller::Caller, shared::Shared};

/// A line on the list of one account.
pub(in crate::server) struct Line {
    shared: Arc<Shared>,
    queries: Arc<[(String, Query)]>,
    followed: Followed,
    login: Login,
    place: Place,
    drained: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    revoked: Pin<Box<dyn Future<Output = ()> + Send>>,
    timing: Timing,
    /// The events that were made and not taken yet: those of one commit at most.
    out: VecDeque<Bytes>,
    /// The time at which the last piece was taken: the next one is asked for as soon as there is room.
    taken_at: Option<Instant>,
    /// The client took nothing for too long.
    is_stalled: bool,
    is_greeted: bool,
    reported: Option<State>,
    /// The position that the client goes on from.
    id: Option<Id>,
    end: Option<End>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Hello<'a> {
    epoch: Option<String>,
    heartbeat: u64,
    max_age: u64,
    server_time: Timestamp,
    resumed: BTreeMap<&'a str, bool>,
}

impl Line {
    pub(in crate::server) async fn open(
        shared: &Arc<Shared>,
        caller: &Caller,
        queries: Vec<(String, Query)>,
    ) -> Result<Self, Error> {
        let watch = super::watch(&shared.accounts, &caller.account).await?;
        let is_own = caller.principal == caller.account;
        let drained =
            shared.stream.drain.clone().map(|drain| -> Pin<Box<dyn Future<Output = ()> + Send>> {
                Box::pin(async move { drain.closed().await })
            });
        let (known, session) = (Arc::clone(&shared.revoked), caller.session.clone());
        let revoked = Box::pin(async move { known.until_revoked(&session).await });
        shared.stream.stats.line_opened();
        Ok(Self {
            followed: Followed::new(shared, Arc::new(watch), &queries),
            queries: queries.into(),
            login: Login::new(caller.session.clone(), is_own, shared.now()),
            place: shared.stream.lines.open(caller),
            drained,
            revoked,
            timing: Timing::new(shared.stream.line_age),
            shared: Arc::clone(shared),
            out: VecDeque::new(),
            taken_at: None,
            is_stalled: false,
            is_greeted: false,
            reported: None,
            id: None,
            end: None,
        })
    }

    /// Makes the next events, or says that there are none yet.
    fn make(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(end) = self.ending(cx) {
                self.finish(end);
                return Poll::Ready(());
            }
            if self.look_at_login() || self.follow(cx) || self.report() || self.beat() {
                return Poll::Ready(());
            }
            if self.timing.poll(self.login.due, cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn ending(&mut self, cx: &mut Context<'_>) -> Option<End> {
        if self.is_stalled {
            return Some(End::Slow);
        }
        if Pin::new(&mut self.place.replaced).poll(cx).is_ready() {
            return Some(End::Replaced);
        }
        if self.drained.as_mut().is_some_and(|drained| drained.as_mut().poll(cx).is_ready()) {
            return Some(End::Drain);
        }
        if self.revoked.as_mut().poll(cx).is_ready() {
            return Some(End::Expired);
        }
        if self.timing.is_old() {
            return Some(End::Age);
        }
        None
    }

    /// Looks whether the login still holds, in time and with each sign of life; returns false if there
    /// is nothing to say of it.
    fn look_at_login(&mut self) -> bool {
        if Instant::now() < self.login.due && !self.timing.beats() {
            return false;
        }
        match self.login.look(&self.shared.tokens, self.shared.now()) {
            Looked::Holds => return false,
            Looked::Renewed(renewal) => self.out.push_back(event::event("renew", &renewal)),
            Looked::Ended => self.finish(End::Expired),
        }
        true
    }

    /// Reads the updates of all queries; returns false if there are none.
    fn follow(&mut self, cx: &mut Context<'_>) -> bool {
        loop {
            let Some((watch, feeds)) = self.followed.poll(&self.shared, &self.queries, cx) else {
                if self.followed.is_lost() {
                    self.finish(End::Drain);
                    return true;
                }
                return false;
            };
            match advance(watch.list(), feeds, &self.shared.stream.stats, cx) {
                Advanced::Closed => self.followed.open_again(&self.shared),
                Advanced::Steps { steps, at } => {
                    let at = at.map(|at| Id(at.position()));
                    if steps.is_empty() {
                        self.timing.quiet_at(at);
                        return false;
                    }
                    self.greet(&steps);
                    self.push(steps, at);
                    return true;
                }
            }
        }
    }

    fn greet(&mut self, steps: &[Step]) {
        if std::mem::replace(&mut self.is_greeted, true) {
            return;
        }
        let resumed = steps.iter().filter(|step| step.is_first).filter_map(|step| {
            let (key, query) = self.queries.get(step.feed)?;
            Some((key.as_str(), query.has_position && step.kind != Resumed::Reset))
        });
        let position = steps.iter().find_map(|step| step.position);
        let hello = Hello {
            epoch: position.map(|position| format!("{:016x}", position.epoch)),
            heartbeat: timing::HEARTBEAT.as_secs(),
            max_age: self.shared.stream.line_age.as_secs(),
            server_time: self.shared.now(),
            resumed: resumed.collect(),
        };
        self.out.push_back(event::event("hello", &hello));
    }

    /// The ID of a line with one query is where its rows are. That of a line with more comes with the
    /// last update of a commit, and is where all of them are.
    fn push(&mut self, steps: Vec<Step>, at: Option<Id>) {
        let (is_single, count) = (self.queries.len() == 1, steps.len());
        for (index, step) in steps.into_iter().enumerate() {
            let id = match is_single {
                true => Some(Id(step.position)),
                false => at.filter(|_| index + 1 == count),
            };
            self.id = id.or(self.id);
            let key = self.queries.get(step.feed).map_or("", |(key, _)| key);
            self.out.extend([event::update(step.kind, id.as_ref(), key), step.json, event::END]);
            self.shared.stream.stats.update_sent();
        }
    }

    /// Finds out how long the client took nothing.
    fn measure(&mut self) {
        let taken_at = self.taken_at.take();
        if taken_at.is_some_and(|taken_at| taken_at.elapsed() >= timing::STALL) {
            self.shared.stream.stats.write_stalled();
            self.is_stalled = true;
        }
    }

    /// Reports changes of the list's state, once per second at most.
    fn report(&mut self) -> bool {
        if !self.is_greeted || !self.timing.may_report() {
            return false;
        }
        let Some(state) = self.followed.state() else { return false };
        if self.reported.as_ref() == Some(&state) {
            return false;
        }
        self.out.push_back(event::event("report", &state.report(&self.shared.accounts)));
        self.reported = Some(state);
        true
    }

    fn beat(&mut self) -> bool {
        if !self.timing.beats() {
            return false;
        }
        let id = self.timing.beaten().filter(|id| self.id != Some(*id));
        self.id = id.or(self.id);
        self.out.push_back(event::heartbeat(id.as_ref()));
        true
    }

    /// Says farewell. When to come back is spread, or all would come at once.
    fn finish(&mut self, end: End) {
        let (from, spread) = timing::comes_back(end);
        let spread = TokioClock::default().chance() * spread.as_millis() as f64;
        let retry_after = from.as_millis() as u64 + spread as u64;
        self.out.push_back(event::bye(end, retry_after));
        self.end = Some(end);
    }
}

impl Body for Line {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        this.measure();
        loop {
            if let Some(piece) = this.out.pop_front() {
                this.shared.stream.stats.bytes_sent(piece.len());
                this.taken_at = Some(Instant::now());
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            if this.end.is_some() {
                return Poll::Ready(None);
            }
            if this.make(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let end = self.end.unwrap_or(End::Gone);
        tracing::debug!(reason = end.as_str(), "line ended");
        self.shared.stream.stats.line_ended(end);
        self.shared.stream.lines.close(&self.place);
        if let Some(watch) = self.followed.take() {
            self.shared.interests.outlive_line(watch);
        }
    }
}
