//! JSON on standard output, in the shape of the SDK's answers.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{
    Value,
    ser::{CompactFormatter, Formatter, Serializer},
};

use super::harmless::is_harmful;
use crate::Error;

/// `{"code":0,"data":…}`
#[derive(Debug, Serialize)]
pub(crate) struct Answer<'a, T> {
    pub(crate) code: i32,
    pub(crate) data: &'a T,
}

/// `{"code":N,"message":"…","class":"…"}`, with the `data` of a command that found something before
/// it failed.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    code: i32,
    message: String,
    class: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

impl Failure {
    pub(crate) fn of(error: &Error) -> Self {
        let (message, class) = (error.words(), error.class().as_str());
        Self { code: error.code(), message, class, data: error.data().cloned() }
    }
}

/// Writes one document as one line, in one write.
pub(crate) fn line(out: &mut impl Write, value: &impl Serialize) -> Result<(), Error> {
    let mut line = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut line, Harmless))
        .map_err(io::Error::from)?;
    line.push(b'\n');
    out.write_all(&line)?;
    Ok(out.flush()?)
}

/// Writes compact JSON and escapes every character that a terminal would obey: the same JSON, safe
/// to display.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for part in fragment.split_inclusive(is_harmful) {
            match part.chars().next_back().filter(|c| is_harmful(*c)) {
                Some(last) => {
                    let shown = part.strip_suffix(last).unwrap_or_default();
                    CompactFormatter.write_string_fragment(out, shown)?;
                    write!(out, "\\u{:04x}", u32::from(last))?;
                }
                None => CompactFormatter.write_string_fragment(out, part)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_mean_the_same() {
        let text = "a\u{1b}\u{7f}\u{9b}b\u{202e}\"客";
        let mut out = Vec::new();
        line(&mut out, &text).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert_eq!(shown, "\"a\\u001b\\u007f\\u009bb\\u202e\\\"客\"\n");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }
}
