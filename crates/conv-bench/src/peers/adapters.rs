//! Readers made of eyeball's adapters: each sorts the whole list for itself and takes its head.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use conv_api::model::list_order;
use eyeball_im::{ObservableVector, VectorDiff};
use eyeball_im_util::vector::VectorObserverExt;
use futures_core::Stream;

use crate::data::Row;

type Reader = Box<dyn Stream<Item = VectorDiff<Row>> + Unpin>;

pub struct Adapters {
    rows: ObservableVector<Row>,
    readers: Vec<Reader>,
}

impl Adapters {
    pub fn of(rows: &[Row], readers: usize, window: usize) -> Self {
        let mut list = ObservableVector::new();
        list.append(rows.iter().cloned().collect());
        let subscribe = |_| {
            let (_, sorted) = list.subscribe().sort_by(|a, b| list_order(a, b)).head(window);
            Box::new(sorted) as Reader
        };
        let mut readers: Vec<_> = (0..readers).map(subscribe).collect();
        poll_all(&mut readers);
        Self { rows: list, readers }
    }

    /// Puts a row in place of its former self, and lets each reader read it.
    pub fn set(&mut self, at: usize, row: Row) {
        self.rows.set(at, row);
        assert_eq!(poll_all(&mut self.readers), self.readers.len());
    }
}

/// Lets each reader read all there is; how many had something to read.
pub fn poll_all<S: Stream + Unpin>(readers: &mut [S]) -> usize {
    let mut cx = Context::from_waker(Waker::noop());
    let mut read = 0;
    for reader in readers {
        let mut has_read = false;
        while let Poll::Ready(Some(_)) = Pin::new(&mut *reader).poll_next(&mut cx) {
            has_read = true;
        }
        read += usize::from(has_read);
    }
    read
}
