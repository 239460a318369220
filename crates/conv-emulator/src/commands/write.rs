//! Common parts of commands that write: items that a fault fails, the log of applied changes, and
//! effects that show later than their answers.

use serde_json::{Map, Value};

use super::{Context, Write};
use crate::{
    Applied, Change, Edition, Lag, Unknowns, code,
    envelope::{Refusal, Reply},
    fault::Fault,
    request::Fields,
    world::{Account, Directory, Peer, State},
};

/// The fields in which requests that write name the account whose list they change.
const ACCOUNTS: [&str; 3] = ["From_Account", "Report_Account", "Member_Account"];

/// A command about to write.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    state: &'a mut State,
    command: &'static str,
    faults: &'a [Fault],
    logged: bool,
}

/// An account whose list is written.
pub(super) struct Open<'a> {
    pub(super) account: &'a mut Account,
    pub(super) directory: &'a Directory,
    pub(super) unknowns: Unknowns,
    pub(super) now: u64,
    edition: Edition,
    command: &'static str,
    faults: &'a [Fault],
    logged: bool,
}

impl Writer<'_> {
    pub(super) fn open(&mut self, id: &str) -> Option<Open<'_>> {
        let (unknowns, edition, now) = (self.state.unknowns, self.state.edition, self.state.now());
        let (account, directory) = self.state.account_and_directory(id)?;
        Some(Open {
            account,
            directory,
            unknowns,
            now,
            edition,
            command: self.command,
            faults: self.faults,
            logged: self.logged,
        })
    }
}

impl Open<'_> {
    /// Refuses an item that a fault fails. `place` is its number in the request, from 1 on.
    pub(super) fn check_item(&self, place: usize, peer: &Peer) -> Result<(), Refusal> {
        let failing = self.faults.iter().find_map(|fault| match fault {
            Fault::ItemCode { item, code } if item.is(place, &peer.to_string()) => Some(*code),
            _ => None,
        });
        failing.map_or(Ok(()), |code| Err(Refusal::new(code, "scripted by the emulator")))
    }

    /// Refuses standard marks and conversation groups where the app's edition has none.
    pub(super) fn check_edition(&self) -> Result<(), Refusal> {
        match self.edition {
            Edition::Standard => {
                let info = "this edition has no standard marks and no conversation groups";
                Err(Refusal::new(code::CONTACT_EDITION, info))
            }
            Edition::Pro => Ok(()),
        }
    }

    /// Refuses the conversation of a chat group that was dissolved.
    pub(super) fn check_dissolved(&self, peer: &Peer) -> Result<(), Refusal> {
        let Peer::Group(id) = peer else {
            return Ok(());
        };
        let by_fault = |fault: &Fault| matches!(fault, Fault::Dissolved(gone) if **gone == **id);
        if self.directory.dissolved.contains(&**id) || self.faults.iter().any(by_fault) {
            return Err(Refusal::new(code::CONTACT_GROUP_FAILED, "the chat group was dissolved"));
        }
        Ok(())
    }

    /// Logs a write that was applied.
    pub(super) fn log(&mut self, change: Change, changed: bool) {
        if self.logged {
            let (command, time) = (self.command, self.now);
            self.account.log(Applied { command, time, change, changed });
        }
    }
}

/// Runs a command that writes, at once or, if a fault says so, later: then the answer is that of a
/// run whose effect is taken back.
pub(super) fn run(
    command: &super::Command,
    write: Write,
    context: Context<'_>,
    body: &Map<String, Value>,
) -> Reply {
    let (name, bad, faults) = (command.name, command.bad, context.faults);
    let late = lag(faults, |fault| match fault {
        Fault::AppliedLate(lag) => Some(*lag),
        _ => None,
    });
    let stale = lag(faults, |fault| match fault {
        Fault::StaleReads(lag) => Some(*lag),
        _ => None,
    });
    let mut guard = context.world.lock();
    let state = &mut *guard;
    let (moment, served) = (state.moment(), state.served);
    let id = ACCOUNTS.iter().find_map(|field| body.get(*field)).and_then(Value::as_str);
    let id = id.unwrap_or_default();
    let before = match late.or(stale) {
        Some(_) => state.account(id).map(|account| account.copy()),
        None => None,
    };
    let mut writer = Writer { state, command: name, faults, logged: late.is_none() };
    let reply = write(&mut writer, Fields::new(body, bad));
    if let (Some(account), Some(before)) = (state.account(id), before) {
        match stale {
            Some(lag) if late.is_none() => account.show_until(lag.end(moment, served), before),
            _ => account.restore(before),
        }
    }
    if let Some(lag) = late {
        let (body, faults) = (body.clone(), faults.to_vec());
        let apply = move |state: &mut State| {
            let mut writer = Writer { state, command: name, faults: &faults, logged: true };
            // Its answer was given before; items that became impossible since then are left out.
            drop(write(&mut writer, Fields::new(&body, bad)));
        };
        state.defer(lag.end(moment, served), Box::new(apply));
    }
    reply
}

fn lag(faults: &[Fault], of: impl Fn(&Fault) -> Option<Lag>) -> Option<Lag> {
    faults.iter().rev().find_map(of)
}
