//! Texts that the wire can carry although no `str` can hold them.

/// In any text of the world or of a fault, means half of a surrogate pair: answers spell it
/// `\ud83d`, like the JSON of a text that was cut inside an emoji.
///
/// ```
/// # use conv_emulator::{Emulator, LONE_SURROGATE};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), conv_emulator::Error> {
/// let emulator = Emulator::builder().start().await?;
/// emulator.world().rename_user("user_0002", &format!("Ann {LONE_SURROGATE}"))?;
/// # Ok(())
/// # }
/// ```
pub const LONE_SURROGATE: char = '\u{fdd0}';

/// In any text of the world or of a fault, means a byte of Latin-1 (`é`, 0xE9), so that the answer
/// is not UTF-8.
pub const LATIN1_BYTE: char = '\u{fdd1}';

/// Writes a body. Both placeholders are noncharacters, which no ordinary text contains.
pub(crate) fn bytes(text: String) -> Vec<u8> {
    if !text.contains([LONE_SURROGATE, LATIN1_BYTE]) {
        return text.into_bytes();
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match c {
            LONE_SURROGATE => bytes.extend_from_slice(b"\\ud83d"),
            LATIN1_BYTE => bytes.push(0xe9),
            _ => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_become_invalid_bytes_and_other_text_is_unchanged() {
        assert_eq!(bytes("日本 🐼".to_owned()), "日本 🐼".as_bytes());
        assert_eq!(bytes(format!("🐼{LONE_SURROGATE}.")), "🐼\\ud83d.".as_bytes());
        assert_eq!(bytes(format!("caf{LATIN1_BYTE}")), b"caf\xe9");
    }
}
