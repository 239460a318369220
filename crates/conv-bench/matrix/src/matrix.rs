//! The Matrix SDK's store of rooms, set up as its client does.

use std::{collections::BTreeMap, path::Path};

use conv_api::Conversation;
use matrix_sdk_base::{
    RoomInfo, RoomState, StateChanges, StateStore,
    ruma::{
        OwnedRoomId, RoomId,
        events::{AnySyncStateEvent, StateEventType},
        serde::Raw,
    },
    store::RoomLoadSettings,
};
use matrix_sdk_sqlite::SqliteStateStore;
use serde_json::json;

use crate::data::Row;

pub struct Matrix(SqliteStateStore);

impl Matrix {
    pub async fn open(folder: &Path) -> Self {
        Self(SqliteStateStore::open(folder, None).await.unwrap())
    }

    /// Reads and decodes all rooms; returns their number.
    pub async fn load(&self) -> usize {
        self.0.get_room_infos(&RoomLoadSettings::All).await.unwrap().len()
    }

    /// Rooms with their names, as a sync saves them, numbered from `first` on.
    pub async fn save(&self, first: usize, rows: &[Row]) {
        let mut changes = StateChanges::default();
        changes.sync_token = Some(format!("token_{first}"));
        for (number, row) in (first..).zip(rows) {
            let room: OwnedRoomId = RoomId::parse(format!("!room{number:08}:example.org")).unwrap();
            let info = RoomInfo::new(&room, RoomState::Joined);
            changes.room_infos.insert(room.clone(), info);
            let named = BTreeMap::from([(String::new(), name(number, row))]);
            changes.state.insert(room, BTreeMap::from([(StateEventType::RoomName, named)]));
        }
        self.0.save_changes(&changes).await.unwrap();
    }
}

fn name(number: usize, row: &Conversation) -> Raw<AnySyncStateEvent> {
    let event = json!({
        "type": "m.room.name", "state_key": "", "event_id": format!("$event{number}"),
        "sender": "@user_0001:example.org",
        "origin_server_ts": row.listing.time.map_or(0, |time| time.as_secs()) * 1000,
        "content": {"name": row.profile.name.as_deref()},
    });
    Raw::from_json_string(event.to_string()).unwrap()
}
