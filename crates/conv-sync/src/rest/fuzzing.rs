//! The decoders of replies, for fuzzing without a network. No stable API.

use std::sync::Arc;

use conv_model::{AccountId, ConversationId, GroupName, Marks};

use super::{
    caller::answer,
    cursor::Position,
    wire::{
        Command, Reply,
        contact::{Contact, GroupField},
        create_group, get_list,
        mark::{self, Item},
        search_group,
        update_group::{self, Member},
    },
};
use crate::{Page, SourceError, UserSig};

/// Decodes the body of a reply as [`RestSource::pull`](crate::RestSource) does, for a call signed
/// with `user_sig`.
///
/// # Errors
/// The same as a pull's.
pub fn page(user_sig: &Arc<UserSig>, body: &[u8]) -> Result<Page, SourceError> {
    let command = get_list::Request::new("", Position::default(), true);
    let listing = read(&command, user_sig, body)?;
    Ok(super::page(listing, None))
}

/// The result of each conversation that was asked about; `None` is unknown.
pub type Results = Result<Vec<Option<Result<(), SourceError>>>, SourceError>;

/// Decodes a body as the reply to each command that has results per item, about `ids`: marking,
/// creating the group `name`, changing its members.
///
/// # Errors
/// [`SourceError::Unsupported`] if one of `ids` cannot be sent.
pub fn results(
    user_sig: &Arc<UserSig>,
    body: &[u8],
    account: &AccountId,
    name: &GroupName,
    ids: &[ConversationId],
) -> Result<[Results; 3], SourceError> {
    let contacts = contacts(ids)?;
    let items = contacts.iter().map(|contact| Item::text(*contact, "")).collect();
    let members = contacts.iter().map(|contact| Member::new(*contact, true)).collect();
    Ok([
        read(&mark::Request::new(account, items), user_sig, body),
        read(&create_group::Request::new(account, name, contacts), user_sig, body),
        read(&update_group::Request::members(account, name, members), user_sig, body),
    ])
}

/// Decodes a body as the reply to `search_contact_group`, and returns a conversation's marks.
///
/// # Errors
/// As of reading a mark back.
pub fn marks(
    user_sig: &Arc<UserSig>,
    body: &[u8],
    account: &AccountId,
    id: &ConversationId,
) -> Result<Marks, SourceError> {
    let contact = Contact::new(id, GroupField::ToGroupId)?;
    read(&search_group::Request::new(account, contact), user_sig, body)
}

fn contacts(ids: &[ConversationId]) -> Result<Vec<Contact<'_>>, SourceError> {
    ids.iter().map(|id| Contact::new(id, GroupField::ToGroupId)).collect()
}

fn read<C: Command>(
    command: &C,
    user_sig: &Arc<UserSig>,
    body: &[u8],
) -> Result<C::Answer, SourceError> {
    answer(command, &Reply::new(body.to_vec(), Arc::clone(user_sig)))
}
