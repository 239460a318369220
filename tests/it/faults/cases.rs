//! Every fault that the emulator has, on a first pass and on a later one: good rows are shown, the
//! report names the missing facets, and the next pass fetches them.

use std::{collections::BTreeSet, time::Duration};

use Expected::{Fails, Lacks, Shows, Skips, Whole};
use conv_api::{
    Conversation, ConversationId, Conversations, ErrorClass, Facet, SyncReport, model::Known,
};
use conv_emulator::{Emulator, GroupType, Rule};
use conv_tests::online::{ACCOUNT, emulator, prompt, rows};

const ROWS: usize = 24;

/// The expected end of the pass that meets a fault. All but the first end it `Complete`.
#[derive(Clone, Copy, Debug)]
enum Expected {
    /// It fails, and what was shown before still is.
    Fails(ErrorClass),
    /// All is as without the fault, and the report names nothing.
    Whole,
    /// The report names what could not be read, at least so many times. Rows that were there stay.
    Skips(usize),
    /// The report names a facet that did not come.
    Lacks(Facet),
    /// Each row is there, and shows it.
    Shows(fn(&Conversation) -> bool),
}

const CASES: &[(&str, Expected)] = &[
    ("status=404,on=get_list", Fails(ErrorClass::Transient)),
    ("status=429,on=get_list", Fails(ErrorClass::RateLimited)),
    ("status=503,on=get_list", Fails(ErrorClass::Transient)),
    ("code=50004,on=get_list", Fails(ErrorClass::Transient)),
    ("cursor-refused=50004", Fails(ErrorClass::Transient)),
    ("slow=5", Whole),
    ("stalled,on=get_list", Fails(ErrorClass::Transient)),
    ("reset,on=get_list", Fails(ErrorClass::Transient)),
    ("one-request=fin", Whole),
    ("one-request=rst", Whole),
    ("truncated-body,on=get_list", Fails(ErrorClass::Cloud)),
    ("cut-json,on=get_list", Fails(ErrorClass::Cloud)),
    ("html,on=get_list", Fails(ErrorClass::Cloud)),
    ("not-json,on=get_list", Fails(ErrorClass::Cloud)),
    ("gzip-bomb=16777216,on=get_list", Fails(ErrorClass::Cloud)),
    ("oversized=5242880,on=get_list", Fails(ErrorClass::Cloud)),
    ("unknown-fields", Whole),
    ("deep-nesting=2000", Whole),
    ("no-date", Whole),
    ("date-off=-315360000", Whole),
    ("date-off=315360000", Whole),
    ("bad-date", Whole),
    ("page-size=1", Whole),
    ("standing-cursor,on=get_list", Fails(ErrorClass::Cloud)),
    ("empty-page,nth=2,on=get_list", Whole),
    ("no-complete-flag,nth=2,on=get_list", Whole),
    ("null-items,on=get_list", Fails(ErrorClass::Cloud)),
    ("no-items,on=get_list", Fails(ErrorClass::Cloud)),
    ("duplicate-rows", Whole),
    ("bad-row=null", Skips(1)),
    ("bad-row=wrong-types", Skips(1)),
    ("bad-row=unknown-type", Skips(1)),
    ("bad-row=long-id", Skips(1)),
    ("bad-row=control-bytes", Skips(1)),
    ("bad-row=non-ascii-id", Skips(1)),
    ("bad-row=number-id", Skips(1)),
    ("bad-row=no-id", Skips(1)),
    ("bad-row=negative-time", Skips(1)),
    ("bad-row=huge-time", Skips(1)),
    ("bad-row=old-time", Skips(1)),
    ("bad-row=latin1-mark", Shows(|_| true)),
    ("bad-row=bad-labels", Shows(|_| true)),
    ("spoilt-rows=non-ascii-id/5", Skips(4)),
    ("recalled", Shows(|row| row.last_message.value().is_none_or(|last| last.is_revoked))),
    ("deleted", Shows(|row| row.last_message.value().is_none())),
    ("no-messages", Shows(|row| row.last_message.value().is_none())),
    ("newer-rows=60", Shows(|_| true)),
    ("texts=half of an emoji \\ud83d", Shows(has_text)),
    ("names=\\u200b", Shows(|row| row.id.as_str().ends_with(row.show_name()))),
    ("no-names", Shows(|row| row.id.as_str().ends_with(row.show_name()))),
    ("avatars=https://example.com/one.png", Shows(|row| row.profile.avatar.as_deref() != Some(""))),
    ("no-avatars", Shows(|row| row.profile.avatar.as_deref().is_none_or(str::is_empty))),
    ("huge-avatar=70000", Shows(|row| !row.profile.is_known() || row.profile.name.is_some())),
    ("no-conversation-groups", Shows(|row| row.listing.groups.is_empty())),
    (
        "renamed-conversation-groups= (old)",
        Shows(|row| row.listing.groups.iter().all(|name| name.ends_with(" (old)"))),
    ),
    ("not-joined=the_group", Shows(hides_the_group)),
    ("joined=the_group/4000000000", Shows(hides_the_group)),
    ("dissolved=the_group", Lacks(Facet::Profile)),
    ("partial-failure", Lacks(Facet::Profile)),
    ("held=5", Whole),
    ("applied-code=50005,on=get_list", Fails(ErrorClass::Transient)),
    // These befall writes, and a pull makes none.
    ("applied-late=9", Whole),
    ("applied-late-calls=9", Whole),
    ("stale-reads=9", Whole),
    ("stale-reads-calls=9", Whole),
    ("item-code=1/51007", Whole),
    ("item-missing=1", Whole),
];

