//! Marks: labels that a user puts on a conversation.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeSeq};
use thiserror::Error;

/// One mark: a single bit of 64.
///
/// The values are those at run time of the SDK; the TypeScript declarations have other ones for
/// `FOLD` and `HIDE`. Marking is a label only: [`UNREAD`](Self::UNREAD) changes no unread count.
///
/// ```
/// use conv_model::MarkType;
///
/// assert_eq!(MarkType::STAR.value(), 1);
/// assert_eq!(MarkType::HIDE.value(), 8);
/// assert_eq!(MarkType::from_value(1 << 32)?, MarkType::from_bit(32)?);
/// assert!(MarkType::from_value(3).is_err());
/// # Ok::<(), conv_model::MarkError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "u64")]
pub struct MarkType(u8);

/// A set of marks, kept as the cloud keeps it: 64 bits.
///
/// In JSON it is the SDK's `markList`: powers of two, ascending. Those from 2⁵⁵ on are also read
/// with the digits that JavaScript prints for them.
///
/// ```
/// use conv_model::{MarkType, Marks};
///
/// let marks = Marks::from_bit_string("111001")?;
/// assert!(marks.contains(MarkType::STAR));
/// assert_eq!(serde_json::to_string(&marks).unwrap(), "[1,8,16,32]");
/// # Ok::<(), conv_model::MarkError>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Marks(u64);

/// The reason a value is not a valid mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum MarkError {
    /// The number is not a single power of two.
    #[error("expected a mark that is one power of two, got {0}")]
    NotOneBit(u64),
    /// The bit is above 63.
    #[error("expected a mark bit from 0 to 63, got {0}")]
    NoSuchBit(u32),
    /// The bit string is empty, has a character other than `0` and `1`, or a bit above 63.
    #[error("expected a string of at most 64 characters 0 and 1")]
    BadBitString,
}

impl MarkType {
    /// Favourite: 1.
    pub const STAR: Self = Self(0);
    /// Marked as unread: 2.
    pub const UNREAD: Self = Self(1);
    /// Folded: 4.
    pub const FOLD: Self = Self(2);
    /// Hidden: 8.
    pub const HIDE: Self = Self(3);

    /// The mark with a bit's index: 0–3 are defined by Tencent, 32–63 are the app's own.
    ///
    /// # Errors
    /// [`MarkError::NoSuchBit`] above 63.
    pub const fn from_bit(bit: u32) -> Result<Self, MarkError> {
        if bit < 64 { Ok(Self(bit as u8)) } else { Err(MarkError::NoSuchBit(bit)) }
    }

    /// The mark with a value: the SDK's `markType`.
    ///
    /// # Errors
    /// [`MarkError::NotOneBit`] for 0 and sums of marks.
    pub const fn from_value(value: u64) -> Result<Self, MarkError> {
        if value.is_power_of_two() {
            Ok(Self(value.trailing_zeros() as u8))
        } else {
            Err(MarkError::NotOneBit(value))
        }
    }

    /// Returns the mark with a value as written in JSON: exact, or as JavaScript prints it. From 2^55 on
    /// its shortest digits for a power of two are not the power's own: 2^63 is printed as
    /// 9223372036854776000.
    pub(crate) fn from_printed(value: u64) -> Result<Self, MarkError> {
        Self::from_value(value).or_else(|error| {
            let nearest = value as f64;
            if nearest.to_string() != value.to_string() {
                return Err(error);
            }
            Self::from_value(nearest as u64).map_err(|_| error)
        })
    }

    /// The bit's index, 0–63: what REST's `SetMark` takes.
    pub const fn bit(self) -> u32 {
        self.0 as u32
    }

    /// The value: 2 to the power of the bit.
    pub const fn value(self) -> u64 {
        1 << self.0
    }
}

impl From<MarkType> for u64 {
    fn from(mark: MarkType) -> Self {
        mark.value()
    }
}

impl fmt::Debug for MarkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::STAR => f.write_str("STAR"),
            Self::UNREAD => f.write_str("UNREAD"),
            Self::FOLD => f.write_str("FOLD"),
            Self::HIDE => f.write_str("HIDE"),
            Self(bit) => write!(f, "2^{bit}"),
        }
    }
}

impl<'de> Deserialize<'de> for MarkType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_printed(u64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl Marks {
    /// No mark.
    pub const NONE: Self = Self(0);

    /// The set with these 64 bits.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The 64 bits.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Returns true if no mark is set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns true if a mark is set.
    pub const fn contains(self, mark: MarkType) -> bool {
        self.0 & mark.value() != 0
    }

    /// This set and one mark more.
    #[must_use]
    pub const fn with(self, mark: MarkType) -> Self {
        Self(self.0 | mark.value())
    }

    /// This set less one mark.
    #[must_use]
    pub const fn without(self, mark: MarkType) -> Self {
        Self(self.0 & !mark.value())
    }

    /// The marks, lowest bit first.
    pub fn iter(self) -> impl Iterator<Item = MarkType> {
        (0..64).map(MarkType).filter(move |mark| self.contains(*mark))
    }

    /// Reads REST's `StandardMark`: the rightmost character is bit 0, leading zeros are allowed.
    ///
    /// The order is observed on the SDK's socket; that REST has the same is our reading of its
    /// samples. This function and [`to_bit_string`](Self::to_bit_string) are the only code that
    /// depends on it.
    ///
    /// # Errors
    /// [`MarkError::BadBitString`].
    pub fn from_bit_string(text: &str) -> Result<Self, MarkError> {
        if text.is_empty() || text.bytes().any(|byte| !matches!(byte, b'0' | b'1')) {
            return Err(MarkError::BadBitString);
        }
        let digits = text.trim_start_matches('0');
        if digits.is_empty() {
            return Ok(Self::NONE);
        }
        u64::from_str_radix(digits, 2).map(Self).map_err(|_| MarkError::BadBitString)
    }

    /// Writes REST's `StandardMark`, without leading zeros; `"0"` for the empty set.
    pub fn to_bit_string(self) -> String {
        format!("{:b}", self.0)
    }
}

impl FromIterator<MarkType> for Marks {
    fn from_iter<I: IntoIterator<Item = MarkType>>(marks: I) -> Self {
        marks.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Marks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.count_ones() as usize))?;
        for mark in self.iter() {
            list.serialize_element(&mark)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<MarkType>::deserialize(deserializer)?.into_iter().collect())
    }
}
