//! Conditions of any shape: what they say, and their normal spelling.

mod json;
mod normal;

use std::sync::Arc;

use conv_model::{
    Condition, Conversation, ConversationFilter, ConversationQuery, ConversationType, Facet,
    FoldedText, RemindType, Timestamp, UnaccentedText, testing,
};
use proptest::{collection::vec, prelude::*};

pub(crate) fn row(id: &str) -> Conversation {
    Conversation::new(id.parse().unwrap())
}

fn named(name: &str) -> Conversation {
    let mut row = row("C2Cid");
    row.profile.name = Some(name.into());
    row
}

/// Kleene's logic in numbers: no is 0, unknown 1, yes 2.
fn naive(condition: &Condition, row: &Conversation) -> u8 {
    let known = |is: Option<bool>| is.map_or(1, |is| u8::from(is) * 2);
    match condition {
        Condition::All(all) => all.iter().map(|one| naive(one, row)).min().unwrap_or(2),
        Condition::Any(any) => any.iter().map(|one| naive(one, row)).max().unwrap_or(0),
        Condition::Not(inner) => 2 - naive(inner, row),
        Condition::Unread(has) => known(row.unread.count.map(|count| (count > 0) == *has)),
        Condition::Muted(is) => known(
            row.unread.remind_type.as_ref().map(|kind| (kind.as_str() != "AcceptAndNotify") == *is),
        ),
        Condition::Pinned(is) => known(Some(row.listing.is_pinned == *is)),
        // The others have tests of their own.
        leaf => known(leaf.judge(row)),
    }
}

fn facet_free(condition: &Condition) -> bool {
    condition.facets().is_empty()
}

