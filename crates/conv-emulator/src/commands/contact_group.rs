//! `recentcontact/get_contact_group` and `search_contact_group`: labels, and the groups' names.

use serde_json::{Value, json};

use super::{Context, item, not_imported, reply};
use crate::{
    envelope::Reply,
    request::Fields,
    world::{Label, Peer},
};

const MAX_SEARCHED: usize = 300;

pub(super) fn get(context: Context<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("From_Account")?;
    let start = body.number("StartIndex")?;
    let skip = usize::try_from(start).unwrap_or(usize::MAX);
    let mut state = context.world.lock();
    let size = context.page_size(state.page_size);
    let account = state.account(id).ok_or_else(|| not_imported(id))?.shown();
    let labels = account.labels.iter().skip(skip).take(size);
    let page: Vec<Value> = labels.map(|(peer, label)| item::labelled(peer, label)).collect();
    let next = start.saturating_add(page.len() as u64);
    let complete = next >= account.labels.len() as u64;
    reply(json!({
        "ContactItem": page,
        "GroupItem": item::groups(account),
        "CompleteFlag": u8::from(complete),
        "NextStartIndex": if complete { 0 } else { next },
    }))
}

pub(super) fn search(context: Context<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("From_Account")?;
    let items = body.objects("ContactItem")?;
    if items.len() > MAX_SEARCHED {
        return Err(body.refuse("more than 300 conversations in a call"));
    }
    let peers: Vec<Peer> = items
        .into_iter()
        .map(|item| item::read(item, item::TO_GROUP_ID))
        .collect::<Result<_, _>>()?;
    let mut state = context.world.lock();
    let account = state.account(id).ok_or_else(|| not_imported(id))?.shown();
    let found: Vec<Value> = peers
        .iter()
        .map(|peer| {
            let label = account.labels.get(peer).cloned();
            item::labelled(peer, &label.unwrap_or_else(Label::default))
        })
        .collect();
    reply(json!({"ContactResultItem": found, "GroupItem": item::groups(account)}))
}