/// The group whose messages the account may not see shows none.
fn hides_the_group(row: &Conversation) -> bool {
    row.id.as_str() != "GROUPthe_group" || row.last_message == Known::Nothing
}

fn has_text(row: &Conversation) -> bool {
    let text = row.last_message.value().map(|last| last.preview().to_string());
    text.is_none_or(|text| text == "half of an emoji \u{fffd}")
}

/// The names of a list in `Rule::HELP`: of lines that are indented by so much and no more.
fn names_in_help() -> BTreeSet<&'static str> {
    let listed = Rule::HELP.lines().skip_while(|line| !line.starts_with(" An"));
    let listed = listed.take_while(|line| !line.contains("TEXT may"));
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split(['=', ' ']).find(|word| !word.is_empty()).unwrap()).collect()
}

/// The names of the rules, up to what `end` holds.
fn names_of(cases: impl Iterator<Item = &'static str>) -> BTreeSet<&'static str> {
    cases.map(|rule| rule.split(['=', ',']).next().unwrap()).collect()
}

#[test]
fn no_fault_of_the_emulator_is_left_out() {
    assert_eq!(names_of(CASES.iter().map(|case| case.0)), names_in_help());
    let kinds: Vec<_> = Rule::HELP
        .lines()
        .skip_while(|line| !line.contains("bad-row=KIND"))
        .take_while(|line| !line.contains("spoilt-rows"))
        .flat_map(|line| line.rsplit(": ").next().unwrap().split([',', ' ']))
        .filter(|word| word.contains('-') || *word == "null")
        .collect();
    assert!(kinds.len() > 10, "{kinds:?}");
    for kind in kinds {
        assert!(CASES.iter().any(|case| case.0 == format!("bad-row={kind}")), "{kind}");
    }
}

/// The rows and the report of a list without a fault.
type Good = (Vec<Conversation>, SyncReport);

struct Stage<'a> {
    cloud: Emulator,
    conversations: Conversations,
    good: &'a Good,
}

async fn cloud() -> Emulator {
    let cloud = emulator(ROWS - 1).page_size(10).start().await.unwrap();
    let world = cloud.world();
    world.add_group("the_group", GroupType::Public, "The group");
    world.insert(ACCOUNT, "GROUPthe_group", 1_775_500_000).unwrap();
    cloud
}

async fn good() -> Good {
    let cloud = cloud().await;
    let conversations = handle(&cloud).await;
    let report = conversations.sync().await.unwrap();
    let rows = rows(&conversations).await;
    assert_eq!(rows.len(), ROWS);
    (rows, report)
}

async fn handle(cloud: &Emulator) -> Conversations {
    let builder = prompt(cloud).name_freshness(Duration::from_secs(1));
    builder.facet(Facet::Unread).facet(Facet::LastMessage).build().await.unwrap()
}

impl<'a> Stage<'a> {
    async fn new(good: &'a Good) -> Self {
        let cloud = cloud().await;
        Self { conversations: handle(&cloud).await, cloud, good }
    }

    fn begin(&self, rule: &str) {
        // Names are due again.
        self.cloud.world().advance(Duration::from_secs(10));
        self.cloud.faults().push(rule.parse().unwrap());
    }

    /// A pass with the fault.
    async fn check(&self, expected: Expected, before: &[Conversation]) -> Result<(), String> {
        let outcome = self.conversations.sync().await;
        hold(self.cloud.faults().fired() > 0, || "it never happened".to_owned())?;
        let shown = rows(&self.conversations).await;
        let missing: Vec<_> = ids(before).difference(&ids(&shown)).cloned().collect();
        hold(missing.is_empty(), || format!("rows are gone: {missing:?}"))?;
        let report = self.conversations.sync_report();
        match (outcome, expected) {
            (Err(error), Fails(class)) => {
                hold(error.class() == class, || format!("{:?}: {error}", error.class()))?;
                hold(!report.is_sync_completed(), || format!("{report:?}"))
            }
            (Ok(_), Fails(_)) => Err(format!("it did not fail: {report:?}")),
            (Err(error), _) => Err(format!("it failed: {error}")),
            (Ok(_), expected) => {
                hold(report.is_sync_completed(), || format!("{report:?}"))?;
                self.compare(expected, &shown, &report)
            }
        }
    }

