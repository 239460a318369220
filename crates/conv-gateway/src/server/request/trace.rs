//! W3C Trace Context.

use axum::http::HeaderMap;

/// The span of the caller that a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parent<'a> {
    pub(super) trace_id: &'a str,
    pub(super) parent_id: &'a str,
}

impl<'a> Parent<'a> {
    /// Reads `traceparent`; `None` if it is missing or not well formed.
    pub(super) fn of(headers: &'a HeaderMap) -> Option<Self> {
        let mut parts = headers.get("traceparent")?.to_str().ok()?.split('-');
        let (version, trace_id) = (parts.next()?, parts.next()?);
        let (parent_id, flags) = (parts.next()?, parts.next()?);
        // Version 0 has four parts; later ones may have more.
        let ends = version != "00" || parts.next().is_none();
        let is_valid = is_hex(version, 2)
            && version != "ff"
            && is_hex(trace_id, 32)
            && is_hex(parent_id, 16)
            && is_hex(flags, 2)
            && [trace_id, parent_id].iter().all(|id| id.bytes().any(|digit| digit != b'0'));
        (is_valid && ends).then_some(Self { trace_id, parent_id })
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", text.parse().unwrap());
        let parent = Parent::of(&headers)?;
        Some((parent.trace_id.to_owned(), parent.parent_id.to_owned()))
    }

    #[test]
    fn only_what_the_standard_allows_is_continued() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let both = Some((trace.to_owned(), span.to_owned()));
        assert_eq!(read(&format!("00-{trace}-{span}-01")), both);
        assert_eq!(read(&format!("01-{trace}-{span}-01-more")), both);
        let zeros = "0".repeat(32);
        for text in [
            format!("00-{trace}-{span}-01-more"),
            format!("ff-{trace}-{span}-01"),
            format!("00-{zeros}-{span}-01"),
            format!("00-{}-{span}-01", trace.to_uppercase()),
            format!("00-{trace}-{span}"),
            "x".to_owned(),
        ] {
            assert_eq!(read(&text), None, "{text}");
        }
    }
}
