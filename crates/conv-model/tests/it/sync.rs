use std::time::Duration;

use conv_model::{
    Checkpoint, ConversationId, Coverage, Cursor, ErrorClass, Facet, Finished, GroupNames,
    ListLimit, PassFailure, PassId, PassStatus, Phase, Seq, SkippedRow, Superseded, SyncReport,
    SyncScope, SyncState, SyncStep, Timestamp,
};

const SCOPE: SyncScope = SyncScope::new(100, 1);

fn begin(scope: SyncScope, resume: bool) -> SyncStep {
    SyncStep::Begin { scope, resume }
}

fn page(listed: u32, skipped: &[SkippedRow]) -> SyncStep {
    SyncStep::Page {
        status: PassStatus::running(Phase::Listing, listed, Some(300)),
        checkpoint: Some(checkpoint(listed)),
        skipped: skipped.to_vec(),
        broken: Vec::new(),
    }
}

fn finish() -> SyncStep {
    let limit = vec![ListLimit::Capped(100)];
    let finished = Finished::new(Some(Timestamp::from_secs(1_700_000_000)), limit, SCOPE);
    SyncStep::Finish { finished, upstream: None, skipped: Vec::new(), broken: Vec::new() }
}

fn fail(forget: bool) -> SyncStep {
    SyncStep::Fail { failure: PassFailure::new(ErrorClass::Transient, "no network"), forget }
}

fn checkpoint(listed: u32) -> Checkpoint {
    Checkpoint::new(Cursor::new(format!("v1:{listed}")), listed)
}

fn skipped(reason: &str) -> SkippedRow {
    SkippedRow::new(Some(ConversationId::system()), reason)
}

/// The state after steps, each `Begin` with the next pass, in a store that has rows or none.
fn after(steps: &[SyncStep], has_rows: bool) -> SyncState {
    steps.iter().fold(SyncState::default(), |state, step| {
        let is_begin = matches!(step, SyncStep::Begin { .. });
        let pass = if is_begin { state.pass.next() } else { state.pass };
        assert_eq!(state.admit(pass, Some(step)), Ok(()));
        state.after(pass, step, Seq::new(1), has_rows)
    })
}

#[track_caller]
fn assert_coverage(steps: &[SyncStep], has_rows: bool, coverage: Coverage) {
    let state = after(steps, has_rows);
    assert_eq!(state.coverage, coverage);
    assert_eq!(state.report().coverage, coverage);
    assert_eq!(state.report().is_sync_completed(), coverage == Coverage::Complete);
}

#[test]
fn coverage_follows_the_passes() {
    let first = begin(SCOPE, false);
    let other_plan = begin(SyncScope::new(500, 1), false);
    let other_rules = begin(SyncScope::new(100, 2), false);
    let steps = |steps: &[&SyncStep]| steps.iter().map(|step| (*step).clone()).collect::<Vec<_>>();
    let (page, finish, fail) = (&page(100, &[]), &finish(), &fail(false));

    assert_coverage(&[], false, Coverage::Empty);
    // The first pass.
    assert_coverage(&steps(&[&first]), false, Coverage::Partial);
    assert_coverage(&steps(&[&first, page]), true, Coverage::Partial);
    assert_coverage(&steps(&[&first, page, finish]), true, Coverage::Complete);
    // An account without conversations is complete.
    assert_coverage(&steps(&[&first, finish]), false, Coverage::Complete);
    // A failed first pass leaves what it brought.
    assert_coverage(&steps(&[&first, fail]), false, Coverage::Empty);
    assert_coverage(&steps(&[&first, page, fail]), true, Coverage::CacheOnly);
    assert_coverage(&steps(&[&first, page, fail, &first]), true, Coverage::Partial);
    // A later pass leaves a complete list complete, until it fails.
    assert_coverage(&steps(&[&first, finish, &first, page]), true, Coverage::Complete);
    assert_coverage(&steps(&[&first, finish, &first, page, fail]), true, Coverage::CacheOnly);
    assert_coverage(&steps(&[&first, finish, &first, fail]), false, Coverage::CacheOnly);
    assert_coverage(&steps(&[&first, finish, &first, fail, &first]), true, Coverage::Partial);
    assert_coverage(
        &steps(&[&first, finish, &first, fail, &first, finish]),
        true,
        Coverage::Complete,
    );
    // Another plan or other rules asks for a list that is not held yet.
    assert_coverage(&steps(&[&first, finish, &other_plan]), true, Coverage::Partial);
    assert_coverage(&steps(&[&first, finish, &other_rules]), true, Coverage::Partial);
}