    fn compare(
        &self,
        expected: Expected,
        shown: &[Conversation],
        report: &SyncReport,
    ) -> Result<(), String> {
        let (good, quiet) = self.good;
        let named = report.skipped.len() + report.broken_promises.len();
        let of = |report: &SyncReport, facet| {
            lacking(report).into_iter().filter(|failed| failed.1 == facet).count()
        };
        match expected {
            Fails(_) => Ok(()),
            Whole => {
                same(shown, good)?;
                hold(named == 0 && lacking(report).is_subset(&lacking(quiet)), || {
                    format!("{report:?}")
                })
            }
            Skips(least) => hold(named >= least, || format!("{report:?}")),
            Lacks(facet) => {
                hold(of(report, facet) > of(quiet, facet), || format!("{report:?}"))?;
                hold(ids(shown) == ids(good), || "rows are gone".to_owned())
            }
            Shows(what) => {
                hold(ids(shown).is_superset(&ids(good)), || "rows are gone".to_owned())?;
                shown.iter().try_for_each(|row| hold(what(row), || format!("{row:?}")))
            }
        }
    }

    /// A pass without it.
    async fn mend(&self) -> Result<(), String> {
        self.cloud.faults().clear();
        self.cloud.world().advance(Duration::from_secs(10));
        let report = self.conversations.sync().await.map_err(|error| format!("after: {error}"))?;
        let (good, quiet) = self.good;
        let clean = report.skipped.is_empty()
            && report.unconfirmed.is_empty()
            && report.broken_promises.is_empty()
            && lacking(&report) == lacking(quiet);
        hold(report.is_sync_completed() && clean, || format!("after: {report:?}"))?;
        same(&rows(&self.conversations).await, good).map_err(|what| format!("after: {what}"))
    }
}

fn hold(is_so: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(what()) }
}

/// Returns the facets that were not fetched, with their rows.
fn lacking(report: &SyncReport) -> BTreeSet<(ConversationId, Facet)> {
    report.failed.iter().map(|failed| (failed.id.clone(), failed.facet)).collect()
}

fn ids(rows: &[Conversation]) -> BTreeSet<ConversationId> {
    rows.iter().map(|row| row.id.clone()).collect()
}

fn same(shown: &[Conversation], good: &[Conversation]) -> Result<(), String> {
    hold(ids(shown) == ids(good), || format!("{:?}", ids(shown).symmetric_difference(&ids(good))))?;
    let differing = shown.iter().zip(good).find(|(shown, good)| shown != good);
    differing.map_or(Ok(()), |(shown, good)| Err(differences(shown, good)))
}

/// The facets in which two rows differ.
fn differences(shown: &Conversation, good: &Conversation) -> String {
    let facets = [
        (shown.listing != good.listing, format!("{:?}, not {:?}", shown.listing, good.listing)),
        (shown.profile != good.profile, format!("{:?}, not {:?}", shown.profile, good.profile)),
        (shown.unread != good.unread, format!("{:?}, not {:?}", shown.unread, good.unread)),
        (
            shown.last_message != good.last_message,
            format!("{:?}, not {:?}", shown.last_message, good.last_message),
        ),
    ];
    let expected: Vec<_> =
        facets.into_iter().filter(|facet| facet.0).map(|facet| facet.1).collect();
    format!("{}: {}", shown.id, expected.join("; "))
}

#[tokio::test]
async fn a_fault_on_the_first_pass_costs_what_the_report_says_and_the_next_pass_mends_it() {
    let (good, mut wrong) = (good().await, Vec::new());
    for (rule, expected) in CASES {
        let stage = Stage::new(&good).await;
        stage.begin(rule);
        let met = stage.check(*expected, &[]).await;
        wrong.extend(met.and(stage.mend().await).map_err(|what| format!("{rule}: {what}")).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_fault_on_a_later_pass_takes_no_row_and_the_next_pass_mends_it() {
    let (good, mut wrong) = (good().await, Vec::new());
    for (rule, expected) in CASES {
        let stage = Stage::new(&good).await;
        stage.conversations.sync().await.unwrap();
        let before = rows(&stage.conversations).await;
        stage.begin(rule);
        let met = stage.check(*expected, &before).await;
        wrong.extend(met.and(stage.mend().await).map_err(|what| format!("{rule}: {what}")).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
