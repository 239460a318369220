//! Tickets, which an `EventSource` shows instead of a token, since it cannot send a header.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::http::StatusCode;
use conv_api::{AccountId, ErrorClass, Timestamp};

use super::asked::Query;
use crate::server::{
    caller::Caller,
    problem::{Problem, sdk},
};

/// The lifetime of a ticket.
pub(in crate::server) const LIFETIME: Duration = Duration::from_secs(30);
/// The maximum number of tickets that are not used yet.
const CAPACITY: usize = 10_000;
/// The maximum number of them per caller; a further one takes the place of his oldest.
const PER_CALLER: usize = 16;

/// The tickets of this process that are not used yet.
#[derive(Default)]
pub(in crate::server) struct Tickets(Mutex<Issued>);

/// Each ticket has a number, greater than those of earlier ones.
#[derive(Default)]
struct Issued {
    last: u64,
    tickets: BTreeMap<u64, One>,
    by_text: HashMap<String, u64>,
    by_caller: HashMap<AccountId, BTreeSet<u64>>,
}

struct One {
    text: String,
    ticket: Ticket,
    until: Timestamp,
}

/// The stream that a ticket opens.
#[derive(Clone, Debug)]
pub(in crate::server) struct Ticket {
    pub(in crate::server) caller: Caller,
    pub(in crate::server) query: (String, Query),
}

impl Tickets {
    /// # Errors
    /// If too many of all callers are not used yet.
    pub(in crate::server) fn issue(
        &self,
        text: String,
        ticket: Ticket,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let mut issued = self.lock();
        issued.expire(now);
        issued.make_room(&ticket.caller.principal);
        if issued.tickets.len() >= CAPACITY {
            return Err(Problem::too_many(LIFETIME));
        }
        let until = now.plus_secs(LIFETIME.as_secs());
        issued.add(One { text, ticket, until });
        Ok(())
    }

    /// Takes a ticket, which is used up with that.
    ///
    /// # Errors
    /// If it was used, is too old, gave way to newer ones of its caller, or never was one of this process.
    pub(in crate::server) fn take(&self, text: &str, now: Timestamp) -> Result<Ticket, Problem> {
        let mut issued = self.lock();
        let number = issued.by_text.get(text).copied();
        match number.and_then(|number| issued.remove(number)) {
            Some(one) if now < one.until => Ok(one.ticket),
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

impl Issued {
    fn expire(&mut self, now: Timestamp) {
        while let Some((number, one)) = self.tickets.first_key_value() {
            if one.until > now {
                break;
            }
            let number = *number;
            self.remove(number);
        }
    }

    fn make_room(&mut self, caller: &AccountId) {
        while let Some(oldest) = self
            .by_caller
            .get(caller)
            .and_then(|own| if own.len() >= PER_CALLER { own.first().copied() } else { None })
        {
            self.remove(oldest);
        }
    }

    fn add(&mut self, one: One) {
        self.last += 1;
        self.by_text.insert(one.text.clone(), self.last);
        let caller = one.ticket.caller.principal.clone();
        self.by_caller.entry(caller).or_default().insert(self.last);
        self.tickets.insert(self.last, one);
    }

    fn remove(&mut self, number: u64) -> Option<One> {
        let one = self.tickets.remove(&number)?;
        self.by_text.remove(&one.text);
        let caller = &one.ticket.caller.principal;
        if let Some(own) = self.by_caller.get_mut(caller) {
            own.remove(&number);
            if own.is_empty() {
                self.by_caller.remove(caller);
            }
        }
        Some(one)
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets").field("issued", &self.lock().tickets.len()).finish()
    }
}