#[test]
fn the_rows_of_a_store_at_opening_are_a_preview() {
    let reopened = |steps: &[SyncStep], has_rows| after(steps, has_rows).reopened(has_rows);
    assert_eq!(reopened(&[], false).coverage, Coverage::Empty);
    assert_eq!(reopened(&[], true).coverage, Coverage::CacheOnly);

    let begun = reopened(&[begin(SCOPE, false)], false);
    assert_eq!((begun.coverage, begun.status), (Coverage::Empty, PassStatus::Idle));

    let complete = reopened(&[begin(SCOPE, false), finish()], false);
    assert_eq!(complete.coverage, Coverage::CacheOnly, "a pass has finished, but not in this run");
    assert_eq!(complete.report().as_of, Some(Timestamp::from_secs(1_700_000_000)));

    let steps = [begin(SCOPE, false), page(100, &[skipped("no type")])];
    let interrupted = reopened(&steps, true);
    assert_eq!(interrupted.checkpoint, Some(checkpoint(100)));
    assert_eq!(interrupted.status, PassStatus::Idle);
    assert_eq!(interrupted.skipped, []);
}

#[test]
fn a_resumed_pass_keeps_the_checkpoint_and_any_other_forgets_it() {
    let steps = |last| [begin(SCOPE, false), page(200, &[]), fail(false), last];
    let resumed = after(&steps(begin(SCOPE, true)), true);
    assert_eq!(resumed.checkpoint, Some(checkpoint(200)));
    assert_eq!(resumed.status, PassStatus::running(Phase::Resuming, 0, None));
    let fresh = after(&steps(begin(SCOPE, false)), true);
    assert_eq!(fresh.checkpoint, None);
    assert_eq!(fresh.status, PassStatus::running(Phase::Listing, 0, None));
}

#[test]
fn a_failure_keeps_the_checkpoint_unless_it_is_useless() {
    let steps = |forget| [begin(SCOPE, false), page(200, &[]), fail(forget)];
    assert_eq!(after(&steps(false), true).checkpoint, Some(checkpoint(200)));
    assert_eq!(after(&steps(true), true).checkpoint, None);
    let failure = PassFailure::new(ErrorClass::Transient, "no network");
    assert_eq!(after(&steps(true), true).status, PassStatus::Failed(failure));
}

#[test]
fn a_finished_pass_leaves_no_checkpoint_and_tells_its_limits() {
    let state = after(&[begin(SCOPE, false), page(100, &[]), finish()], true);
    assert_eq!((state.checkpoint.as_ref(), &state.status), (None, &PassStatus::Idle));
    let report = state.report();
    assert_eq!(report.limit, [ListLimit::Capped(100)]);
    assert_eq!(report.as_of, Some(Timestamp::from_secs(1_700_000_000)));
    // They stay known while a later pass runs and after it failed.
    let later = after(&[begin(SCOPE, false), finish(), begin(SCOPE, false), fail(true)], true);
    assert_eq!(later.report().as_of, report.as_of);
    assert_eq!(later.report().limit, report.limit);
}

#[test]
fn a_skipped_row_is_named_once_and_forgotten_by_the_next_pass() {
    let rows = [skipped("no type"), skipped("no time"), skipped("no type")];
    let steps = [begin(SCOPE, false), page(100, &rows), page(200, &rows)];
    assert_eq!(after(&steps, true).report().skipped, rows[..2]);
    let steps = [&steps[..], &[finish()]].concat();
    assert_eq!(after(&steps, true).report().skipped, rows[..2]);
    let steps = [&steps[..], &[begin(SCOPE, false)]].concat();
    assert_eq!(after(&steps, true).report().skipped, []);
}

