//! The state of the sync as version 1 wrote it: a moment that the cloud did not give was zero.

use serde::Deserialize;

use super::{End, Limit, Place, Scope};

#[derive(Deserialize)]
pub(super) struct Body<'a> {
    pass: u64,
    begun: u64,
    scope: Scope,
    #[serde(borrow)]
    checkpoint: Option<Place<'a>>,
    finished: Option<EndBody>,
    #[serde(borrow)]
    groups: Vec<(u64, &'a str)>,
    groups_read_at: u64,
}

#[derive(Deserialize)]
struct EndBody {
    as_of: u64,
    limit: Vec<Limit>,
    scope: Scope,
}

impl<'a> From<Body<'a>> for super::Body<'a> {
    fn from(body: Body<'a>) -> Self {
        let finished = body.finished.map(|end| End {
            as_of: moment(end.as_of),
            limit: end.limit,
            scope: end.scope,
        });
        Self {
            pass: body.pass,
            begun: body.begun,
            scope: body.scope,
            checkpoint: body.checkpoint,
            finished,
            groups: body.groups,
            groups_read_at: moment(body.groups_read_at),
            epoch: None,
        }
    }
}

fn moment(seconds: u64) -> Option<u64> {
    (seconds > 0).then_some(seconds)
}
