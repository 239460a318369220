//! Handles one request, from its first byte to its answer.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, Uri, header},
    response::Response,
};
use hyper::body::Incoming;
use serde_json::{Map, Value};

use crate::{
    calls::Counter,
    churn::{self, Churn},
    commands::{self, Context, GET_LIST},
    credentials::{Credentials, UserSigClock, system_now},
    cursor::CursorKind,
    envelope,
    fault::{self, Call, Closing, Early, Fault, Faults},
    gate,
    wire::Switch,
    world::World,
};

/// The state that all requests share.
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

/// Answers one request of a connection.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    switch: Switch,
    request: Request<Incoming>,
) -> Response {
    let on_connection = switch.count_request();
    let (parts, body) = request.into_parts();
    let body = read(body).await;
    let path = parts.uri.path();
    let name = commands::find(path).map(|command| command.name);
    shared.calls.count(name);
    let asked = || gate::object(body.as_deref()).unwrap_or_default();
    let faults = shared.faults.befall(name, shared.world.moment(), asked);
    let asked = match faults.is_empty() {
        true => Map::new(),
        false => asked(),
    };
    let display = commands::has_display(path);
    let call = Call { request: &asked, display, on_connection };
    let mut response = None;
    for fault in &faults {
        match fault::early(fault, call).await {
            Early::GoOn => continue,
            Early::Answer(answer) => response = Some(answer),
            Early::LoseAnswer => switch.cut(Closing::Fin),
            Early::Stall => std::future::pending().await,
            Early::Close(closing) => {
                switch.cut(closing);
                std::future::pending().await
            }
        }
        break;
    }
    let mut response = response
        .unwrap_or_else(|| answer(&shared, &parts.method, &parts.uri, body.as_deref(), &faults));
    let held = fault::held(&faults);
    if !held.is_zero() {
        tokio::time::sleep(held).await;
    }
    if let Some(date) = fault::date(&faults, shared.world.now()) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// Reads a body; `None` if it is too large, or broke off.
async fn read(body: Incoming) -> Option<Vec<u8>> {
    to_bytes(Body::new(body), gate::MAX_BODY).await.ok().map(Vec::from)
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
            faults,
        };
        command.run(context, request).map(|reply| (command.name, reply))
    };
    let outcome = run(&mut request);
    let account = request.get("From_Account").and_then(Value::as_str).unwrap_or_default();
    let listed = outcome.as_ref().is_ok_and(|(name, _)| *name == GET_LIST);
    let reply = fault::overrule(faults, outcome.map(|(_, reply)| reply));
    let mut reply = envelope::seal(reply, commands::has_display(uri.path()));
    for fault in faults {
        fault::edit(fault, &shared.faults, account, &request, &mut reply);
    }
    fault::drop_results(faults, &mut reply);
    if listed {
        churn::churn(&shared.world, account, shared.churn());
    }
    fault::finish(faults, &reply)
}
