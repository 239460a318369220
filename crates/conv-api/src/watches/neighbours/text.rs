//! A mark as the name of a message.
//!
//! `mark`, the process that sends it, and parts without space between them: `h` and a row, of whose
//! holders it is; `l` for the list; `c` for the unread messages of all one-to-one rows; `p`, `m` and `u`
//! with a row for its profile, newest message and unread messages. A row is its length, a colon and the ID, which may hold any characters.

use conv_model::{ConversationId, Facet};
use conv_store::Signal;

use super::{Heard, Subject};
use crate::watches::work::Pending;

pub(super) fn of(own: &str, subject: &Subject, work: &Pending) -> String {
    let mut text = format!("mark {own} ");
    if let Subject::Holders(row) = subject {
        add(&mut text, 'h', row);
    }
    if work.is_listing {
        text.push('l');
    }
    if work.unread_of_users {
        text.push('c');
    }
    for (facet, row) in &work.facets {
        // Of a facet that has no letter the list is read.
        match letter(*facet) {
            Some(letter) => add(&mut text, letter, row),
            None => text.push('l'),
        }
    }
    text
}

/// Returns the mark of another process than `own`; `None` if the message is not one.
pub(super) fn parse(signal: &Signal, own: &str) -> Option<Heard> {
    let (sender, mut parts) = signal.name.strip_prefix("mark ")?.split_once(' ')?;
    if sender == own {
        return None;
    }
    let mut subject = Subject::Account(signal.account.clone());
    let mut work = Pending::default();
    let mut next = parts.chars();
    while let Some(letter) = next.next() {
        parts = next.as_str();
        if letter == 'l' {
            work.is_listing = true;
            continue;
        }
        if letter == 'c' {
            work.unread_of_users = true;
            continue;
        }
        let (row, rest) = row(parts)?;
        next = rest.chars();
        match letter {
            'h' => subject = Subject::Holders(row),
            _ => work.merge(&Pending::of(facet(letter)?, row)),
        }
    }
    (!work.is_empty()).then_some(Heard { subject, work })
}

fn add(text: &mut String, letter: char, row: &ConversationId) {
    let id = row.as_str();
    text.push_str(&format!("{letter}{}:{id}", id.len()));
}

fn row(text: &str) -> Option<(ConversationId, &str)> {
    let (len, rest) = text.split_once(':')?;
    let (id, rest) = rest.split_at_checked(len.parse().ok()?)?;
    Some((id.parse().ok()?, rest))
}

fn letter(facet: Facet) -> Option<char> {
    match facet {
        Facet::Profile => Some('p'),
        Facet::LastMessage => Some('m'),
        Facet::Unread => Some('u'),
        _ => None,
    }
}

fn facet(letter: char) -> Option<Facet> {
    [Facet::Profile, Facet::LastMessage, Facet::Unread]
        .into_iter()
        .find(|facet| self::letter(*facet) == Some(letter))
}
