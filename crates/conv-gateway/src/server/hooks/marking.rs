//! Marks the accounts that an event concerns.

use conv_api::{Accounts, Timestamp, Work};

use crate::webhook::{Mark, Provisional, Trust, Who, Work as Told};

/// Marks watched accounts; others are looked up and that is all. Returns false if no watched account is
/// concerned.
///
/// The echo of an own call starts no pass. Single rows are read all the same: that is what a change
/// that is settling waits for.
pub(super) fn apply(accounts: &Accounts, marks: Vec<Mark>, is_own_echo: bool) -> bool {
    let mut is_marked = false;
    for Mark { who, work } in marks {
        if is_own_echo && matches!(work, Told::Listing(_)) {
            continue;
        }
        for work in works(work) {
            is_marked |= match &who {
                Who::Account(account) => accounts.mark(account, work),
                Who::Holders(row) => accounts.mark_holders(row, work),
            };
        }
    }
    is_marked
}

/// Shows what an event states of rows that watched accounts hold, as far as it is trusted.
pub(super) fn suggest(accounts: &Accounts, facts: &[Provisional], trust: Trust, now: Timestamp) {
    for fact in facts {
        let Some(suggestion) = fact.suggestion(trust, now) else { continue };
        match &fact.who {
            Who::Account(account) => drop(accounts.suggest(account, suggestion)),
            Who::Holders(_) => drop(accounts.suggest_to_holders(&suggestion)),
        }
    }
}

fn works(told: Told) -> Vec<Work> {
    match told {
        Told::Listing(_) => vec![Work::Listing],
        Told::Profile(row) => vec![Work::Profile(row)],
        Told::LastMessage(row) => vec![Work::LastMessage(row)],
        Told::Unread(unread) => {
            let all = unread.all_c2c.then_some(Work::UnreadOfUsers);
            let rows = (!unread.rows.is_empty()).then_some(Work::Unread(unread.rows));
            all.into_iter().chain(rows).collect()
        }
    }
}
