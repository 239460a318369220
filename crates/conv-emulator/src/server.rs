//! One request from its first byte to its answer.

use std::sync::{Mutex, PoisonError};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, Method, Uri, header},
    response::Response,
};
use serde_json::{Map, Value};

use crate::{
    calls::Counter,
    churn::{self, Churn},
    commands::{self, Context, GET_LIST},
    credentials::{Credentials, UserSigClock, system_now},
    cursor::CursorKind,
    envelope,
    fault::{self, Early, Fault, Faults},
    gate,
    http_date::http_date,
    wire::Switch,
    world::World,
};

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) world: World,
    pub(crate) credentials: Credentials,
    pub(crate) clock: UserSigClock,
    pub(crate) cursor: CursorKind,
    pub(crate) late: bool,
    pub(crate) churn: Mutex<Churn>,
    pub(crate) faults: Faults,
    pub(crate) calls: Counter,
}

impl Shared {
    pub(crate) fn sig_now(&self) -> u64 {
        match self.clock {
            UserSigClock::System => system_now(),
            UserSigClock::Cloud => self.world.now(),
        }
    }

    pub(crate) fn churn(&self) -> Churn {
        *self.churn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn router(shared: std::sync::Arc<Shared>) -> Router {
    Router::new().fallback(serve).with_state(shared)
}

async fn serve(
    State(shared): State<std::sync::Arc<Shared>>,
    ConnectInfo(switch): ConnectInfo<Switch>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = read(body).await;
    let path = parts.uri.path();
    let name = commands::find(path).map(|command| command.name);
    shared.calls.count(name);
    let faults = shared.faults.befall(name);
    let mut response = None;
    for fault in &faults {
        match fault::early(fault, commands::has_display(path)).await {
            Early::GoOn => continue,
            Early::Answer(answer) => response = Some(answer),
            Early::Stall => std::future::pending().await,
            Early::Close => switch.cut(),
        }
        break;
    }
    let mut response = response
        .unwrap_or_else(|| answer(&shared, &parts.method, &parts.uri, body.as_deref(), &faults));
    if let Ok(date) = HeaderValue::from_str(&http_date(shared.world.now())) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// `None` stands for a body that is too large, or broke off.
async fn read(body: Body) -> Option<Vec<u8>> {
    to_bytes(body, gate::MAX_BODY).await.ok().map(Vec::from)
}

fn answer(
    shared: &Shared,
    method: &Method,
    uri: &Uri,
    body: Option<&[u8]>,
    faults: &[Fault],
) -> Response {
    let mut request = Map::new();
    let run = |request: &mut Map<String, Value>| {
        gate::admit(method, uri, &shared.credentials, shared.sig_now())?;
        let command = commands::find(uri.path()).ok_or_else(commands::no_such_command)?;
        *request = gate::object(body)?;
        shared.faults.lock().memory.resolve(request);
        let context = Context {
            world: &shared.world,
            credentials: &shared.credentials,
            cursor: shared.cursor,
            late: shared.late,
        };
        command.run(context, request).map(|reply| (command.name, reply))
    };
    let outcome = run(&mut request);
    let account = request.get("From_Account").and_then(Value::as_str).unwrap_or_default();
    let listed = outcome.as_ref().is_ok_and(|(name, _)| *name == GET_LIST);
    let reply = outcome.map(|(_, reply)| reply);
    let mut reply = envelope::seal(reply, commands::has_display(uri.path()));
    for fault in faults {
        fault::edit(fault, &shared.faults, account, &request, &mut reply);
    }
    if listed {
        churn::churn(&shared.world, account, shared.churn());
    }
    fault::finish(faults, &reply)
}
