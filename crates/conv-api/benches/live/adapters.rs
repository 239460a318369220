//! The same readers, made of eyeball's adapters: each sorts the whole list for itself and takes
//! its head.

use std::sync::Arc;

use conv_api::{Conversation, model::list_order};
use eyeball_im::{ObservableVector, VectorDiff};
use eyeball_im_util::vector::VectorObserverExt;
use futures_core::Stream;

use crate::list::{poll_all, row, time, touched};

type Row = Arc<Conversation>;

pub struct Adapters {
    rows: ObservableVector<Row>,
    readers: Vec<Box<dyn Stream<Item = VectorDiff<Row>> + Unpin>>,
    rounds: usize,
}

impl Adapters {
    pub fn of(count: usize, readers: usize, window: usize) -> Self {
        let mut rows = ObservableVector::new();
        rows.append((0..count).map(|number| row(number, time(number))).collect());
        let subscribe = |_| {
            let (_, sorted) = rows.subscribe().sort_by(|a, b| list_order(a, b)).head(window);
            Box::new(sorted) as Box<dyn Stream<Item = VectorDiff<Row>> + Unpin>
        };
        let mut readers: Vec<_> = (0..readers).map(subscribe).collect();
        poll_all(&mut readers);
        Self { rows, readers, rounds: 0 }
    }

    /// A new message: one row moves to the top.
    pub fn touch(&mut self) {
        self.rounds += 1;
        let (number, time) = touched(self.rounds, self.rows.len());
        self.rows.set(number, row(number, time));
        assert_eq!(poll_all(&mut self.readers), self.readers.len());
    }
}
