//! Times as the cloud states them.

use std::{fmt, num::NonZeroU64};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// A moment of the cloud's clock: whole seconds since 1970-01-01 UTC.
///
/// Zero means *no time*: the SDK's value for a conversation without a message.
///
/// An `Option` of it takes eight bytes; for that the last second a `u64` can name counts as the one
/// before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(
    /// The seconds and one.
    NonZeroU64,
);

/// A number that cannot be a moment of the cloud's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("expected seconds or milliseconds of a moment from 2010 to 2100, got {0}")]
pub struct TimestampError(i64);

impl Timestamp {
    /// No time.
    pub const ZERO: Self = Self::from_secs(0);

    const YEAR_2010: u64 = 1_262_304_000;
    const YEAR_2100: u64 = 4_102_444_800;
    /// At and above this a number counts milliseconds.
    const MILLISECONDS: u64 = 100_000_000_000;

    /// From seconds, unchecked.
    pub const fn from_secs(seconds: u64) -> Self {
        match NonZeroU64::new(seconds.saturating_add(1)) {
            Some(number) => Self(number),
            None => Self(NonZeroU64::MAX),
        }
    }

    /// Reads a number from a reply: seconds, or milliseconds from 10¹¹ on; 0 is *no time*.
    ///
    /// # Errors
    /// Negative numbers and moments before 2010 or from 2100 on.
    pub fn from_cloud(number: i64) -> Result<Self, TimestampError> {
        let raw = u64::try_from(number).map_err(|_| TimestampError(number))?;
        let seconds = if raw >= Self::MILLISECONDS { raw / 1000 } else { raw };
        match seconds {
            0 | Self::YEAR_2010..Self::YEAR_2100 => Ok(Self::from_secs(seconds)),
            _ => Err(TimestampError(number)),
        }
    }

    /// Seconds since 1970.
    pub const fn as_secs(self) -> u64 {
        self.0.get() - 1
    }

    /// Returns true if it means *no time*.
    pub const fn is_zero(self) -> bool {
        self.as_secs() == 0
    }

    /// This moment and some seconds more, at most the greatest.
    #[must_use]
    pub const fn plus_secs(self, seconds: u64) -> Self {
        Self::from_secs(self.as_secs().saturating_add(seconds))
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.as_secs()).finish()
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.as_secs())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(Self::from_secs)
    }
}
