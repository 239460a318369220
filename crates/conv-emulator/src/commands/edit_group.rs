//! The commands that write conversation groups.
//!
//! UNCERTAIN: creating a group that exists and renaming one to a taken name
//! ([`Unknowns`](crate::Unknowns)); a group without members (`ContactItem` must not be empty,
//! 51006, yet a group outlives its last member); a number is never given again.

use serde_json::{Value, json};

use super::{
    item, not_imported, reply, room,
    write::{Open, Writer},
};
use crate::{
    Change, Taken, code,
    envelope::{Refusal, Reply},
    request::Fields,
    world::Peer,
};

const MAX_GROUPS: usize = 20;
const MAX_NAME: usize = 32;

const RENAME: u64 = 1;
const MEMBERS: u64 = 2;

pub(super) fn create(writer: &mut Writer<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("From_Account")?;
    let group = one(body, "GroupContactItem")?;
    let name = name(group, "GroupName")?;
    let items = group.objects("ContactItem")?;
    item::check_some(items.len())?;
    let peers: Vec<Peer> = items
        .into_iter()
        .map(|item| item::read(item, item::TO_GROUP_ID))
        .collect::<Result<_, _>>()?;
    let mut open = open(writer, id)?;
    let held = open.account.group_id(name);
    match (held, open.unknowns.create_existing) {
        (Some(_), Taken::Refuse(code)) => return Err(taken(code)),
        (None, _) if open.account.groups.len() >= MAX_GROUPS => {
            return Err(Refusal::new(code::CONTACT_TOO_MANY_GROUPS, "20 groups exist already"));
        }
        _ => {}
    }
    let group_id = open.account.create_group(name);
    open.log(Change::GroupCreated { group: name.into() }, held.is_none());
    let results: Vec<Value> = (1..)
        .zip(&peers)
        .map(|(place, peer)| {
            Value::Object(item::result(peer, add(&mut open, place, peer, group_id)))
        })
        .collect();
    reply(json!({"GroupResultItem": [
        {"GroupItem": item::group(group_id, name), "ResultItem": results},
    ]}))
}

pub(super) fn update(writer: &mut Writer<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("From_Account")?;
    if body.number("UpdateType")? != 1 {
        return Err(body.refuse("UpdateType must be 1"));
    }
    let group = body.object("UpdateGroup")?;
    let kind = group.number("UpdateGroupType")?;
    let old = group.text("OldGroupName")?;
    let mut open = open(writer, id)?;
    let group_id = open.account.group_id(old).ok_or_else(|| no_group(old))?;
    let (new, group_id, results) = match kind {
        RENAME => {
            let new = name(group, "NewGroupName")?;
            (new, rename(&mut open, group_id, old, new)?, Vec::new())
        }
        MEMBERS => (old, group_id, change_members(&mut open, group, group_id)?),
        _ => return Err(body.refuse("UpdateGroupType must be 1 or 2")),
    };
    reply(json!({"UpdateType": 1, "UpdateGroupResult": {
        "UpdateGroupType": kind,
        "GroupName": new,
        "GroupId": group_id,
        "OldGroupName": old,
        "ContactResultItem": results,
    }}))
}

pub(super) fn delete(writer: &mut Writer<'_>, body: Fields<'_>) -> Reply {
    let id = body.text("From_Account")?;
    let names = body.texts("GroupName")?;
    let [name] = names.as_slice() else {
        return Err(body.refuse("GroupName must hold one name"));
    };
    let mut open = open(writer, id)?;
    let group_id = open.account.group_id(name).ok_or_else(|| no_group(name))?;
    open.account.drop_group(group_id, open.now);
    open.log(Change::GroupDeleted { group: (*name).into() }, true);
    reply(json!({"GroupItem": [item::group(group_id, name)]}))
}

fn open<'a>(writer: &'a mut Writer<'_>, id: &str) -> Result<Open<'a>, Refusal> {
    let open = writer.open(id).ok_or_else(|| not_imported(id))?;
    open.check_edition()?;
    Ok(open)
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

/// Returns the number of the group that has the new name.
fn rename(open: &mut Open<'_>, group_id: u32, old: &str, new: &str) -> Result<u32, Refusal> {
    let other = open.account.group_id(new).filter(|other| *other != group_id);
    let group_id = match (other, open.unknowns.rename_taken) {
        (None, _) => {
            open.account.groups.insert(group_id, new.into());
            group_id
        }
        (Some(_), Taken::Refuse(code)) => return Err(taken(code)),
        (Some(other), Taken::Merge) => {
            open.account.merge_groups(group_id, other, open.now);
            other
        }
    };
    open.log(Change::GroupRenamed { from: old.into(), to: new.into() }, old != new);
    Ok(group_id)
}

fn change_members(
    open: &mut Open<'_>,
    group: Fields<'_>,
    group_id: u32,
) -> Result<Vec<Value>, Refusal> {
    let items = group.objects("ContactUpdateItem")?;
    item::check_some(items.len())?;
    let changes = items.into_iter().map(change).collect::<Result<Vec<_>, _>>()?;
    let mut results = Vec::new();
    for (place, (is_added, peer)) in (1..).zip(changes) {
        let outcome = match is_added {
            true => add(open, place, &peer, group_id),
            false => remove(open, place, &peer, group_id),
        };
        let mut map = item::result(&peer, outcome);
        map.insert("ContactOptType".into(), json!(if is_added { 1 } else { 2 }));
        results.push(Value::Object(map));
    }
    Ok(results)
}

fn change(item: Fields<'_>) -> Result<(bool, Peer), Refusal> {
    let add = match item.number("ContactOptType")? {
        1 => true,
        2 => false,
        _ => return Err(item.refuse("ContactOptType must be 1 or 2")),
    };
    Ok((add, item::read(item.object("ContactItem")?, item::TO_GROUP_ID)?))
}

fn add(open: &mut Open<'_>, place: usize, peer: &Peer, group: u32) -> Result<(), Refusal> {
    open.check_item(place, peer)?;
    room::join(open, peer, group)
}

fn remove(open: &mut Open<'_>, place: usize, peer: &Peer, group: u32) -> Result<(), Refusal> {
    open.check_item(place, peer)?;
    room::leave(open, peer, group);
    Ok(())
}

fn no_group(name: &str) -> Refusal {
    Refusal::new(code::CONTACT_NO_GROUP, format!("no group {name}"))
}

fn taken(code: u32) -> Refusal {
    Refusal::new(code, "a group has this name already")
}
