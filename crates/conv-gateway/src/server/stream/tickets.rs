//! Tickets, which an `EventSource` shows instead of a token, since it cannot send a header.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::http::StatusCode;
use conv_api::{ErrorClass, Timestamp};

use super::asked::Query;
use crate::server::{
    caller::Caller,
    problem::{Problem, sdk},
};

/// The lifetime of a ticket.
pub(in crate::server) const LIFETIME: Duration = Duration::from_secs(30);
/// The maximum number of tickets that are not used yet.
const CAPACITY: usize = 10_000;

/// The tickets of this process that are not used yet.
#[derive(Default)]
pub(in crate::server) struct Tickets(Mutex<Issued>);

#[derive(Default)]
struct Issued {
    tickets: HashMap<String, (Ticket, Timestamp)>,
    /// First the one that ends first.
    order: VecDeque<(String, Timestamp)>,
}

/// The stream that a ticket opens.
#[derive(Clone, Debug)]
pub(in crate::server) struct Ticket {
    pub(in crate::server) caller: Caller,
    pub(in crate::server) query: (String, Query),
}

impl Tickets {
    /// # Errors
    /// If too many are not used yet.
    pub(in crate::server) fn issue(
        &self,
        text: String,
        ticket: Ticket,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let mut issued = self.lock();
        while issued.order.front().is_some_and(|(_, until)| *until <= now) {
            if let Some((text, _)) = issued.order.pop_front() {
                issued.tickets.remove(&text);
            }
        }
        if issued.tickets.len() >= CAPACITY {
            return Err(Problem::too_many(LIFETIME));
        }
        let until = now.plus_secs(LIFETIME.as_secs());
        issued.tickets.insert(text.clone(), (ticket, until));
        issued.order.push_back((text, until));
        Ok(())
    }

    /// Takes a ticket, which is used up with that.
    ///
    /// # Errors
    /// If it was used, is too old, or never was one of this process.
    pub(in crate::server) fn take(&self, text: &str, now: Timestamp) -> Result<Ticket, Problem> {
        let taken = self.lock().tickets.remove(text);
        match taken {
            Some((ticket, until)) if now < until => Ok(ticket),
            _ => Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                ErrorClass::Auth,
                sdk::NOT_LOGGED_IN,
                "ticket is used, expired or unknown; ask for another one",
            )),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Issued> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets").field("issued", &self.lock().tickets.len()).finish()
    }
}
