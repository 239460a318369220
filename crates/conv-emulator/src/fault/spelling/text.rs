//! Texts with escapes, for characters that are hard to write in a shell.

use super::bad;
use crate::{
    Error,
    odd::{LATIN1_BYTE, LONE_SURROGATE},
};

pub(super) fn unescape(text: &str) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (c, after) = escaped(after).ok_or_else(|| bad(format!("bad escape in {text}")))?;
        out.push(c);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Returns the character that an escape means, and the rest of the text.
fn escaped(text: &str) -> Option<(char, &str)> {
    if let Some(rest) = text.strip_prefix('\\') {
        return Some(('\\', rest));
    }
    if let Some(rest) = text.strip_prefix("xe9") {
        return Some((LATIN1_BYTE, rest));
    }
    let (digits, rest) = text.strip_prefix('u')?.split_at_checked(4)?;
    let c = match u32::from_str_radix(digits, 16).ok()? {
        0xd83d => LONE_SURROGATE,
        code => char::from_u32(code)?,
    };
    Some((c, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fault, Rule};

    #[track_caller]
    fn rule(text: &str) -> Rule {
        text.parse().unwrap()
    }

    #[test]
    fn texts_may_be_empty_and_hold_what_a_shell_cannot() {
        let names = |text: &str| Rule::always(Fault::Names(text.to_owned()));
        assert_eq!(rule("names="), names(""));
        assert_eq!(rule(r"names=   "), names("   "));
        assert_eq!(rule(r"names=a=b\u002c\\\u200b"), names("a=b,\\\u{200b}"));
        assert_eq!(rule(r"names=Ann \ud83d"), names(&format!("Ann {LONE_SURROGATE}")));
        assert_eq!(rule(r"names=caf\xe9"), names(&format!("caf{LATIN1_BYTE}")));
    }
}
