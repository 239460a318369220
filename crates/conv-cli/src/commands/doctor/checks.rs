//! Compares a snapshot with a plain scan of its rows.

use std::{collections::BTreeSet, num::NonZeroUsize, sync::Arc};

use conv_api::{
    Conversation, ConversationFilter, ConversationQuery, ConversationType, MarkFilter, MarkType,
    Snapshot, model::list_order, store::Totals,
};

use super::Finding;

type Row = Arc<Conversation>;

/// Runs every check, in the order of the report.
pub(super) fn all(snapshot: &Snapshot) -> Vec<Finding> {
    let rows: Vec<Row> = snapshot.rows().cloned().collect();
    vec![
        order(&rows),
        lookup(snapshot, &rows),
        totals(&snapshot.totals(), &rows),
        groups(snapshot, &rows),
        indexes(snapshot, &rows),
        pages(snapshot, &rows),
    ]
}

fn order(rows: &[Row]) -> Finding {
    let is_before = |pair: &[Row]| match pair {
        [first, second] => list_order(first, second).is_lt(),
        _ => true,
    };
    let wrong = rows.windows(2).filter(|pair| !is_before(pair)).count();
    counted("order", wrong, &format!("{} rows in list order", rows.len()), "out of order")
}

fn lookup(snapshot: &Snapshot, rows: &[Row]) -> Finding {
    let is_found = |row: &Row| snapshot.get(&row.id).is_some_and(|found| found.listed() == *row);
    let lost = rows.iter().filter(|row| !is_found(row)).count();
    let surplus = snapshot.len().abs_diff(rows.len());
    counted("lookup", lost + surplus, "every row is found by its ID", "not found by their ID")
}

fn totals(reported: &Totals, rows: &[Row]) -> Finding {
    // A group whose type was never read may have a type that counts no messages.
    let is_counted = |row: &&Row| !row.unread.is_muted() && row.counts_unread() == Some(true);
    let counted = || rows.iter().filter(is_counted);
    let counts = || counted().filter_map(|row| row.unread.count).map(u64::from);
    let mentioned = rows.iter().filter(|row| row.group_at_info().is_some_and(|at| !at.is_empty()));
    let recount = (
        rows.len() as u64,
        counts().sum::<u64>(),
        counts().filter(|count| *count > 0).count() as u64,
        mentioned.count() as u64,
    );
    let reported = (
        reported.conversations,
        reported.unread,
        reported.unread_conversations,
        reported.mentioned,
    );
    let detail = format!(
        "{} conversations, {} unread messages in {}, {} mentions",
        recount.0, recount.1, recount.2, recount.3
    );
    match reported == recount {
        true => Finding::new("totals", true, detail),
        false => {
            Finding::new("totals", false, format!("counted {recount:?}, reported {reported:?}"))
        }
    }
}

fn groups(snapshot: &Snapshot, rows: &[Row]) -> Finding {
    let reported: BTreeSet<_> = snapshot.groups().into_iter().collect();
    let used: BTreeSet<_> =
        rows.iter().flat_map(|row| row.listing.groups.iter().cloned()).collect();
    let lost = used.difference(&reported).count();
    counted("groups", lost, &format!("{} conversation groups", reported.len()), "not reported")
}

/// Checks every query that an index may answer.
fn indexes(snapshot: &Snapshot, rows: &[Row]) -> Finding {
    let queries = queries(snapshot, rows);
    let differs = |query: &&ConversationQuery| {
        let scanned = rows.iter().filter(|row| query.matches(row));
        !snapshot.list(query).iter().eq(scanned)
    };
    let wrong = queries.iter().filter(differs).count();
    counted("indexes", wrong, &format!("{} queries equal a scan", queries.len()), "answered wrong")
}

fn queries(snapshot: &Snapshot, rows: &[Row]) -> Vec<ConversationQuery> {
    let types = [ConversationType::C2c, ConversationType::Group, ConversationType::System];
    let marks: BTreeSet<MarkType> = rows.iter().flat_map(|row| row.listing.marks.iter()).collect();
    let groups = snapshot.groups();
    let mut queries = vec![ConversationQuery::All];
    let filters = types
        .into_iter()
        .map(ConversationFilter::conversation_type)
        .chain(marks.into_iter().map(ConversationFilter::mark_type))
        .chain([ConversationFilter::mark_type(MarkFilter::Unmarked)])
        .chain(groups.iter().map(|name| ConversationFilter::group_name(name)))
        .chain([ConversationFilter::group_name("")])
        .chain([true, false].map(ConversationFilter::has_unread_count))
        .chain([true, false].map(ConversationFilter::has_group_at_info));
    queries.extend(filters.map(ConversationQuery::from));
    let ids = rows.iter().rev().step_by(7).map(|row| row.id.clone());
    // A list without rows has no IDs to ask for.
    queries.extend(ConversationQuery::ids(ids).ok());
    queries
}

/// Checks that the pages together are the list.
fn pages(snapshot: &Snapshot, rows: &[Row]) -> Finding {
    const ROWS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);
    let (mut walked, mut after) = (Vec::new(), None);
    for _ in 0..=rows.len() / ROWS {
        let page = snapshot.page(&ConversationQuery::All, ROWS, after.as_ref());
        walked.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let wrong = usize::from(walked != rows);
    counted("pages", wrong, "page by page it is the same list", "walk through pages differs")
}

fn counted(check: &'static str, wrong: usize, good: &str, bad: &str) -> Finding {
    let detail = if wrong == 0 { good.to_owned() } else { format!("{wrong} {bad}") };
    Finding::new(check, wrong == 0, detail)
}
