//! The records of mutations that the cloud has yet to show.

mod mutation;

use std::sync::Arc;

use conv_model::{
    Acknowledgement, ErrorClass, MutationFailure, PassId, Pending, PendingState, Seq, Timestamp,
};
use serde::{Deserialize, Serialize};

use self::mutation::MutationBody;
use super::{Kind, corrupt, encode, open};
use crate::StoreError;

/// The form of a body whose mutations have none of the later fields, and of the outbox's own record.
/// A body of an unknown form is skipped: a mutation that is only partly
/// understood must not be sent.
const FORM: u8 = 1;
/// The form of a body with acknowledgements and apps. A mutation that has neither is still written in
/// the first form, which earlier versions read.
const FORM_WITH_MORE: u8 = 2;
/// The most bytes of a failure's message that are kept.
const LONGEST_MESSAGE: usize = 512;

/// The mutations of one slot, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PendingRecord {
    /// The mutations.
    pub pending: Vec<Pending>,
}

/// The record of what an outbox keeps beside its mutations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxRecord {
    /// The greatest number given so far: none is given twice, also after its mutation is gone.
    pub last_number: u64,
}

#[derive(Serialize, Deserialize)]
struct Body<'a> {
    form: u8,
    #[serde(borrow)]
    pending: Vec<PendingBody<'a>>,
}

#[derive(Serialize, Deserialize)]
struct BodyWithMore<'a> {
    form: u8,
    #[serde(borrow)]
    pending: Vec<(PendingBody<'a>, MoreBody)>,
}

#[derive(Serialize, Deserialize)]
struct OutboxBody {
    form: u8,
    last_number: u64,
}

#[derive(Serialize, Deserialize)]
struct PendingBody<'a> {
    number: u64,
    #[serde(borrow)]
    mutation: MutationBody<'a>,
    state: u8,
    queued_at: Option<u64>,
    attempts: u32,
    is_uncertain: bool,
    #[serde(borrow)]
    failure: Option<FailureBody<'a>>,
}

/// The later fields.
#[derive(Serialize, Deserialize)]
struct MoreBody {
    acknowledged: Option<AcknowledgementBody>,
    follows_another: bool,
    app: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct AcknowledgementBody {
    pass: Option<u64>,
    at: Option<u64>,
    disagreed: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct FailureBody<'a> {
    class: &'a str,
    code: Option<i32>,
    message: &'a str,
}

const STATES: [PendingState; 5] = [
    PendingState::Queued,
    PendingState::Sending,
    PendingState::Settling,
    PendingState::Held,
    PendingState::Failed,
];

/// Held for another app than the one in use. Earlier versions skip the record.
const FOREIGN: u8 = 5;

const CLASSES: [ErrorClass; 10] = [
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
];

impl PendingRecord {
    /// Builds the record of the mutations of one slot.
    pub fn new(pending: impl IntoIterator<Item = Pending>) -> Self {
        Self { pending: pending.into_iter().collect() }
    }

    /// Encodes it as part of the write with this number. Of a failure's message the first 512 bytes
    /// are kept.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`]; [`StoreError::Unsupported`] for a kind of mutation that this version
    /// does not know.
    pub fn encode(&self, seq: Seq) -> Result<Arc<[u8]>, StoreError> {
        let pending: Option<Vec<_>> = self.pending.iter().map(PendingBody::of).collect();
        let pending = pending.ok_or(StoreError::Unsupported)?;
        if !self.pending.iter().any(has_more) {
            return encode(Kind::Pending, seq, &Body { form: FORM, pending });
        }
        let more = self.pending.iter().map(MoreBody::of);
        let pending = pending.into_iter().zip(more).collect();
        encode(Kind::Pending, seq, &BodyWithMore { form: FORM_WITH_MORE, pending })
    }

