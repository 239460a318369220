//! Records' keys as texts.

use conv_model::{Aspect, ConversationId, MarkType, Slot};

use super::Record;

impl Record {
    /// Returns the key as a text of at most 255 bytes, different for each record, for engines that keep
    /// texts or bytes. It is the same in every version.
    ///
    /// ```
    /// use conv_store::Record;
    ///
    /// let record = Record::Row("C2Calice".parse()?);
    /// assert_eq!(record.to_key(), "row C2Calice");
    /// assert_eq!(Record::from_key("row C2Calice"), record);
    /// # Ok::<(), conv_model::ParseIdError>(())
    /// ```
    pub fn to_key(&self) -> String {
        match self {
            Self::State => "state".to_owned(),
            Self::Outbox => "outbox".to_owned(),
            Self::Row(id) => format!("row {id}"),
            Self::Local(id) => format!("local {id}"),
            Self::Pending(slot) => slot_key(slot),
            Self::Other(key) => key.to_string(),
        }
    }

    /// Returns the record of a key. One that this version does not know is [`Record::Other`], which the
    /// engine keeps as it is.
    pub fn from_key(key: &str) -> Self {
        parse(key).unwrap_or_else(|| Self::Other(key.into()))
    }

    /// Returns true if the record is part of the outbox, also if a later version wrote it.
    pub(crate) fn is_of_outbox(&self) -> bool {
        match self {
            Self::Pending(_) | Self::Outbox => true,
            Self::Other(key) => key.starts_with("pending "),
            _ => false,
        }
    }

    /// Returns true if the record is local: it exists nowhere but in the engine, and is durable once a
    /// write of it returns, at whatever level the engine was opened.
    pub fn is_local(&self) -> bool {
        !matches!(self, Self::State | Self::Row(_))
    }
}

fn slot_key(slot: &Slot) -> String {
    match slot {
        Slot::Group(name) => format!("pending group {name}"),
        Slot::Conversation(id, aspect) => match aspect {
            Aspect::Exists => format!("pending exists {id}"),
            Aspect::Pinned => format!("pending pinned {id}"),
            Aspect::Mark(mark) => format!("pending mark {} {id}", mark.bit()),
            Aspect::CustomData => format!("pending custom {id}"),
            // The length shows where the name begins: both texts may have any printable character.
            Aspect::Member(name) => format!("pending member {} {id}{name}", id.as_str().len()),
            Aspect::ReadTo => format!("pending read {id}"),
            Aspect::RemindType => format!("pending remind {id}"),
            // Unreachable with the aspects of this version.
            other => format!("pending {other:?} {id}"),
        },
        other => format!("pending {other:?}"),
    }
}

fn parse(key: &str) -> Option<Record> {
    match key.split_once(' ') {
        None if key == "state" => Some(Record::State),
        None if key == "outbox" => Some(Record::Outbox),
        Some(("row", id)) => id.parse().ok().map(Record::Row),
        Some(("local", id)) => id.parse().ok().map(Record::Local),
        Some(("pending", slot)) => parse_slot(slot).map(Record::Pending),
        _ => None,
    }
}

fn parse_slot(text: &str) -> Option<Slot> {
    let (aspect, rest) = text.split_once(' ')?;
    let simple = match aspect {
        "group" => return rest.parse().ok().map(Slot::Group),
        "mark" => {
            let (bit, id) = rest.split_once(' ')?;
            let mark = MarkType::from_bit(number(bit)?).ok()?;
            return Some(Slot::Conversation(id.parse().ok()?, Aspect::Mark(mark)));
        }
        "member" => {
            let (length, both) = rest.split_once(' ')?;
            let (id, name) = both.split_at_checked(usize::try_from(number(length)?).ok()?)?;
            return Some(Slot::Conversation(id.parse().ok()?, Aspect::Member(name.parse().ok()?)));
        }
        "exists" => Aspect::Exists,
        "pinned" => Aspect::Pinned,
        "custom" => Aspect::CustomData,
        "read" => Aspect::ReadTo,
        "remind" => Aspect::RemindType,
        _ => return None,
    };
    let id: ConversationId = rest.parse().ok()?;
    Some(Slot::Conversation(id, simple))
}

/// Reads a number as this version prints it: another spelling would be another key.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}
