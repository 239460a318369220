//! The users and groups that all accounts share.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::generate::hash;

/// The type of a chat group, with the wire's spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GroupType {
    /// `Private`, which newer documentation calls Work.
    Work,
    /// `Public`.
    Public,
    /// `ChatRoom`, which newer documentation calls Meeting.
    Meeting,
    /// `AVChatRoom`, which newer documentation calls Live.
    AvChatRoom,
    /// `Community`.
    Community,
}

impl GroupType {
    /// Returns the value of the `Type` field.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Work => "Private",
            Self::Public => "Public",
            Self::Meeting => "ChatRoom",
            Self::AvChatRoom => "AVChatRoom",
            Self::Community => "Community",
        }
    }
}

/// A user's fields for `profile/portrait_get`. A field that was never set is `None`.
#[derive(Clone, Debug, Default)]
pub(crate) struct User {
    pub(crate) nick: Option<Box<str>>,
    pub(crate) avatar: Avatar,
    pub(crate) gender: Option<&'static str>,
    pub(crate) birthday: Option<u32>,
    pub(crate) level: Option<u32>,
}

/// The URL of an avatar.
#[derive(Clone, Debug, Default)]
pub(crate) enum Avatar {
    #[default]
    Unset,
    /// A URL made from the ID, which takes no memory.
    Generated,
    Given(Box<str>),
}

impl Avatar {
    pub(crate) fn generated_if(is_set: bool) -> Self {
        if is_set { Self::Generated } else { Self::Unset }
    }

    /// Returns the URL. `kind` is `users` or `groups`.
    pub(crate) fn url(&self, kind: &str, id: &str) -> Option<String> {
        match self {
            Self::Unset => None,
            Self::Generated => {
                Some(format!("https://avatars.example.com/{kind}/{:016x}.png", hash(id)))
            }
            Self::Given(url) => Some(url.to_string()),
        }
    }
}

/// A group's fields for the group service.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) kind: GroupType,
    pub(crate) name: Box<str>,
    pub(crate) avatar: Avatar,
    pub(crate) owner: Arc<str>,
    pub(crate) created: u64,
    pub(crate) members: u32,
    pub(crate) with_topics: bool,
    /// Set if the caller has no right to read it.
    pub(crate) hidden: bool,
    pub(crate) last: Message,
}

impl Group {
    /// Set for a topic, which is not a group of its own and never in a list of joined groups.
    pub(crate) fn is_topic(id: &str) -> bool {
        id.contains("@TOPIC#_")
    }
}

/// The newest message of a conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) time: u64,
    pub(crate) seq: u32,
    /// `None` means a phrase picked by the sequence number.
    pub(crate) text: Option<Box<str>>,
    pub(crate) kept: Kept,
}

/// The state of a message in the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kept {
    #[default]
    Whole,
    Recalled,
    /// Deleted by a user, or expired.
    Deleted,
    /// Cleared together with the whole history.
    Cleared,
}

impl Message {
    pub(crate) fn text(&self) -> &str {
        let phrase = self.seq as usize % super::names::PHRASES.len().max(1);
        match &self.text {
            Some(text) => text,
            None => super::names::PHRASES.get(phrase).copied().unwrap_or_default(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(crate) users: HashMap<Arc<str>, User>,
    pub(crate) groups: HashMap<Arc<str>, Group>,
    /// The chat groups that were dissolved and not created again.
    pub(crate) dissolved: HashSet<Box<str>>,
    /// The IDs of the beginning, which accounts generated later draw their peers from: what tests
    /// change in the directory must not change what another account looks like.
    pub(crate) first_users: Vec<Arc<str>>,
    pub(crate) first_groups: Vec<Arc<str>>,
}

impl Directory {
    pub(crate) fn add_user(&mut self, id: &str, user: User) {
        self.users.insert(Arc::from(id), user);
    }

    pub(crate) fn add_group(&mut self, id: &str, kind: GroupType, name: &str, now: u64) {
        let group = Group {
            kind,
            name: name.into(),
            avatar: Avatar::Unset,
            owner: Arc::from("administrator"),
            created: now,
            members: 1,
            with_topics: false,
            hidden: false,
            last: Message { time: now, seq: 1, ..Message::default() },
        };
        self.dissolved.remove(id);
        self.groups.insert(Arc::from(id), group);
    }
}
