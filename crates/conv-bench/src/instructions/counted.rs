//! The work whose instructions are counted, over a thousand rows.

use std::hint::black_box;

use conv_api::{All, Condition, ConversationId, ConversationQuery, MarkType, model::Delta};

use crate::{
    data::{self, Row, patch, touch, touched, which},
    ours::{Ours, SCREEN},
    peers::poll_all,
    stage::next_page,
    work::outbox::{accept, custom_data},
};

const ROWS: usize = 1_000;

/// Does the work once; the number counts up.
type Call = Box<dyn FnMut(usize)>;

/// One piece of work.
pub struct Counted {
    pub name: &'static str,
    /// So many, that a call more or less does not show.
    pub calls: usize,
    prepare: fn(Vec<Row>) -> Call,
}

pub const COUNTED: &[Counted] = &[
    Counted { name: "id-borrowed", calls: 10_000, prepare: id_borrowed },
    Counted { name: "id-owned", calls: 10_000, prepare: id_owned },
    Counted { name: "top-snapshot", calls: 1_000, prepare: top_snapshot },
    Counted { name: "top-facade", calls: 1_000, prepare: |rows| asked(rows, All.into()) },
    Counted { name: "filter-page", calls: 1_000, prepare: filter },
    Counted { name: "compound", calls: 200, prepare: compound },
    Counted { name: "update-snapshot", calls: 10_000, prepare: update },
    Counted { name: "update-store", calls: 1_000, prepare: update_store },
    Counted { name: "page-store", calls: 50, prepare: page_store },
    Counted { name: "page-pending", calls: 50, prepare: page_pending },
    Counted { name: "live-100", calls: 50, prepare: live },
];

/// The child: prepares, and makes so many calls.
pub fn repeat(name: &str, calls: usize) {
    let counted = COUNTED.iter().find(|counted| counted.name == name).unwrap();
    (0..calls).for_each((counted.prepare)(data::rows(ROWS)));
    // The system frees its memory; that is not counted.
    std::process::exit(0);
}

fn id_borrowed(rows: Vec<Row>) -> Call {
    Box::new(move |number| {
        let text = black_box(rows[number % ROWS].id.as_str());
        black_box(conv_api::model::ConversationIdRef::parse(text).unwrap());
    })
}

fn id_owned(rows: Vec<Row>) -> Call {
    Box::new(move |number| {
        let text = black_box(rows[number % ROWS].id.as_str());
        black_box(text.parse::<ConversationId>().unwrap());
    })
}

fn top_snapshot(rows: Vec<Row>) -> Call {
    let snapshot = Ours::in_memory(&rows).conversations.snapshot();
    Box::new(move |_| drop(black_box(snapshot.rows().take(SCREEN).cloned().collect::<Vec<_>>())))
}

fn filter(rows: Vec<Row>) -> Call {
    asked(rows, meeting(Condition::mark(MarkType::STAR)))
}

fn compound(rows: Vec<Row>) -> Call {
    let condition = Condition::group("Suppliers").and(Condition::unread(true));
    asked(rows, meeting(condition.and(!Condition::mark(MarkType::STAR))))
}

fn meeting(condition: Condition) -> ConversationQuery {
    ConversationQuery::condition(condition).unwrap()
}

fn asked(rows: Vec<Row>, query: ConversationQuery) -> Call {
    let ours = Ours::in_memory(&rows);
    Box::new(move |_| drop(black_box(ours.screen(&query))))
}

fn update(mut rows: Vec<Row>) -> Call {
    let mut snapshot = Ours::in_memory(&rows).conversations.snapshot();
    Box::new(move |number| {
        let row = &mut rows[which(number, ROWS)];
        *row = touched(row, number);
        snapshot.set_rows([row.clone()]);
    })
}

fn update_store(rows: Vec<Row>) -> Call {
    let ours = Ours::in_memory(&rows);
    Box::new(move |number| {
        drop(ours.apply(Delta::listed([touch(&rows[which(number, ROWS)], number)])));
    })
}

fn page_store(rows: Vec<Row>) -> Call {
    let ours = Ours::in_memory(&rows);
    pages(ours, rows)
}

/// A tenth of the rows has a pending change, as 1,000 of 10,000.
fn page_pending(rows: Vec<Row>) -> Call {
    let ours = Ours::in_memory(&rows);
    accept(&ours, rows.iter().step_by(10).map(|row| custom_data(row, 1)));
    pages(ours, rows)
}

fn pages(ours: Ours, rows: Vec<Row>) -> Call {
    Box::new(move |number| {
        let page = next_page(&rows, number);
        drop(ours.apply(Delta::listed(page.iter().map(|row| patch(row)))));
    })
}

/// A hundred readers of fifty rows, one row that moves.
fn live(rows: Vec<Row>) -> Call {
    let ours = Ours::in_memory(&rows);
    let reader = |_| ours.conversations.subscribe(All).window(SCREEN);
    let mut readers: Vec<_> = (0..100).map(reader).collect();
    poll_all(&mut readers);
    Box::new(move |number| {
        drop(ours.apply(Delta::listed([touch(&rows[which(number, ROWS)], number)])));
        assert_eq!(poll_all(&mut readers), readers.len());
    })
}
