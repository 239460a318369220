//! The commands that write conversation groups.

use serde_json::{Value, json};

use super::{Context, item, not_imported, reply};
use crate::{
    code,
    envelope::{Refusal, Reply},
    request::Fields,
    world::{Account, Peer},
};

const MAX_GROUPS: usize = 20;
const MAX_MEMBERS: usize = 1000;
const MAX_NAME: usize = 32;

const RENAME: u64 = 1;
const MEMBERS: u64 = 2;

pub(super) fn create(context: Context<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("From_Account")?;
    let group = one(body, "GroupContactItem")?;
    let name = name(group, "GroupName")?;
    let items = group.objects("ContactItem")?;
    item::check_count(items.len())?;
    let peers: Vec<Peer> = items
        .into_iter()
        .map(|item| item::read(item, item::TO_GROUP_ID))
        .collect::<Result<_, _>>()?;
    let mut state = context.world.lock();
    let now = state.now();
    let account = state.account(id).ok_or_else(|| not_imported(id))?;
    if account.group_id(name).is_some() {
        return Err(Refusal::new(code::CONTACT_GROUP_FAILED, "a group has this name already"));
    }
    if account.groups.len() >= MAX_GROUPS {
        return Err(Refusal::new(code::CONTACT_TOO_MANY_GROUPS, "20 groups exist already"));
    }
    let group_id = account.create_group(name);
    let results: Vec<Value> = peers
        .iter()
        .map(|peer| Value::Object(item::result(peer, join(account, peer, group_id, now))))
        .collect();
    reply(json!({"GroupResultItem": [
        {"GroupItem": item::group(group_id, name), "ResultItem": results},
    ]}))
}

pub(super) fn update(context: Context<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("From_Account")?;
    if body.number("UpdateType")? != 1 {
        return Err(body.refuse("UpdateType must be 1"));
    }
    let group = body.object("UpdateGroup")?;
    let kind = group.number("UpdateGroupType")?;
    let old = group.text("OldGroupName")?;
    let mut state = context.world.lock();
    let now = state.now();
    let account = state.account(id).ok_or_else(|| not_imported(id))?;
    let group_id = account.group_id(old).ok_or_else(|| no_group(old))?;
    let mut new = old;
    let mut results = Vec::new();
    match kind {
        RENAME => {
            new = name(group, "NewGroupName")?;
            if account.group_id(new).is_some_and(|other| other != group_id) {
                let info = "a group has this name already";
                return Err(Refusal::new(code::CONTACT_GROUP_FAILED, info));
            }
            account.groups.insert(group_id, new.into());
        }
        MEMBERS => {
            let items = group.objects("ContactUpdateItem")?;
            item::check_count(items.len())?;
            let changes = items.into_iter().map(change).collect::<Result<Vec<_>, _>>()?;
            for (add, peer) in changes {
                let outcome = if add {
                    join(account, &peer, group_id, now)
                } else {
                    account.leave_group(&peer, group_id, now);
                    Ok(())
                };
                let mut map = item::result(&peer, outcome);
                map.insert("ContactOptType".into(), json!(if add { 1 } else { 2 }));
                results.push(Value::Object(map));
            }
        }
        _ => return Err(body.refuse("UpdateGroupType must be 1 or 2")),
    }
    reply(json!({"UpdateType": 1, "UpdateGroupResult": {
        "UpdateGroupType": kind,
        "GroupName": new,
        "GroupId": group_id,
        "OldGroupName": old,
        "ContactResultItem": results,
    }}))
}

pub(super) fn delete(context: Context<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("From_Account")?;
    let names = body.texts("GroupName")?;
    let [name] = names.as_slice() else {
        return Err(body.refuse("GroupName must hold one name"));
    };
    let mut state = context.world.lock();
    let now = state.now();
    let account = state.account(id).ok_or_else(|| not_imported(id))?;
    let group_id = account.group_id(name).ok_or_else(|| no_group(name))?;
    account.drop_group(group_id, now);
    reply(json!({"GroupItem": [item::group(group_id, name)]}))
}

fn one<'a>(body: Fields<'a>, name: &str) -> Result<Fields<'a>, Refusal> {
    match body.objects(name)?.as_slice() {
        [only] => Ok(*only),
        _ => Err(body.refuse(format!("{name} must hold one group"))),
    }
}

fn name<'a>(group: Fields<'a>, field: &str) -> Result<&'a str, Refusal> {
    match group.text(field) {
        Ok(name) if name.len() <= MAX_NAME => Ok(name),
        _ => Err(Refusal::new(code::CONTACT_BAD_NAME, "a group's name has 1 to 32 bytes")),
    }
}

fn change(item: Fields<'_>) -> Result<(bool, Peer), Refusal> {
    let add = match item.number("ContactOptType")? {
        1 => true,
        2 => false,
        _ => return Err(item.refuse("ContactOptType must be 1 or 2")),
    };
    Ok((add, item::read(item.object("ContactItem")?, item::TO_GROUP_ID)?))
}

fn join(account: &mut Account, peer: &Peer, group: u32, now: u64) -> Result<(), Refusal> {
    let inside = account.labels.get(peer).is_some_and(|label| label.groups.contains(&group));
    if !inside && account.group_size(group) >= MAX_MEMBERS {
        return Err(Refusal::new(code::CONTACT_FULL, "1000 conversations are in the group"));
    }
    account.join_group(peer, group, now);
    Ok(())
}

fn no_group(name: &str) -> Refusal {
    Refusal::new(code::CONTACT_NO_GROUP, format!("no group {name}"))
}
