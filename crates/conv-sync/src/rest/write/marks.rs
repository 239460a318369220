//! Marks and custom data: one command, two kinds of calls.

use std::sync::Arc;

use conv_model::{AccountId, ConversationId, Marks};

use super::{invalid, items::Items};
use crate::{
    MarkItem, SourceError, Written,
    rest::{
        RestSource,
        wire::{
            contact::{Contact, GroupField},
            mark::{self, Item},
            search_group,
        },
    },
};

/// A conversation whose marks are read before and after a call that sets some.
struct Reading<'a> {
    id: &'a ConversationId,
    contact: Contact<'a>,
    sent: Marks,
    before: Marks,
}

impl RestSource {
    pub(super) async fn mark(
        &self,
        account: &AccountId,
        items: &[MarkItem],
    ) -> Result<Written, SourceError> {
        self.mark_base.check()?;
        let (wire, sorted) = Items::sort(items.iter().map(|item| (&item.id, wire_item(item))));
        if wire.is_empty() {
            return sorted.unsent();
        }
        let reading = self.begin_reading(account, items).await;
        let (outcomes, _) = self.caller.call(&mark::Request::new(account, wire)).await?;
        let written = sorted.answered(outcomes);
        if let Some(reading) = reading {
            self.end_reading(account, &reading, &written).await?;
        }
        Ok(written)
    }

    pub(super) async fn set_custom_data(
        &self,
        account: &AccountId,
        items: &[(ConversationId, Arc<str>)],
    ) -> Result<Written, SourceError> {
        let (wire, items) = Items::sort(items.iter().map(|(id, text)| {
            let contact = Contact::new(id, GroupField::ToGroupId);
            (id, contact.map(|contact| Some(Item::text(contact, text))))
        }));
        if wire.is_empty() {
            return items.unsent();
        }
        let (outcomes, _) = self.caller.call(&mark::Request::new(account, wire)).await?;
        Ok(items.answered(outcomes))
    }

    /// Reads the marks of the first conversation that gets some, if the first number is not known
    /// yet. A reading that fails costs the call nothing.
    async fn begin_reading<'a>(
        &self,
        account: &AccountId,
        items: &'a [MarkItem],
    ) -> Option<Reading<'a>> {
        let is_sent = |item: &&MarkItem| matches!(wire_item(item), Ok(Some(_)));
        let item = items.iter().filter(is_sent).find(|item| !item.set.is_empty())?;
        let contact = Contact::new(&item.id, GroupField::ToGroupId).ok()?;
        if !self.mark_base.begin_reading() {
            return None;
        }
        let before = self.marks_of(account, contact).await?;
        Some(Reading { id: &item.id, contact, sent: item.set, before })
    }

    /// # Errors
    /// [`SourceError::Unsupported`] if the cloud set other marks than were sent. It says so of the
    /// whole call, since all its marks are wrong.
    async fn end_reading(
        &self,
        account: &AccountId,
        reading: &Reading<'_>,
        written: &Written,
    ) -> Result<(), SourceError> {
        let mut results = written.items.iter().flatten();
        if !results.any(|(id, result)| id == reading.id && result.is_ok()) {
            return Ok(());
        }
        match self.marks_of(account, reading.contact).await {
            Some(after) => self.mark_base.conclude(reading.sent, reading.before, after),
            None => Ok(()),
        }
    }

    async fn marks_of(&self, account: &AccountId, contact: Contact<'_>) -> Option<Marks> {
        match self.caller.call(&search_group::Request::new(account, contact)).await {
            Ok((marks, _)) => Some(marks),
            Err(error) => {
                tracing::debug!(%error, "marks cannot be read back");
                None
            }
        }
    }
}

/// `None` for an item that changes nothing.
fn wire_item(item: &MarkItem) -> Result<Option<Item<'_>>, SourceError> {
    let contact = Contact::new(&item.id, GroupField::ToGroupId)?;
    if item.set.is_empty() && item.clear.is_empty() {
        return Ok(None);
    }
    // The documentation does not say what the cloud would do with it.
    if item.set.bits() & item.clear.bits() != 0 {
        return Err(invalid("a mark that is both set and cleared"));
    }
    Ok(Some(Item::marks(contact, item.set, item.clear)))
}