    /// Decodes the bytes.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::NewerSchema`].
    pub fn decode(record: &[u8]) -> Result<Self, StoreError> {
        let envelope = open(Kind::Pending, record)?;
        // The form is the first byte of every body.
        let pending: Option<Vec<_>> = if envelope.body.first() == Some(&FORM_WITH_MORE) {
            let body: BodyWithMore<'_> = envelope.read()?;
            let read = |(pending, more): &(PendingBody<'_>, MoreBody)| {
                pending.read().map(|pending| more.complete(pending))
            };
            body.pending.iter().map(read).collect()
        } else {
            let body: Body<'_> = envelope.read()?;
            check(body.form)?;
            body.pending.iter().map(PendingBody::read).collect()
        };
        pending.map(Self::new).ok_or_else(|| corrupt("a pending mutation"))
    }
}

impl OutboxRecord {
    /// Builds the record of an outbox that gave numbers up to this one.
    pub fn new(last_number: u64) -> Self {
        Self { last_number }
    }

    /// Encodes it as part of the write with this number.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub fn encode(&self, seq: Seq) -> Result<Arc<[u8]>, StoreError> {
        encode(Kind::Outbox, seq, &OutboxBody { form: FORM, last_number: self.last_number })
    }

    /// Decodes the bytes.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::NewerSchema`].
    pub fn decode(record: &[u8]) -> Result<Self, StoreError> {
        let body: OutboxBody = open(Kind::Outbox, record)?.read()?;
        check(body.form)?;
        Ok(Self::new(body.last_number))
    }
}

fn check(form: u8) -> Result<(), StoreError> {
    if form == FORM { Ok(()) } else { Err(corrupt("the form of a pending mutation")) }
}

impl<'a> PendingBody<'a> {
    fn of(pending: &'a Pending) -> Option<Self> {
        let state = match pending.is_foreign {
            true => FOREIGN,
            false => u8::try_from(STATES.iter().position(|state| *state == pending.state)?).ok()?,
        };
        Some(Self {
            number: pending.number,
            mutation: MutationBody::of(&pending.mutation)?,
            state,
            queued_at: pending.queued_at.map(Timestamp::as_secs),
            attempts: pending.attempts,
            is_uncertain: pending.is_uncertain,
            failure: pending.failure.as_ref().map(FailureBody::of),
        })
    }

    fn read(&self) -> Option<Pending> {
        let mutation = self.mutation.read()?;
        let queued_at = self.queued_at.map(Timestamp::from_secs);
        let mut pending = Pending::new(self.number, mutation, queued_at);
        pending.is_foreign = self.state == FOREIGN;
        pending.state = match self.state {
            FOREIGN => PendingState::Held,
            state => *STATES.get(usize::from(state))?,
        };
        (pending.attempts, pending.is_uncertain) = (self.attempts, self.is_uncertain);
        pending.failure = match &self.failure {
            Some(failure) => Some(failure.read()?),
            None => None,
        };
        Some(pending)
    }
}

fn has_more(pending: &Pending) -> bool {
    pending.acknowledged.is_some() || pending.follows_another || pending.app.is_some()
}

impl MoreBody {
    fn of(pending: &Pending) -> Self {
        Self {
            acknowledged: pending.acknowledged.map(|known| AcknowledgementBody {
                pass: known.pass.map(PassId::as_u64),
                at: known.at.map(Timestamp::as_secs),
                disagreed: known.disagreed.map(PassId::as_u64),
            }),
            follows_another: pending.follows_another,
            app: pending.app,
        }
    }

    fn complete(&self, mut pending: Pending) -> Pending {
        pending.acknowledged = self.acknowledged.as_ref().map(|known| {
            let (pass, at) = (known.pass.map(PassId::new), known.at.map(Timestamp::from_secs));
            let mut moment = Acknowledgement::new(pass, at);
            moment.disagreed = known.disagreed.map(PassId::new);
            moment
        });
        (pending.follows_another, pending.app) = (self.follows_another, self.app);
        pending
    }
}

impl<'a> FailureBody<'a> {
    fn of(failure: &'a MutationFailure) -> Self {
        let message = &failure.message;
        // The longest beginning that ends between two characters, which have at most four bytes.
        let mut ends = (0..=message.len().min(LONGEST_MESSAGE)).rev().take(4);
        let message = ends.find_map(|end| message.get(..end)).unwrap_or_default();
        Self { class: failure.class.as_str(), code: failure.code, message }
    }

    fn read(&self) -> Option<MutationFailure> {
        let class = CLASSES.into_iter().find(|class| class.as_str() == self.class)?;
        Some(MutationFailure::new(class, self.code, self.message))
    }
}
