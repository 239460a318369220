//! Numbers of things, in words.

/// Returns a number and its noun: `1 change`, `2 changes`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// Returns `it` for one thing, `them` for more.
pub(crate) fn it(count: usize) -> &'static str {
    if count == 1 { "it" } else { "them" }
}
