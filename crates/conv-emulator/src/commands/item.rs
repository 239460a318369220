//! `ContactItem`: the form in which requests and replies of the recentcontact service name a
//! conversation.

use serde_json::{Map, Value, json};

use crate::{
    code,
    envelope::Refusal,
    request::Fields,
    world::{Account, Label, Peer},
};

/// The spellings of the field for a group's ID.
pub(super) const TO_GROUP_ID: &str = "ToGroupId";
/// The spelling with a small `id`, which only `recentcontact/delete` uses.
pub(super) const TO_GROUPID: &str = "ToGroupid";

/// `recentcontact/top` spells it as rows of the list do.
pub(super) const GROUP_ID: &str = "GroupId";

/// Reads `Type` and the ID that goes with it.
pub(super) fn read(item: Fields<'_>, group_field: &str) -> Result<Peer, Refusal> {
    match item.number("Type")? {
        1 => item.text("To_Account").map(Peer::user),
        2 => item.text(group_field).map(Peer::group),
        _ => Err(item.refuse("Type must be 1 or 2")),
    }
}

/// Writes a conversation in the form of a request.
pub(super) fn write(peer: &Peer) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("Type".into(), json!(peer.wire_type()));
    let field = match peer {
        Peer::User(_) => "To_Account",
        Peer::Group(_) => TO_GROUP_ID,
    };
    map.insert(field.into(), json!(peer.id()));
    map
}

/// Returns the outcome for one conversation of a batch.
pub(super) fn result(peer: &Peer, outcome: Result<(), Refusal>) -> Map<String, Value> {
    let (code, info) = match outcome {
        Ok(()) => (0, String::new()),
        Err(refusal) => (refusal.code, refusal.info),
    };
    let mut map = Map::new();
    map.insert("ContactItem".into(), Value::Object(write(peer)));
    map.insert("ResultCode".into(), json!(code));
    map.insert("ResultInfo".into(), json!(info));
    map
}

/// Adds the fields of a label that the request's flags ask for.
pub(super) fn write_label(map: &mut Map<String, Value>, label: &Label, which: [bool; 3]) {
    let [marks, custom, groups] = which;
    if marks && label.marks != 0 {
        map.insert("StandardMark".into(), json!(format!("{:b}", label.marks)));
    }
    if custom && !label.custom.is_empty() {
        map.insert("CustomMark".into(), json!(label.custom));
    }
    if groups && !label.groups.is_empty() {
        map.insert("ContactGroupId".into(), json!(label.groups));
    }
}

/// Returns a conversation with its label, in the form of the two commands that read groups.
pub(super) fn labelled(peer: &Peer, label: &Label) -> Value {
    let mut map = write(peer);
    write_label(&mut map, label, [true; 3]);
    map.insert("Timestamp".into(), json!(label.changed));
    Value::Object(map)
}

/// Returns `GroupItem`, the names of the groups by number.
pub(super) fn groups(account: &Account) -> Value {
    account.groups.iter().map(|(id, name)| group(*id, name)).collect()
}

pub(super) fn group(id: u32, name: &str) -> Value {
    json!({"GroupName": name, "GroupId": id})
}

/// Refuses more than 100 conversations per call.
pub(super) fn check_count(count: usize) -> Result<(), Refusal> {
    if count > 100 {
        return Err(Refusal::new(code::CONTACT_TOO_MANY, "more than 100 conversations in a call"));
    }
    Ok(())
}

/// As [`check_count`], for the commands that write, which refuse an empty list likewise.
pub(super) fn check_some(count: usize) -> Result<(), Refusal> {
    if count == 0 {
        return Err(Refusal::new(code::CONTACT_TOO_MANY, "no conversation in a call"));
    }
    check_count(count)
}