#[test]
fn only_the_newest_pass_is_admitted() {
    let mut state = SyncState::default();
    state.pass = PassId::new(5);
    let superseded = Superseded { newest: PassId::new(5) };
    let admit = |pass, step: Option<SyncStep>| state.admit(PassId::new(pass), step.as_ref());
    for (pass, may_begin, may_go_on) in [(4, false, false), (5, false, true), (6, true, false)] {
        let expected = |may| if may { Ok(()) } else { Err(superseded) };
        assert_eq!(admit(pass, Some(begin(SCOPE, false))), expected(may_begin), "{pass}");
        for step in [None, Some(page(1, &[])), Some(finish()), Some(fail(true))] {
            assert_eq!(admit(pass, step), expected(may_go_on), "{pass}");
        }
    }
    assert_eq!(superseded.to_string(), "superseded: pass 5 began");
}

#[test]
fn a_beginning_pass_is_noted_with_its_commit_and_scope() {
    let state = SyncState::default();
    let next = state.after(PassId::new(7), &begin(SCOPE, false), Seq::new(42), false);
    assert_eq!((next.pass, next.begun, next.scope), (PassId::new(7), Seq::new(42), SCOPE));
    let later = next.after(PassId::new(7), &page(100, &[]), Seq::new(43), true);
    assert_eq!((later.pass, later.begun), (PassId::new(7), Seq::new(42)));
}

#[test]
fn numbers_end_at_the_greatest() {
    assert_eq!(PassId::NONE.next(), PassId::new(1));
    assert_eq!(PassId::new(u64::MAX).next(), PassId::new(u64::MAX));
    assert_eq!(Seq::new(u64::MAX).next(), Seq::new(u64::MAX));
}

#[test]
fn limits_print_as_a_person_says_them() {
    assert_eq!(ListLimit::Capped(100).to_string(), "Capped(100)");
    assert_eq!(ListLimit::Retention(7 * 86_400).to_string(), "Retention(7 days)");
}

#[test]
fn a_report_reads_back_from_its_json() {
    let mut failure = PassFailure::new(ErrorClass::RateLimited, "too many calls");
    failure.code = 60_008;
    failure.retry_after = Some(Duration::from_millis(1500));
    for status in [
        PassStatus::Idle,
        PassStatus::running(Phase::Relisting, 3, None),
        PassStatus::Failed(failure),
    ] {
        let mut report = SyncReport::default();
        report.coverage = Coverage::CacheOnly;
        report.limit = vec![ListLimit::Capped(100), ListLimit::Retention(604_800)];
        report.as_of = Some(Timestamp::from_secs(1_700_000_000));
        report.pass = status;
        report.skipped = vec![skipped("no type"), SkippedRow::new(None, "no account")];
        report.not_fetched = vec![Facet::Profile, Facet::LastMessage];
        let json = serde_json::to_string(&report).unwrap();
        assert!(json.contains(r#""coverage":"cacheOnly""#), "{json}");
        assert!(json.contains(r#""conversationID":"@TIM#SYSTEM""#), "{json}");
        assert_eq!(serde_json::from_str::<SyncReport>(&json).unwrap(), report);
    }
}

#[test]
fn names_of_groups_read_back_from_json() {
    let names = GroupNames::new([(1, "客户".into())], Some(Timestamp::from_secs(1_700_000_000)));
    let json = serde_json::to_string(&names).unwrap();
    assert_eq!(serde_json::from_str::<GroupNames>(&json).unwrap(), names);
}

#[test]
fn a_class_of_error_has_one_word_and_says_whether_waiting_helps() {
    let word = |class: ErrorClass| serde_json::to_value(class).unwrap();
    for class in [
        ErrorClass::Transient,
        ErrorClass::RateLimited,
        ErrorClass::Auth,
        ErrorClass::InvalidArgument,
        ErrorClass::NotFound,
        ErrorClass::Unsupported,
        ErrorClass::Cloud,
        ErrorClass::Store,
        ErrorClass::Corrupt,
        ErrorClass::Cancelled,
    ] {
        assert_eq!(word(class), class.as_str());
        let waits = matches!(class, ErrorClass::Transient | ErrorClass::RateLimited);
        assert_eq!(class.is_retryable(), waits, "{class}");
    }
}
