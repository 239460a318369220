//! Percent-encoding, as in the query of a URL.

/// Decodes one name or value. `None` if an escape is cut or has no hex digits. The bytes may be any.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => 16 * nibble(bytes.next()?)? + nibble(bytes.next()?)?,
            other => other,
        });
    }
    Some(decoded)
}

/// Decodes the hex text of 32 bytes, in either case.
pub(super) fn hex_32(text: &[u8]) -> Option<[u8; 32]> {
    let pair = |pair: &[u8]| match *pair {
        [high, low] => Some(16 * nibble(high)? + nibble(low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = text.chunks(2).map(pair).collect();
    bytes?.try_into().ok()
}

fn nibble(digit: u8) -> Option<u8> {
    let digit = char::from(digit).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_bytes_and_a_cut_escape_is_refused() {
        assert_eq!(decode("a%2Bb+c%80").unwrap(), b"a+b c\x80");
        for bad in ["%", "%2", "%zz", "%+1"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn hex_is_read_in_either_case_and_has_one_length() {
        assert_eq!(hex_32(&[b'f'; 64]), hex_32(&[b'F'; 64]));
        assert_eq!(hex_32(&[b'f'; 64]), Some([255; 32]));
        for length in [0, 63, 65, 66] {
            assert_eq!(hex_32(&vec![b'f'; length]), None);
        }
        assert_eq!(hex_32(&[b'g'; 64]), None);
    }
}
