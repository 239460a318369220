//! Waits until a change has ended at the gateway, which accepts it at once and sends it in the background.
//!
//! The gateway lists the changes that are not over. One that is not among them has ended, or another
//! device's later change took its place. One that the cloud has acknowledged has ended for the device.

use std::time::Duration;

use conv_model::{AccountId, ErrorClass, Mutation, Position, ReadMark};
use conv_sync::{Retry, SourceError};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use tokio::time::{Instant, sleep};

use super::{Shared, http::Call, wire};

/// The first pause between two looks; each next one is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(3);
/// Our number for a change that still runs.
const STILL_RUNNING: i32 = 990_014;

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    changes: Vec<&'a RawValue>,
    #[serde(default)]
    position: Option<String>,
}

/// A change that is not over.
#[derive(Deserialize)]
struct Listed {
    change: Mutation,
    /// A state of a later version is one that has not failed.
    state: String,
    #[serde(default)]
    failure: Option<Failure>,
}

#[derive(Default, Deserialize)]
struct Failure {
    #[serde(default)]
    code: i32,
    #[serde(default)]
    class: Value,
}

impl Shared {
    /// Waits until mutations have ended which the gateway's list shows from a position on.
    ///
    /// # Errors
    /// If one failed, or one still runs when the time is over: it is then worth asking again.
    pub(super) async fn ended(
        &self,
        account: &AccountId,
        mutations: &[Mutation],
        position: Option<Position>,
    ) -> Result<(), SourceError> {
        let until = Instant::now() + self.options.ended_within;
        let mut pause = FIRST_PAUSE;
        loop {
            let answer = self.call(account, &Call::get("/changes")).await?;
            if !runs(&answer.body, mutations, position)? {
                return Ok(());
            }
            if Instant::now() + pause > until {
                return Err(still_running());
            }
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(MAX_PAUSE);
        }
    }
}

/// Returns true if any of the mutations still runs, or the node that answers has not heard of them yet.
///
/// # Errors
/// If one failed.
fn runs(
    body: &[u8],
    mutations: &[Mutation],
    accepted_at: Option<Position>,
) -> Result<bool, SourceError> {
    let data: Data<'_> = wire::data(body)?;
    let position = data.position.as_deref().and_then(|text| text.parse::<Position>().ok());
    let is_behind = |(at, to): (Position, Position)| at.epoch == to.epoch && at.write < to.write;
    if position.zip(accepted_at).is_some_and(is_behind) {
        return Ok(true);
    }
    // A change that cannot be read is of a later version, so it is none of ours.
    let listed = data.changes.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok());
    let is_ours = |listed: &Listed| mutations.iter().any(|ours| is_same(ours, &listed.change));
    let mut runs = false;
    for Listed { state, failure, .. } in listed.filter(is_ours) {
        if state == "failed" {
            let Failure { code, class } = failure.unwrap_or_default();
            return Err(failed(code, ErrorClass::deserialize(class).unwrap_or(ErrorClass::Cloud)));
        }
        // The cloud has acknowledged one that settles: it cannot fail any more.
        runs |= state != "settling";
    }
    Ok(runs)
}

/// Returns true if a gateway makes the second mutation of the first one: it reads and deletes no more
/// than its own list shows.
fn is_same(ours: &Mutation, listed: &Mutation) -> bool {
    match (ours, listed) {
        // Of a user who saw no message a gateway notes nothing: what it lists is another reading.
        (Mutation::Read { id, until, .. }, Mutation::Read { id: other, .. }) => {
            id == other && *until != ReadMark::default()
        }
        (Mutation::Delete { id, .. }, Mutation::Delete { id: other, .. }) => id == other,
        _ => ours == listed,
    }
}

/// The cloud, or the gateway, refused the change for good.
pub(super) fn failed(code: i32, class: ErrorClass) -> SourceError {
    let class = match class {
        // The gateway has tried for days, or with another key than the device's.
        ErrorClass::Transient | ErrorClass::RateLimited | ErrorClass::Auth => ErrorClass::Cloud,
        // `Cancelled` means a message that the user had not seen.
        class => class,
    };
    SourceError::Cloud {
        code,
        class,
        retry: Retry::Never,
        message: "change failed at the gateway".to_owned(),
        retry_after: None,
    }
}

