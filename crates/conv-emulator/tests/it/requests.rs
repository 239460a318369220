//! The bodies of the commands that write, written out once.

use conv_emulator::{Applied, Change};
use serde_json::{Value, json};

use crate::client::{Client, ME};

pub(crate) const DELETE: &str = "recentcontact/delete";
pub(crate) const TOP: &str = "recentcontact/top";
pub(crate) const MARK: &str = "recentcontact/mark_contact";
pub(crate) const CREATE: &str = "recentcontact/create_contact_group";
pub(crate) const UPDATE: &str = "recentcontact/update_contact_group";
pub(crate) const DELETE_GROUP: &str = "recentcontact/del_contact_group";
pub(crate) const SEARCH: &str = "recentcontact/search_contact_group";
pub(crate) const READ: &str = "openim/admin_set_msg_read";
pub(crate) const SET_UNREAD: &str = "group_open_http_svc/set_unread_msg_num";
pub(crate) const MODIFY: &str = "group_open_http_svc/modify_group_member_info";
pub(crate) const JOINED: &str = "group_open_http_svc/get_joined_group_list";
pub(crate) const UNREAD: &str = "openim/get_c2c_unread_msg_num";

pub(crate) fn user(id: &str) -> Value {
    json!({"Type": 1, "To_Account": id})
}

pub(crate) fn group(id: &str) -> Value {
    json!({"Type": 2, "ToGroupId": id})
}

pub(crate) fn delete(id: &str) -> Value {
    json!({"From_Account": ME, "Type": 1, "To_Account": id})
}

/// `operation` is 1 to pin, 2 to unpin.
pub(crate) fn top(operation: u64, items: Value) -> Value {
    json!({"From_Account": ME, "OperationType": operation, "RecentContactItem": items})
}

pub(crate) fn mark(items: Value) -> Value {
    json!({"From_Account": ME, "MarkItem": items})
}

/// An item that sets one mark.
pub(crate) fn set(id: &str, place: u64) -> Value {
    json!({"OptType": 1, "ContactItem": user(id), "SetMark": [place]})
}

/// An item that sets a custom text.
pub(crate) fn custom(id: &str, text: &str) -> Value {
    json!({"OptType": 2, "ContactItem": user(id), "CustomMark": text})
}

pub(crate) fn create(name: &str, items: Value) -> Value {
    json!({"From_Account": ME, "GroupContactItem": [{"GroupName": name, "ContactItem": items}]})
}

pub(crate) fn rename(old: &str, new: &str) -> Value {
    json!({"From_Account": ME, "UpdateType": 1, "UpdateGroup": {
        "UpdateGroupType": 1, "OldGroupName": old, "NewGroupName": new}})
}

/// Adds these users to a group, and removes those.
pub(crate) fn members(name: &str, add: &[&str], remove: &[&str]) -> Value {
    let item =
        |kind: u64| move |id: &&str| json!({"ContactOptType": kind, "ContactItem": user(id)});
    let items: Vec<Value> = add.iter().map(item(1)).chain(remove.iter().map(item(2))).collect();
    json!({"From_Account": ME, "UpdateType": 1, "UpdateGroup": {
        "UpdateGroupType": 2, "OldGroupName": name, "ContactUpdateItem": items}})
}

pub(crate) fn delete_group(name: &str) -> Value {
    json!({"From_Account": ME, "GroupName": [name]})
}

pub(crate) fn read(id: &str, until: impl Into<Value>) -> Value {
    json!({"Report_Account": ME, "Peer_Account": id, "MsgReadTime": until.into()})
}

pub(crate) fn set_unread(group: &str, count: u64) -> Value {
    json!({"GroupId": group, "Member_Account": ME, "UnreadMsgNum": count})
}

pub(crate) fn modify(group: &str, flag: &str) -> Value {
    json!({"GroupId": group, "Member_Account": ME, "MsgFlag": flag})
}

/// The codes of an answer's results, in their order.
pub(crate) fn codes(results: &Value) -> Vec<u64> {
    let results = results.as_array().unwrap();
    results.iter().map(|result| result["ResultCode"].as_u64().unwrap()).collect()
}

impl Client {
    /// An account whose list holds these users, one second apart, and nothing else.
    pub(crate) async fn with_users(ids: &[&str]) -> Self {
        let client = Self::empty().await;
        for (time, id) in (100..).zip(ids) {
            client.emulator.world().insert(ME, &format!("C2C{id}"), time).unwrap();
        }
        client
    }

    /// The IDs of the rows that are pinned, sorted.
    pub(crate) fn pinned(&self) -> Vec<String> {
        let rows = self.emulator.world().listing(ME).unwrap();
        let mut ids: Vec<_> = rows.into_iter().filter(|row| row.pinned).map(|row| row.id).collect();
        ids.sort();
        ids
    }

    /// Returns what search says of a user: marks, custom text and numbers of groups.
    pub(crate) async fn labels(&self, id: &str) -> (Value, Value, Value) {
        let body = json!({"From_Account": ME, "ContactItem": [user(id)]});
        let found = self.ok(SEARCH, body).await["ContactResultItem"][0].take();
        let [marks, custom, groups] =
            ["StandardMark", "CustomMark", "ContactGroupId"].map(|field| found[field].clone());
        (marks, custom, groups)
    }

    /// The members of a conversation group that the list holds, sorted.
    pub(crate) fn members(&self, name: &str) -> Vec<String> {
        let rows = self.emulator.world().listing(ME).unwrap();
        let inside = rows.into_iter().filter(|row| row.groups.iter().any(|group| group == name));
        let mut ids: Vec<_> = inside.map(|row| row.id).collect();
        ids.sort();
        ids
    }

    /// The unread count of the conversation with a user, as the cloud answers it.
    pub(crate) async fn unread(&self, id: &str) -> u64 {
        let reply = self.ok(UNREAD, json!({"To_Account": ME, "Peer_Account": [id]})).await;
        reply["C2CUnreadMsgNumList"][0]["C2CUnreadMsgNum"].as_u64().unwrap()
    }

    pub(crate) fn writes(&self) -> Vec<Applied> {
        self.emulator.world().writes(ME).unwrap()
    }

    /// Returns how often a change was applied, and how often it changed anything.
    pub(crate) fn applied(&self, change: &Change) -> (usize, usize) {
        let writes = self.writes();
        let all = writes.iter().filter(|write| write.change == *change);
        (all.clone().count(), all.filter(|write| write.changed).count())
    }
}

pub(crate) fn pinned(id: &str) -> Change {
    Change::Pinned { conversation: id.to_owned() }
}
