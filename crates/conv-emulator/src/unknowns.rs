//! Choices for points that Tencent's documentation leaves open.

use std::str::FromStr;

use crate::Error;

/// The code of a failed group operation, which `error` names.
const FAILED: u32 = crate::code::CONTACT_GROUP_FAILED;

/// The behaviour of the emulated cloud where Tencent's documentation is silent.
///
/// UNCERTAIN: every field is a guess, and so is every default. A client that passes its tests with
/// each value of each field depends on none of them.
///
/// ```
/// use conv_emulator::{Taken, TopItems, Unknowns};
///
/// let mut unknowns = Unknowns::default();
/// unknowns.create_existing = Taken::Merge;
/// unknowns.top = TopItems::Partial;
/// // As a command line spells them; `Unknowns::HELP` lists all.
/// assert_eq!("create-existing=merge,top=partial".parse::<Unknowns>()?, unknowns);
/// # Ok::<(), conv_emulator::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unknowns {
    /// `create_contact_group` with the name of a group that exists; refused with 51007 by default.
    pub create_existing: Taken,
    /// `update_contact_group` that renames a group to the name of another one; refused with 51007
    /// by default.
    pub rename_taken: Taken,
    /// `top` with a bad item among good ones; nothing is pinned by default.
    pub top: TopItems,
    /// The code of `delete` for a conversation that the list does not hold; 0, the default, is
    /// success.
    pub delete_absent: u32,
    /// The number of the star in `SetMark` and `ClearMark`; 0 by default.
    pub mark_base: MarkBase,
    /// `admin_set_msg_read` with an earlier time than before; ignored by default.
    pub read_back: ReadBack,
    /// `admin_set_msg_read` for a conversation that the list does not hold; does nothing by
    /// default.
    pub read_absent: ReadAbsent,
    /// One conversation more than 1,000 in a group or with marks; refused with 51008 by default.
    pub full: WhenFull,
}

/// A name that another conversation group of the account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Taken {
    /// Both become one group, with the members of both. A renamed group ends, and the number of the
    /// other one stays.
    Merge,
    /// The call is refused with this code.
    Refuse(u32),
}

/// A call that pins or unpins several conversations, some of which cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TopItems {
    /// The call is refused with the code of the first bad item and changes nothing.
    AllOrNothing,
    /// The good items are applied, and the call is refused with the code of the first bad one: its
    /// answer has no results per item.
    Partial,
}

/// The number of the first mark, the star.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MarkBase {
    /// Marks are 0 to 63, as in the web SDK's own calls.
    Zero,
    /// Marks are 1 to 64.
    One,
}

/// A time up to which a conversation was read, earlier than one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadBack {
    /// The call succeeds and changes nothing.
    Ignored,
    /// Messages after the earlier time are unread again.
    Unreads,
}

/// A conversation that is read although the list does not hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadAbsent {
    /// The call succeeds and changes nothing.
    Nothing,
    /// The call leaves an empty conversation in the list.
    EmptyRow,
}

/// One conversation more than the 1,000 that a group or the marks of an account have room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenFull {
    /// The item fails with 51008.
    Refuse,
    /// The conversation whose labels have not changed for the longest time loses its place.
    EvictOldest,
}

impl Default for Unknowns {
    fn default() -> Self {
        Self {
            create_existing: Taken::Refuse(FAILED),
            rename_taken: Taken::Refuse(FAILED),
            top: TopItems::AllOrNothing,
            delete_absent: 0,
            mark_base: MarkBase::Zero,
            read_back: ReadBack::Ignored,
            read_absent: ReadAbsent::Nothing,
            full: WhenFull::Refuse,
        }
    }
}

impl Unknowns {
    /// Every spelling, as the help of a command shows it.
    pub const HELP: &'static str = r"Unknowns:
  LIST is NAME=VALUE, and perhaps more of them after commas; the first value is the default:

