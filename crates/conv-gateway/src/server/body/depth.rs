//! The nesting depth of JSON, measured without parsing it.

/// The maximum depth.
pub(super) const MAX: usize = 32;

/// Returns true if lists and objects are nested at most `max` deep. For a text that is not JSON it may
/// return either.
pub(super) fn is_within(json: &[u8], max: usize) -> bool {
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    for byte in json {
        match (in_text, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b'[' | b'{') => depth += 1,
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > max {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_outside_of_texts_alone() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(is_within(nested(32).as_bytes(), 32) && !is_within(nested(33).as_bytes(), 32));
        assert!(is_within(br#"{"a\"[[[[":"[[[\\"}"#, 1));
        assert!(!is_within(br#"{"a\\":[[]]}"#, 2));
        assert!(is_within(b"[[],[],[{}]]", 3));
    }
}
