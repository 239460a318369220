//! The bytes that an ID may have.

use super::ParseIdError;

/// Refuses every byte outside 0x20–0x7E.
#[inline]
pub(super) fn printable(text: &str) -> Result<(), ParseIdError> {
    if is_printable(text.as_bytes()) { Ok(()) } else { Err(ParseIdError::NotPrintable) }
}

/// IDs are short: eight bytes at a time take a few steps, and the last eight, some of which were
/// seen before, leave no rest to go through byte by byte.
#[inline]
fn is_printable(bytes: &[u8]) -> bool {
    if let Some(last) = bytes.last_chunk() {
        let words = bytes.chunks_exact(8).filter_map(|word| word.first_chunk());
        words.fold(odd(*last), |found, word| found | odd(*word)) == 0
    } else if let (Some([a, b, c, d]), Some([e, f, g, h])) =
        (bytes.first_chunk(), bytes.last_chunk())
    {
        odd([*a, *b, *c, *d, *e, *f, *g, *h]) == 0
    } else {
        bytes.iter().all(|byte| matches!(byte, 0x20..=0x7E))
    }
}

/// The top bit of each byte that is not printable; other such bits may be lost, but not the lowest
/// one's.
#[inline]
fn odd(word: [u8; 8]) -> u64 {
    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    let word = u64::from_le_bytes(word);
    // Up to 0x7F nothing is carried over to the next byte, and what is greater shows by itself.
    let is_delete = word.wrapping_add(each(0x01));
    let is_no_control = word.wrapping_add(each(0x60));
    (word | is_delete | !is_no_control) & each(0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_odd_byte_is_found_at_each_place_of_each_length() {
        for length in 0..=33 {
            let text = vec![b'~'; length];
            assert!(is_printable(&text) && is_printable(&vec![b' '; length]), "{length}");
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = text.clone();
                    text[place] = byte;
                    assert_eq!(is_printable(&text), (0x20..=0x7E).contains(&byte), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn odd_bytes_do_not_hide_one_another() {
        for pair in 0..=u16::MAX {
            let [a, b] = pair.to_le_bytes();
            let is_ok = [a, b].iter().all(|byte| (0x20..=0x7E).contains(byte));
            assert_eq!(is_printable(&[b'x', a, b, b'x', b'x', b'x', b'x', b'x']), is_ok);
            assert_eq!(is_printable(&[b'x', b'x', b'x', a, b]), is_ok);
        }
    }
}
