//! The login that a line lives by.

use std::time::Duration;

use conv_api::Timestamp;
use serde::Serialize;
use tokio::time::Instant;

use crate::{AccessTokens, Session};

/// A token is renewed this long before it expires.
const AHEAD: u64 = 60;

/// A login, and when to look at it again.
#[derive(Debug)]
pub(in crate::server) struct Login {
    session: Session,
    can_be_renewed: bool,
    pub(in crate::server) due: Instant,
}

/// The state of a login.
pub(in crate::server) enum Looked {
    /// It holds.
    Holds,
    /// It holds, and there is something to say of it.
    Renewed(Renewal),
    /// It has ended.
    Ended,
}

/// The data of `renew`: a newer token, or the time until the UserSig must be sent again.
#[derive(Serialize)]
#[serde(untagged)]
pub(in crate::server) enum Renewal {
    #[serde(rename_all = "camelCase")]
    Token { access_token: String, expires_at: Timestamp },
    #[serde(rename_all = "camelCase")]
    Ends { expires_in: u64 },
}

impl Login {
    /// A line on another's list ends with its token: when it comes again, the authorizer is asked.
    pub(in crate::server) fn new(session: Session, is_own: bool, now: Timestamp) -> Self {
        let mut login = Self { session, can_be_renewed: is_own, due: Instant::now() };
        login.plan(now);
        login
    }

    pub(in crate::server) fn look(&mut self, tokens: &AccessTokens, now: Timestamp) -> Looked {
        let looked = self.looked(tokens, now);
        self.plan(now);
        looked
    }

    fn looked(&mut self, tokens: &AccessTokens, now: Timestamp) -> Looked {
        if now >= self.session.expires_at || tokens.is_revoked(&self.session) {
            return Looked::Ended;
        }
        if !self.can_be_renewed || now < self.renewed_at() {
            return Looked::Holds;
        }
        match tokens.extend(&self.session, now) {
            Err(_) => Looked::Ended,
            Ok(token) if token.session().expires_at > self.session.expires_at => {
                self.session = token.session().clone();
                let (access_token, expires_at) =
                    (token.expose().to_owned(), self.session.expires_at);
                Looked::Renewed(Renewal::Token { access_token, expires_at })
            }
            Ok(_) => {
                self.can_be_renewed = false;
                let expires_in = seconds(now, self.session.expires_at);
                Looked::Renewed(Renewal::Ends { expires_in })
            }
        }
    }

    /// The wall clock decides; the timer only says when to look at it.
    fn plan(&mut self, now: Timestamp) {
        let next = if self.can_be_renewed { self.renewed_at() } else { self.session.expires_at };
        self.due = Instant::now() + Duration::from_secs(seconds(now, next).max(1));
    }

    fn renewed_at(&self) -> Timestamp {
        let Session { issued_at, expires_at, .. } = self.session;
        let ahead = AHEAD.min(seconds(issued_at, expires_at) / 2);
        Timestamp::from_secs(expires_at.as_secs().saturating_sub(ahead))
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    to.as_secs().saturating_sub(from.as_secs())
}
