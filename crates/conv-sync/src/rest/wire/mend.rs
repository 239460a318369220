//! Turns the bytes of a reply into JSON text that a decoder accepts, even if texts in it are
//! damaged.
//!
//! Texts are damaged before they reach the cloud: a client cuts a nickname inside an emoji, another
//! sends Latin-1. The cloud passes such texts on, and one bad byte would cost the whole reply. So
//! this module repairs the damage once for all commands, not per field.

use std::borrow::Cow;

/// Replaces the escape of a lone surrogate, and has the same length.
const REPLACEMENT: &[u8; 6] = b"\\ufffd";

/// Returns the text of a body. In it
/// * each sequence of bytes that is not UTF-8 has become U+FFFD,
/// * each escape of a lone surrogate, such as `\ud83d` without the half that follows, has become
///   the escape of U+FFFD,
/// * each raw control character, which JSON allows between tokens only, has become its escape within
///   a text, and a space elsewhere,
/// * a byte order mark at the start is gone.
///
/// A text keeps its control characters: an ID that has one must not become the ID of someone else.
///
/// An intact body is not copied. A mended one takes at most six times its size.
pub(super) fn text(body: Vec<u8>) -> String {
    let mut body = mend_controls(body);
    if body.contains(&b'\\') {
        mend_surrogates(&mut body);
    }
    let mut text = match String::from_utf8(body) {
        Ok(text) => text,
        Err(error) => match String::from_utf8_lossy(error.as_bytes()) {
            Cow::Owned(text) => text,
            Cow::Borrowed(text) => text.to_owned(),
        },
    };
    let marks = text.len() - text.trim_start_matches('\u{FEFF}').len();
    text.drain(..marks);
    text
}

/// Escapes the control characters within texts, and blanks those between tokens.
fn mend_controls(mut body: Vec<u8>) -> Vec<u8> {
    let mut place = Place::Between;
    let mut has_any_within = false;
    for byte in &mut body {
        let is_within = place == Place::Within;
        place = place.after(*byte);
        if *byte < b' ' {
            has_any_within |= is_within;
            *byte = if is_within { *byte } else { b' ' };
        }
    }
    if !has_any_within {
        return body;
    }
    let mut mended = Vec::with_capacity(body.len() + body.len() / 8);
    for byte in body {
        match byte {
            ..b' ' => mended.extend(format!("\\u{byte:04x}").bytes()),
            _ => mended.push(byte),
        }
    }
    mended
}

/// The place of a byte in JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Between,
    Within,
    /// Behind the backslash of an escape.
    Escaped,
}

impl Place {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Between, b'"') | (Self::Escaped, _) => Self::Within,
            (Self::Within, b'"') => Self::Between,
            (Self::Within, b'\\') => Self::Escaped,
            _ => self,
        }
    }
}

/// Replaces each escaped surrogate that has lost its other half.
fn mend_surrogates(mut rest: &mut [u8]) {
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let escape = rest.get_mut(at..).unwrap_or_default();
        let length = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                if let Some(lone) = escape.first_chunk_mut() {
                    *lone = *REPLACEMENT;
                }
                6
            }
            (Some(_), _) => 6,
            // A backslash and the byte that it escapes, which may be another backslash.
            (None, _) => 2,
        };
        rest = escape.get_mut(length..).unwrap_or_default();
    }
}

/// Returns the number of the escape `\uXXXX` that `text` begins with.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |number: u16, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(number << 4 | u16::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mended(body: impl Into<Vec<u8>>) -> String {
        text(body.into())
    }

    #[test]
    fn a_lone_surrogate_is_replaced_in_its_place() {
        for (damaged, whole) in [
            (r#""Ann \ud83d""#, "Ann \u{FFFD}"),
            (r#""\uDE00 Ann""#, "\u{FFFD} Ann"),
            (r#""\ud83d\ud83d\ude00""#, "\u{FFFD}\u{1F600}"),
            (r#""\ud83d\u0041""#, "\u{FFFD}A"),
            (r#""\ud83d\\ude00""#, "\u{FFFD}\\ude00"),
            (r#""\\ud83d\\\ud83d""#, "\\ud83d\\\u{FFFD}"),
            (r#""\ud83d\n\"\ude00\/""#, "\u{FFFD}\n\"\u{FFFD}/"),
        ] {
            let text: String = serde_json::from_str(&mended(damaged)).unwrap();
            assert_eq!(text, whole, "{damaged}");
        }
    }

    #[test]
    fn other_damage_is_mended_too() {
        assert_eq!(mended(b"\"Andr\xE9\""), "\"Andr\u{FFFD}\"");
        assert_eq!(mended("\u{FEFF}\u{FEFF}{}"), "{}");
        assert_eq!(mended("{\r\n\"a\":\t\"x\ny\0\"}"), "{  \"a\": \"x\\u000ay\\u0000\"}");
    }

    #[test]
    fn an_id_with_a_control_character_does_not_become_another_id() {
        for (damaged, id) in [("ali\tce", "ali\tce"), ("\0", "\0"), ("a\\\"\n", "a\"\n")] {
            let body = format!("{{\n\t\"To_Account\": \"{damaged}\"\r\n}}");
            let read: serde_json::Value = serde_json::from_str(&mended(body)).unwrap();
            assert_eq!(read["To_Account"], id);
        }
        assert_eq!(mended("[\"a\\\n\"]"), "[\"a\\ \"]", "an escape of nothing stays one");
    }

    #[test]
    fn a_text_that_ends_early_stays_as_it_is() {
        for text in ["\\", "\\u", "\\ud83", "\\ud83d\\", "\\ud83d\\u", "\\uzzzz", "\"\\"] {
            let expected = text.replace("\\ud83d", "\\ufffd");
            assert_eq!(mended(text), expected);
        }
    }

    /// Any text as JSON, each half of a character escaped by itself or not.
    fn units() -> impl Strategy<Value = Vec<u16>> {
        let unit = prop_oneof![0xD800..=0xDFFF_u16, any::<u16>(), 0x20..0x80_u16];
        prop::collection::vec(unit, 0..40)
    }

    proptest! {
        #[test]
        fn escaped_units_read_as_utf_16_does(units in units()) {
            let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let read: String = serde_json::from_str(&mended(format!("\"{escaped}\""))).unwrap();
            prop_assert_eq!(read, String::from_utf16_lossy(&units));
        }

        #[test]
        fn sound_json_means_the_same(text: String) {
            let json = serde_json::to_string(&[&text, "\\ud83d", "\u{1F600}"]).unwrap();
            prop_assert_eq!(mended(json.clone()), json);
        }

        #[test]
        fn bytes_in_a_text_read_as_utf_8_does(bytes: Vec<u8>) {
            let bytes: Vec<_> =
                bytes.into_iter().filter(|byte| !matches!(byte, ..b' ' | b'"' | b'\\')).collect();
            let read: String =
                serde_json::from_str(&mended([b"\"", &bytes[..], b"\""].concat())).unwrap();
            prop_assert_eq!(read, String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn mending_twice_is_mending_once(bytes: Vec<u8>) {
            let once = mended(bytes);
            prop_assert_eq!(mended(once.clone()), once);
        }
    }
}
