//! Texts that people write.

use std::sync::Arc;

use proptest::{prelude::*, sample::select};

/// Names in many scripts; also none at all, spaces, marks that turn the writing direction, and
/// control characters.
pub fn names() -> impl Strategy<Value = Arc<str>> {
    let scripts = vec![
        "Alice",
        "Zoë Müller",
        "Zoe\u{308}",
        "李小龍",
        "さくら",
        "한지민",
        "Мария",
        "Ελένη",
        "محمد",
        "שרה",
        "नेहा",
        "สมชาย",
        "Հայկ",
        "👩‍👩‍👧",
        "\u{202e}ecilA",
        "İstanbul",
        "ﷺ",
        "a\0b",
        "\n",
        " ",
        "",
        "\"quoted\"",
        "null",
    ];
    prop_oneof![
        6 => select(scripts).prop_map(Arc::from),
        2 => "\\PC{0,24}".prop_map(Arc::from),
        1 => any::<String>().prop_map(Arc::from),
    ]
}

/// Names of conversation groups, from a handful so that filters hit.
pub fn conversation_groups() -> impl Strategy<Value = Arc<str>> {
    select(vec!["Suppliers", "suppliers", "Familie", "客户", "דחוף", " "]).prop_map(Arc::from)
}

/// Such a text as a `String`.
pub(super) fn strings() -> impl Strategy<Value = String> {
    names().prop_map(|text| text.to_string())
}

/// Nothing, or something. Boxed: a tree of strategies that is one big value would overflow the
/// stack of a test.
pub(super) fn maybe<S: Strategy + 'static>(some: S) -> BoxedStrategy<Option<S::Value>> {
    proptest::option::of(some).boxed()
}