fn still_running() -> SourceError {
    SourceError::Cloud {
        code: STILL_RUNNING,
        class: ErrorClass::Transient,
        retry: Retry::BackOff,
        message: "gateway has accepted the change, and it has not ended yet".to_owned(),
        retry_after: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn look(changes: &Value, ours: &Mutation) -> Result<bool, SourceError> {
        let body = json!({ "code": 0, "data": { "changes": changes, "position": null } });
        runs(body.to_string().as_bytes(), std::slice::from_ref(ours), None)
    }

    fn mutation(json: Value) -> Mutation {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_change_ends_by_itself_and_fails_with_the_reason() {
        let pin = json!({ "type": "pin", "conversationID": "C2Ca", "isPinned": true });
        let ours = mutation(pin.clone());
        let listed = |change: &Value, state: &str, failure: &Value| {
            json!([{ "number": 7, "change": change, "state": state, "attempts": 1,
                "failure": failure }])
        };
        for state in ["queued", "sending", "held"] {
            assert!(look(&listed(&pin, state, &Value::Null), &ours).unwrap(), "{state}");
        }
        assert!(!look(&listed(&pin, "settling", &Value::Null), &ours).unwrap());
        assert!(!look(&json!([]), &ours).unwrap());
        let other = json!({ "type": "pin", "conversationID": "C2Ca", "isPinned": false });
        let refused = json!({ "code": 51_012, "class": "invalid_argument", "message": "no" });
        for change in [&other, &json!({ "type": "later" })] {
            assert!(!look(&listed(change, "failed", &refused), &ours).unwrap());
        }
        let error = look(&listed(&pin, "failed", &refused), &ours).unwrap_err();
        assert_eq!((error.code(), error.class()), (Some(51_012), ErrorClass::InvalidArgument));
        let late = json!({ "code": 990_013, "class": "transient", "message": "late" });
        let error = look(&listed(&pin, "failed", &late), &ours).unwrap_err();
        assert_eq!((error.class(), error.retry()), (ErrorClass::Cloud, Retry::Never));
    }

    #[test]
    fn a_node_that_has_not_heard_of_a_change_is_asked_again() {
        let (ours, epoch) =
            (mutation(json!({ "type": "pin", "conversationID": "C2Ca", "isPinned": true })), 7);
        let position = |epoch: u64, write: u64| format!("{epoch:016x}.{write}");
        let at = |text: String| {
            let body = json!({ "data": { "changes": [], "position": text } }).to_string();
            let accepted_at = position(epoch, 5).parse().ok();
            runs(body.as_bytes(), std::slice::from_ref(&ours), accepted_at).unwrap()
        };
        assert!(at(position(epoch, 4)));
        assert!(!at(position(epoch, 5)) && !at(position(epoch + 1, 4)));
    }

    #[test]
    fn a_reading_of_nothing_is_none_that_the_gateway_lists() {
        let read = |seconds: u64, state: &str| {
            let read = json!({ "type": "read", "conversationID": "C2Ca", "count": 0,
                "until": { "time": seconds, "sequence": 0 } });
            (json!([{ "change": read, "state": state }]), mutation(read))
        };
        let (failed, ours) = (read(5, "failed").0, |seconds| read(seconds, "queued").1);
        assert!(look(&failed, &ours(9)).is_err());
        assert!(!look(&failed, &ours(0)).unwrap());
    }

    #[test]
    fn what_the_gateway_caps_is_known_again() {
        let seen = |seconds: u64, state: &str| {
            let delete = json!({ "type": "delete", "conversationID": "C2Ca", "seen": seconds,
                "clearsHistory": true, "ifNewer": "giveUp" });
            (json!([{ "change": delete, "state": state }]), mutation(delete))
        };
        let (_, ours) = seen(9, "queued");
        assert!(look(&seen(5, "queued").0, &ours).unwrap());
        assert!(look(&seen(5, "failed").0, &ours).is_err());
    }
}
