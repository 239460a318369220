//! The format that our files share: their header, and entries whose checksums show what a crash or
//! damage left.
//!
//! An entry is `length u32 | crc32 of the length u32 | crc32 of the body u32 | body`, little endian.
//! The length has a checksum of its own, for two reasons: a body that ends early is known to be torn
//! and not damaged, and behind damage the next entry is found by looking for a length that checks.

use crate::StoreError;

/// The bytes before a body.
pub(crate) const HEAD: usize = 12;
/// The largest body. A greater length does not belong to an entry.
pub(crate) const MAX_BODY: usize = 4 << 20;
/// The bytes before the first entry.
pub(crate) const HEADER: usize = 12;

/// Returns the header of a file: a name, the version, and a checksum of the two, so that a flipped
/// bit is not taken for a newer version.
pub(crate) fn header(magic: [u8; 4], version: u8) -> [u8; HEADER] {
    let [a, b, c, d] = magic;
    let named = [a, b, c, d, version, 0, 0, 0];
    let [w, x, y, z] = crc32fast::hash(&named).to_le_bytes();
    [a, b, c, d, version, 0, 0, 0, w, x, y, z]
}

/// The version in a header; `None` if it is damaged, or of another file.
pub(crate) fn version(magic: [u8; 4], bytes: &[u8]) -> Option<u8> {
    let version = bytes.get(magic.len()).copied();
    version.filter(|version| bytes == header(magic, *version))
}

/// A body with its head.
pub(crate) fn seal(body: &[u8]) -> Result<Vec<u8>, StoreError> {
    let too_large = || StoreError::TooLarge { bytes: body.len(), limit: MAX_BODY };
    let length = u32::try_from(body.len()).map_err(|_| too_large())?;
    if body.len() > MAX_BODY {
        return Err(too_large());
    }
    let mut entry = Vec::with_capacity(HEAD.saturating_add(body.len()));
    entry.extend(length.to_le_bytes());
    entry.extend(crc32fast::hash(&length.to_le_bytes()).to_le_bytes());
    entry.extend(crc32fast::hash(body).to_le_bytes());
    entry.extend(body);
    Ok(entry)
}

/// The length and checksum of the body behind a head; `None` if this is not a head.
pub(crate) fn head(bytes: &[u8]) -> Option<(usize, u32)> {
    let mut bytes = Bytes::of(bytes);
    let length = bytes.array::<4>()?;
    let length_check = u32::from_le_bytes(bytes.array()?);
    let body_check = u32::from_le_bytes(bytes.array()?);
    if crc32fast::hash(&length) != length_check {
        return None;
    }
    let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
    (length <= MAX_BODY).then_some((length, body_check))
}

/// The bytes of a body that are still to be read.
pub(crate) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of bytes left.
    pub(crate) fn left(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// A text with a length of one byte before it.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let [length] = self.array()?;
        std::str::from_utf8(self.take(usize::from(length))?).ok()
    }
}