#[test]
fn a_name_is_found_in_any_case_and_any_script() {
    for (name, part) in [
        ("Alice", "LIC"),
        ("Zoë Müller", "zoë mü"),
        ("Zoe\u{308}", "ZOË"),
        ("Zoë", "oe\u{308}"),
        ("Lange Straße", "STRASSE"),
        ("GROSSE STRASSE", "straße"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
        ("Ὀδυσσεύς", "ΣΕΎΣ"),
        ("Мария", "МАР"),
        ("Հայկ", "ՀԱՅ"),
        ("李小龍", "小"),
        ("한지민", "지"),
        ("İstanbul", "i\u{307}stanbul"),
        ("\u{212a}elvin", "k"),
        ("ﬁsh", "FI"),
        ("anything", ""),
        ("", ""),
    ] {
        assert!(Condition::name_contains(part).matches(&named(name)), "{part} in {name}");
    }
    for (name, part) in [("Alice", "alicia"), ("Zoë", "zoe"), ("ılık", "i"), ("İ", "ı"), ("", "a")]
    {
        assert!(!Condition::name_contains(part).matches(&named(name)), "{part} in {name}");
    }
}

#[test]
fn an_accent_counts_only_where_it_is_asked_for() {
    for (name, part) in [
        ("José", "jose"),
        ("JOSE\u{301}", "jose"),
        ("Jose", "JOSÉ"),
        ("Nguyễn", "nguyen"),
        ("Ὀδυσσεύς", "οδυσσευσ"),
        ("ᾳ", "α"),
        ("Артём", "артем"),
        ("İstanbul", "istanbul"),
        ("Straße", "STRASSE"),
        ("한지민", "지"),
        ("がく", "が"),
        ("हिन्दी", "हि"),
        ("ไทย", "ไทย"),
        ("", ""),
    ] {
        let wanted = Condition::name_contains_unaccented(part);
        assert!(wanted.matches(&named(name)), "{part} in {name}");
    }
    for (name, part) in [
        ("José", "josef"),
        ("Søren", "soren"),
        ("ılık", "i"),
        ("がく", "か"),
        ("हिन्दी", "हन"),
        ("각", "가"),
    ] {
        let wanted = Condition::name_contains_unaccented(part);
        assert!(!wanted.matches(&named(name)), "{part} in {name}");
    }
    assert_eq!(Condition::name_contains_unaccented("id").judge(&row("C2Cid")), None);
}

#[test]
fn the_name_is_the_one_that_a_list_shows() {
    let mut both = named("Nickname");
    both.profile.remark = Some("Boss".into());
    assert!(Condition::name_contains("boss").matches(&both));
    assert!(!Condition::name_contains("nick").matches(&both));
    // Without a name the ID is shown, which proves nothing while the name was never fetched.
    let mut nameless = row("C2Cid");
    assert_eq!(Condition::name_contains("id").judge(&nameless), None);
    nameless.profile.read_at = Some(Timestamp::from_secs(1));
    assert_eq!(Condition::name_contains("id").judge(&nameless), Some(true));
    assert!(Condition::name_contains("system").matches(&row("@TIM#SYSTEM")));
}

#[test]
fn before_and_after_leave_out_the_very_second() {
    let at = |secs: u64| Timestamp::from_secs(1_700_000_000 + secs);
    let mut row = row("C2Calice");
    row.listing.time = Some(at(5));
    for (condition, expected) in [
        (Condition::before(at(5)), false),
        (Condition::before(at(6)), true),
        (Condition::after(at(5)), false),
        (Condition::after(at(4)), true),
    ] {
        assert_eq!(condition.judge(&row), Some(expected), "{condition:?}");
    }
    row.listing.time = Some(Timestamp::ZERO);
    assert_eq!(Condition::before(at(0)).judge(&row), Some(false));
    assert_eq!(Condition::after(Timestamp::ZERO).judge(&row), Some(false));
    row.listing.time = None;
    assert_eq!(Condition::before(at(0)).judge(&row), None);
    assert_eq!(Condition::after(at(0)).judge(&row), None);
}

#[test]
fn muted_is_known_where_the_remind_type_is() {
    let mut row = row("GROUPg1");
    assert_eq!(Condition::muted(true).judge(&row), None);
    row.unread.remind_type = Some(RemindType::AcceptAndNotify);
    assert_eq!(Condition::muted(true).judge(&row), Some(false));
    row.unread.remind_type = Some("SomethingNew".into());
    assert_eq!(Condition::muted(false).judge(&row), Some(false));
}

#[test]
fn a_query_names_the_facets_it_depends_on() {
    let pinned = Condition::pinned(true).and(Condition::after(Timestamp::ZERO));
    assert!(ConversationQuery::condition(pinned.clone()).unwrap().facets().is_empty());
    let named = !(pinned.and(Condition::name_contains("a")).or(Condition::mention(false)));
    let query = ConversationQuery::condition(named.and(Condition::muted(true))).unwrap();
    assert_eq!(query.facets(), [Facet::Profile, Facet::Unread]);
    let filter = ConversationQuery::from(ConversationFilter::has_unread_count(true));
    assert_eq!(filter.facets(), [Facet::Unread]);
}

proptest! {
    #[test]
    fn it_judges_as_numbers_do(
        condition in testing::conditions(), row in testing::conversations(),
    ) {
        let expected = [Some(false), None, Some(true)][usize::from(naive(&condition, &row))];
        prop_assert_eq!(condition.judge(&row), expected);
        prop_assert_eq!(condition.matches(&row), expected == Some(true));
        let query = ConversationQuery::condition(condition).unwrap();
        prop_assert_eq!(query.matches(&row), expected == Some(true));
    }

    #[test]
    fn without_facets_a_row_meets_it_or_its_opposite(
        condition in testing::conditions().prop_filter("of the listing", facet_free),
        mut row in testing::conversations(),
    ) {
        row.listing.time = Some(row.listing.time.unwrap_or_default());
        prop_assert_ne!(condition.matches(&row), (!condition).matches(&row));
    }

    #[test]
    fn values_that_were_never_fetched_decide_nothing(
        condition in testing::conditions(), row in testing::conversations(),
    ) {
        // Whatever a facet turns out to be, earlier answers stay valid.
        let mut bare = row.clone();
        // The system conversation's name is not a facet: no call fetches it.
        if row.conversation_type() != ConversationType::System {
            bare.profile = Default::default();
        }
        bare.unread = Default::default();
        if let Some(is) = condition.judge(&bare) {
            prop_assert_eq!(condition.judge(&row), Some(is));
        }
    }

    #[test]
    fn a_filter_is_a_condition_too(
        filter in testing::filters(), row in testing::conversations(),
    ) {
        prop_assert_eq!(Condition::from(&filter).matches(&row), filter.matches(&row));
    }

    #[test]
    fn folding_twice_is_folding_once(text in any::<String>(), name in testing::names()) {
        for text in [text.as_str(), &name] {
            let folded = FoldedText::new(text);
            prop_assert_eq!(&FoldedText::new(folded.as_str()), &folded);
            prop_assert!(folded.is_in(text));
            let unaccented = UnaccentedText::new(text);
            prop_assert_eq!(&UnaccentedText::new(unaccented.as_str()), &unaccented);
            // A name that is found with accents is found without.
            prop_assert!(unaccented.is_in(folded.as_str()));
        }
    }

    #[test]
    fn operators_say_what_their_words_say(
        parts in vec(testing::conditions(), 3), row in testing::conversations(),
    ) {
        let [a, b, c]: [Condition; 3] = parts.try_into().unwrap();
        let said = a.clone().and(b.clone()).and(c.clone()).or(!a.clone());
        let drawn = Condition::Any(vec![Condition::All(vec![a.clone(), b, c]), !a]);
        prop_assert_eq!(said.judge(&row), drawn.judge(&row));
    }
}

#[test]
fn groups_are_met_by_their_whole_name() {
    let mut grouped = row("C2Calice");
    grouped.listing.groups = vec![Arc::from("Suppliers")];
    assert!(Condition::group("Suppliers").matches(&grouped));
    assert!(!Condition::group("supp").matches(&grouped));
    assert!((!Condition::group("")).matches(&grouped));
}
