//! The parts of a row that an event states and no pass has read yet.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const LAST_TIME: &str = "lastTime";
const UNREAD_COUNT: &str = "unreadCount";
const LAST_MESSAGE: &str = "lastMessage";

/// The parts of a row that show what an event stated, and that no pass has read yet.
///
/// A store sets it in the rows that it shows. No cloud knows it, and no patch carries it. In JSON it is a
/// list of the SDK's keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ProvisionalFacets {
    /// The time, and with it the place in the list.
    pub time: bool,
    /// The number of unread messages.
    pub unread: bool,
    /// The last message.
    pub last_message: bool,
}

impl ProvisionalFacets {
    /// Returns true if the row shows nothing that an event stated.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Serialize for ProvisionalFacets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys = [
            (LAST_TIME, self.time),
            (UNREAD_COUNT, self.unread),
            (LAST_MESSAGE, self.last_message),
        ];
        serializer.collect_seq(keys.into_iter().filter(|(_, is_one)| *is_one).map(|(key, _)| key))
    }
}

/// Keys that are unknown are of a later version.
impl<'de> Deserialize<'de> for ProvisionalFacets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let keys = Vec::<Arc<str>>::deserialize(deserializer)?;
        let has = |key: &str| keys.iter().any(|one| **one == *key);
        Ok(Self {
            time: has(LAST_TIME),
            unread: has(UNREAD_COUNT),
            last_message: has(LAST_MESSAGE),
        })
    }
}
