//! The number of the first mark.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

use conv_model::Marks;

use crate::SourceError;

/// The most readings that may leave it open. A cloud whose reads lag behind its writes must not cost
/// two calls for every mark.
const MAX_READINGS: u32 = 8;

/// The base of `SetMark`, 0 or 1: read back from the cloud once, at the first mark that is set.
///
/// The SDK sends the same command with the star as 0; the REST page (doc 53438) counts marks in words
/// from "1st", which may be read either way.
#[derive(Debug, Default)]
pub(in crate::rest) struct MarkBase {
    known: OnceLock<Base>,
    readings: AtomicU32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// The marks that were sent are those that were set.
    AsSent,
    /// Their neighbours were set.
    Shifted,
}

impl MarkBase {
    /// # Errors
    /// [`SourceError::Unsupported`] if the cloud counts from another number.
    pub(super) fn check(&self) -> Result<(), SourceError> {
        match self.known.get() {
            Some(Base::Shifted) => Err(shifted()),
            _ => Ok(()),
        }
    }

    /// Returns true if the next mark is to be read back, and counts it as a reading.
    pub(super) fn begin_reading(&self) -> bool {
        self.known.get().is_none() && self.readings.fetch_add(1, Ordering::Relaxed) < MAX_READINGS
    }

    /// Concludes from a conversation's marks before and after some of them were set.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub(super) fn conclude(
        &self,
        sent: Marks,
        before: Marks,
        after: Marks,
    ) -> Result<(), SourceError> {
        if let Some(base) = compare(sent, before, after) {
            // Of two readings at once the first one counts.
            if self.known.set(base).is_ok() && base == Base::Shifted {
                tracing::warn!(
                    "the cloud does not count marks from 0, and set another one than was asked \
                     for: marks are refused from now on"
                );
            }
        }
        self.check()
    }
}

/// Compares the marks that were sent with those that appeared; `None` if that says nothing: they were
/// set before, or a read shows an older state.
fn compare(sent: Marks, before: Marks, after: Marks) -> Option<Base> {
    let (sent, before, after) = (sent.bits(), before.bits(), after.bits());
    let appeared = after & !before;
    let has_appeared = |bits: u64| {
        let expected = bits & !before;
        expected != 0 && appeared & expected == expected
    };
    if has_appeared(sent) {
        return Some(Base::AsSent);
    }
    let is_shifted = has_appeared(sent >> 1) || has_appeared(sent << 1);
    is_shifted.then_some(Base::Shifted)
}

fn shifted() -> SourceError {
    let what = "marks: the cloud does not count them from 0, and set another mark than was sent";
    SourceError::Unsupported { what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing::{
        Event, Level, Metadata, Subscriber,
        span::{Attributes, Id, Record},
    };

    use super::*;

    /// Counts warnings.
    #[derive(Clone, Default)]
    struct Warnings(Arc<AtomicU32>);

    impl Subscriber for Warnings {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() == Level::WARN
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, _: &Event<'_>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn a_shift_is_warned_of() {
        let marks = Marks::from_bits;
        for (after, expected) in [(0, 0), (2, 0), (1, 1)] {
            let warnings = Warnings::default();
            let base = MarkBase::default();
            tracing::subscriber::with_default(warnings.clone(), || {
                let _ = base.conclude(marks(2), marks(0), marks(after));
            });
            assert_eq!(warnings.0.load(Ordering::Relaxed), expected, "{after}");
        }
    }

    fn of(sent: u64, before: u64, after: u64) -> Option<Base> {
        let marks = Marks::from_bits;
        compare(marks(sent), marks(before), marks(after))
    }

    #[test]
    fn the_mark_that_appears_shows_the_clouds_base() {
        let (as_sent, shifted) = (Some(Base::AsSent), Some(Base::Shifted));
        for (sent, before, after, expected) in [
            // The star, unread, and both.
            (0b1, 0, 0b1, as_sent),
            (0b10, 0, 0b10, as_sent),
            (0b11, 0, 0b11, as_sent),
            (0b10, 0b1, 0b11, as_sent),
            (1 << 63, 0, 1 << 63, as_sent),
            // Another device sets something meanwhile.
            (0b10, 0, 0b110, as_sent),
            (0b10, 0, 0b1, shifted),
            (0b10, 0, 0b100, shifted),
            (0b1, 0, 0b10, shifted),
            (0b10, 0b1000, 0b1001, shifted),
            (0b11, 0, 0b1, shifted),
            // Nothing appeared: a stale read, also beside a mark that was there before.
            (0b10, 0, 0, None),
            (0b10, 0b1, 0b1, None),
            (0b10, 0b11, 0b11, None),
            (0b10, 0, 0b10_0000, None),
            (0, 0, 0b1, None),
        ] {
            assert_eq!(of(sent, before, after), expected, "{sent:b} {before:b} {after:b}");
        }
    }

    #[test]
    fn the_first_conclusion_stays_and_ends_the_readings() {
        let marks = Marks::from_bits;
        let base = MarkBase::default();
        assert!(base.begin_reading());
        base.conclude(marks(2), marks(0), marks(0)).unwrap();
        assert!(base.begin_reading());
        base.conclude(marks(2), marks(0), marks(2)).unwrap();
        assert!(!base.begin_reading());
        base.conclude(marks(2), marks(0), marks(1)).unwrap();
        base.check().unwrap();

        let base = MarkBase::default();
        base.check().unwrap();
        base.conclude(marks(2), marks(0), marks(1)).unwrap_err();
        base.check().unwrap_err();
        assert!(!base.begin_reading());
    }

    #[test]
    fn a_cloud_that_never_shows_a_mark_is_not_asked_for_ever() {
        let base = MarkBase::default();
        let readings = (0..100).filter(|_| base.begin_reading()).count();
        assert_eq!(readings, MAX_READINGS as usize);
        base.check().unwrap();
    }
}