  create-existing=error     creating a group that exists fails with 51007, =N with this code,
                            =merge adds its members
  rename-taken=error        renaming a group to a taken name, likewise
  top=all-or-nothing        one bad item keeps all from being pinned; =partial pins the good ones
  delete-absent=0           deleting what is not in the list succeeds; =N fails with this code
  set-mark-base=0           the star is number 0 in SetMark and ClearMark, or 1
  read-back=ignored         reading up to an earlier time does nothing; =unreads takes it back
  read-absent=nothing       reading what is not in the list does nothing; =row adds an empty one
  full=error                conversation 1,001 of a group or with marks fails with 51008; =evict
                            takes the one out that has not changed for the longest time";

    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        match (name, value) {
            ("create-existing", _) => self.create_existing = taken(value)?,
            ("rename-taken", _) => self.rename_taken = taken(value)?,
            ("top", "all-or-nothing") => self.top = TopItems::AllOrNothing,
            ("top", "partial") => self.top = TopItems::Partial,
            ("delete-absent", _) => self.delete_absent = value.parse().ok()?,
            ("set-mark-base", "0") => self.mark_base = MarkBase::Zero,
            ("set-mark-base", "1") => self.mark_base = MarkBase::One,
            ("read-back", "ignored") => self.read_back = ReadBack::Ignored,
            ("read-back", "unreads") => self.read_back = ReadBack::Unreads,
            ("read-absent", "nothing") => self.read_absent = ReadAbsent::Nothing,
            ("read-absent", "row") => self.read_absent = ReadAbsent::EmptyRow,
            ("full", "error") => self.full = WhenFull::Refuse,
            ("full", "evict") => self.full = WhenFull::EvictOldest,
            _ => return None,
        }
        Some(())
    }
}

fn taken(value: &str) -> Option<Taken> {
    match value {
        "merge" => Some(Taken::Merge),
        "error" => Some(Taken::Refuse(FAILED)),
        _ => value.parse().ok().filter(|code| *code > 0).map(Taken::Refuse),
    }
}

impl FromStr for Unknowns {
    type Err = Error;

    /// Reads `NAME=VALUE`, and perhaps more of them after commas; see [`Unknowns::HELP`]. Names
    /// left out keep their defaults.
    ///
    /// # Errors
    ///
    /// [`Error::BadUnknowns`] for any other spelling.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut unknowns = Self::default();
        for part in text.split(',') {
            let pair = part.split_once('=');
            pair.and_then(|(name, value)| unknowns.set(name, value)).ok_or_else(|| {
                Error::BadUnknowns(format!("no such unknown: {part}; --help lists them"))
            })?;
        }
        Ok(unknowns)
    }
}

/// The edition of the app, as far as it decides what can be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Edition {
    /// Free Trial or Standard: no standard marks and no conversation groups (51013). Pins and
    /// custom texts can be written.
    Standard,
    /// Pro, Pro Plus or Enterprise: everything can be written.
    #[default]
    Pro,
}

impl FromStr for Edition {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "standard" => Ok(Self::Standard),
            "pro" => Ok(Self::Pro),
            _ => Err(Error::BadUnknowns(format!("expected standard or pro, got {text}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unknown_that_help_lists_has_both_its_values() {
        let lines = Unknowns::HELP.lines().filter_map(|line| line.split_whitespace().next());
        let listed: Vec<&str> = lines.filter(|word| word.contains('=') && word.len() > 8).collect();
        assert_eq!(listed.len(), 8, "{listed:?}");
        for pair in listed {
            assert_eq!(pair.parse::<Unknowns>().unwrap(), Unknowns::default(), "{pair}");
        }
        for pair in [
            "create-existing=merge",
            "rename-taken=51010",
            "top=partial",
            "delete-absent=50002",
            "set-mark-base=1",
            "read-back=unreads",
            "read-absent=row",
            "full=evict",
        ] {
            assert_ne!(pair.parse::<Unknowns>().unwrap(), Unknowns::default(), "{pair}");
        }
    }

    #[test]
    fn any_other_spelling_is_refused() {
        for text in ["", "top", "top=", "top=some", "create-existing=0", "x=1", "top=partial,,"] {
            assert!(matches!(text.parse::<Unknowns>(), Err(Error::BadUnknowns(_))), "{text}");
        }
        assert!("Pro".parse::<Edition>().is_err());
    }
}
