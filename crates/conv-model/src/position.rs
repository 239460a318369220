//! The point that a reader of a list has reached.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::{ErrorClass, Seq};

/// The point that a reader of an account's list has reached: the list's epoch and the number of the
/// last stored write that the reader has seen.
///
/// It outlives the process that gave it, and means the same in every process on the same store. A
/// commit's number ([`Seq`] of a snapshot) does not: it belongs to one process. A position of another
/// epoch says nothing about this one's rows, so a reader keeps the two parts together.
///
/// As text and in JSON it is `<epoch>.<write>`: 16 hexadecimal digits in lower case and a decimal
/// number without leading zeros, so one position has one text.
///
/// ```
/// use conv_model::{Position, Seq};
///
/// let position = Position::new(0xC0FFEE, Seq::new(17));
/// assert_eq!(position.to_string(), "0000000000c0ffee.17");
/// assert_eq!("0000000000c0ffee.17".parse(), Ok(position));
/// assert!("c0ffee.17".parse::<Position>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The identity of the list: it changes when writes that were acknowledged may be gone.
    pub epoch: u64,
    /// The number of the last stored write.
    pub write: Seq,
}

/// The reason a string is not a position: it is not `<epoch>.<write>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("expected a position, 16 hexadecimal digits, a dot and a number; read without one")]
#[non_exhaustive]
pub struct PositionError;

/// The hexadecimal digits of an epoch.
const DIGITS: usize = 16;

impl Position {
    /// Returns the position of a write in an epoch.
    pub const fn new(epoch: u64, write: Seq) -> Self {
        Self { epoch, write }
    }
}

impl PositionError {
    /// Returns the kind of the error: the argument is wrong.
    pub const fn class(self) -> ErrorClass {
        ErrorClass::InvalidArgument
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0DIGITS$x}.{}", self.epoch, self.write.as_u64())
    }
}

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        let (epoch, write) = text.split_once('.').ok_or(PositionError)?;
        let epoch = u64::from_str_radix(epoch, 16).map_err(|_| PositionError)?;
        let write = write.parse().map_err(|_| PositionError)?;
        let position = Self::new(epoch, Seq::new(write));
        // Signs, capitals and zeros would give one position several texts.
        if position.to_string() == text { Ok(position) } else { Err(PositionError) }
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
