//! Serves each user's conversation list to his own devices.
//!
//! A device cannot hold an administrator's key, so by itself it cannot read a list over Tencent Cloud
//! Chat's server API. A backend that has the key mounts a [`Gateway`]: its users log in with their
//! UserSig, and each reads and changes his own list over HTTP, with the web SDK's options and answers.
#![cfg_attr(feature = "server", doc = "```")]
#![cfg_attr(not(feature = "server"), doc = "```ignore")]
//! use std::sync::Arc;
//!
//! use axum::{body::{Body, to_bytes}, http::Request};
//! use conv_api::{Accounts, BaseUrl, MemoryDatabase, RestSource, UserSigSigner};
//! use conv_emulator::Emulator;
//! use conv_gateway::{AccessTokens, Gateway};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A cloud to play with; with a real one you have its region, SDKAppID and secret key.
//! let cloud = Emulator::builder().account("alice").start().await?;
//! let (app, key) = (cloud.sdk_app_id(), cloud.secret_key());
//! let url: BaseUrl = cloud.base_url().parse()?;
//! let source = Arc::new(RestSource::new(url, app, UserSigSigner::new(cloud.identifier(), key)));
//! let accounts = Accounts::builder(Arc::new(MemoryDatabase::new()), Arc::clone(&source))
//!     .writer(source)
//!     .build();
//!
//! let tokens = AccessTokens::new(app, key)?.administrators([cloud.identifier()]);
//! let gateway = Gateway::builder(accounts, tokens).origins(["https://chat.example.com"]).build();
//! let router = axum::Router::new().nest("/chat", gateway.router()); // under any prefix
//!
//! # let now = std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_secs();
//! # let now = conv_model::Timestamp::from_secs(now);
//! # let day = std::time::Duration::from_secs(86_400);
//! // The app's own backend hands this to the device.
//! let user_sig = UserSigSigner::new("alice", key).sign(app, now, day)?;
//! let login = format!(r#"{{"userID": "alice", "userSig": "{}"}}"#, user_sig.expose());
//! let login = Request::post("/chat/v1/login")
//!     .header("content-type", "application/json")
//!     .body(Body::from(login))?;
//! let answer = to_bytes(router.oneshot(login).await?.into_body(), 4096).await?;
//! assert!(std::str::from_utf8(&answer)?.starts_with(r#"{"code":0,"data":{"accessToken":"#));
//! # Ok(())
//! # }
//! ```
//!
//! `cargo run -p conv-gateway --features server --example serve` listens, and prints calls to try.
//!
//! * `GatewaySource` (feature `client`) is the other side: a source and writer for a conv on the device.
//! * [`AccessTokens`] trades UserSigs for short access tokens and checks these; needs no server.
#![cfg_attr(
    feature = "server",
    doc = "* [`Gateway`], made by its [`GatewayBuilder`]; [`Authorizer`] for who acts for others.\n* [`Host`] serves a router on a public port, with limits in time and number, until a [`Drain`] closes, which ends streams too ([`GatewayBuilder::drain`]).\n* [`Gateway::private_router`] has the probes and numbers of an operator; [`GatewayStats`] and [`StreamStats`] count.\n* [`Inbox`] is a page at `/inbox/` on which a user sees and changes his list; off by default."
)]
//! * [`webhook`] verifies a call of the cloud, parses its event, and says whose lists it concerns; needs
//!   no server.
//!
//! # Calls
//!
//! Under `/v1`, with `Authorization: Bearer <access token>` on all but the first. Bodies are JSON with
//! `Content-Type: application/json`; a member that is unknown, or there twice, is refused.
//!
//! | call | body | data of the answer |
//! | --- | --- | --- |
//! | `POST /login` | `{userID, userSig}` | `accessToken`, `expiresAt`, `loginEndsAt`, … |
//! | `POST /login/renew` | | the same |
//! | `POST /conversations/list` | the SDK's argument; also `limit` (up to 500), `after` (the last page's `next`), `conversationIDList` | the SDK's, and `report`, `next`, `totals`, `position` |
//! | `GET /conversations?…` | in the URL; `conversationID` may be repeated | the same, with `ETag` |
//! | `POST /conversations/profile` | `{conversationID}` | `conversation` |
//! | `GET /groups` | | the names |
//! | `GET /totals?…` | as of `GET /conversations`, without pages | `totals`, `position`, with `ETag` |
//! | `POST /conversations/refresh` | `{}` | `mark`, a number |
//! | `POST /conversations/stream` | `{queries: {key: {query, window, from}}}` | [events](#streams), for as long as the client reads |
//! | `POST /conversations/changes` | `{query, window, position, conversations, wait}` | the next event, and `state`; 204 if none comes within `wait` seconds |
//! | `POST /stream-ticket` | as of `/conversations/stream`, with one query | `ticket`, `expiresIn` |
//! | `GET /conversations/stream?ticket=…` | | events; without a token |
//! | `POST /conversations/delete`, `/pin`, `/read`, `/mark`, `/custom-data`, `/draft` | the SDK's options; to delete also `seen`, to read `until` | the SDK's, and `position` |
//! | `POST /groups/create`, `/delete`, `/rename`, `/add`, `/remove` | the SDK's options | the SDK's, and `position` |
//! | `GET /changes` | | `changes` that are not over: `number`, `change`, `state`, `attempts`, `failure`; `position` |
//! | `POST /changes/retry`, `/changes/drop` | `{numbers}` | `successNumberList`, `failureNumberList`, `position` |
//! | `GET /openapi.json` | | this contract in OpenAPI 3.1, needs no token |
//! | `/accounts/{account}/…` | any of the calls on a list, for another account | needs an authorizer |
//! | `POST /hooks/tencent`, `/hooks/tencent/{secret}` | an event of the cloud | the cloud's own shape; needs a verifier |
//!
//! `openapi.json` in the crate's folder has every member of every body; the tests compare all answers
//! that they see with it. `vectors/` has test vectors for clients in other languages.
//!
//! A list is answered from memory, and never waits for the cloud; `isSyncCompleted` and `report` say
//! what it lacks. A call for a list, or to refresh it, keeps it fresh for a minute: it is pulled at once,
//! and when webhooks report a change. The list is as fresh as a refresh asked for once `reachedMark` in its
//! `report` is no smaller than `mark`. These numbers grow within a process; `reachedMark` is `null` while
//! the list is not kept fresh. A change is durable and shown when it is answered, and is sent in the
//! background. With an `Idempotency-Key` it is made once; for 24 hours the same process repeats its answer.
//!
//! # Streams
//!
//! A stream is `text/event-stream`, for up to 8 queries of one list, each with a window of up to 500 rows
//! (50, unless it says so). It begins with the client's difference, from memory, and never waits for the
//! cloud.
//!
//! | event | data |
//! | --- | --- |
//! | `hello` | `epoch`, `heartbeat` and `maxAge` in seconds, `serverTime`, `resumed`: which queries go on from their position |
//! | `reset`, `patch`, `sync` | `key`, and a `LiveUpdate` of conv-api: all rows; steps; the window's IDs with the rows that changed. `position`, `totals`, `sum` |
//! | `report` | `isSyncCompleted`, `report` with `reachedMark`, `passesWaiting`, `quotaWaitMillis`; once per second at most |
//! | `renew` | `accessToken`, `expiresAt`: the next token, a minute before this one expires; or `expiresIn`: log in until then |
//! | `bye` | `reason` (`drain`, `age`, `slow`, `expired`, `replaced`), `retryAfterMs`; then the stream ends |
//! | `error` | `status`, `code`, `message`, `class`: a refusal, where the call has a ticket |
//!
//! * `from` is the client's state of each query: the `position` of its last update, or
//!   `{position, conversations}` with `totals.conversations` of that update, which makes a `sync` shorter.
//!   Every position is accepted: an old, foreign, future or garbled one gets `sync` or `reset`.
//!   With one query `Last-Event-ID` does as well.
//! * The `id` of an event is a position that all queries of the stream have reached. With one query each
//!   update has one; with several, the last update of a commit. A heartbeat, a comment each 20 seconds,
//!   brings one if the list has moved on and the rows have not.
//! * `sum` is the CRC-32 of the IDs of the window's rows, each followed by a line feed. An update without
//!   one is followed by another. With a wrong sum, ask again without `from`.
//! * A client that reads slowly gets fewer, larger updates. One that takes nothing for 30 seconds is
//!   disconnected. A stream counts as interest in the account (`Accounts::watch` of conv-api), which ends a
//!   minute after the stream.
//! * A user has 10 streams per process, and the oldest gives way to a new one. A stream of a delegate ends
//!   with his token, and the authorizer is asked when he opens another.
//! * An `EventSource` cannot send a token: a ticket opens one stream within 30 seconds, of the process that
//!   made it. It reconnects with the same ticket, which is used up then: close it at `error` and `bye`. A
//!   user has 16 unused tickets, and the oldest gives way to a new one.
//!
//! `POST /conversations/changes` gives the same updates without `key`. With `whole: true`, and no `window`,
//! it serves a reader that keeps all rows: `{type: "changes", rows, removed}` in no order, or
//! `{type: "tooOld"}`: read the list by pages.
//!
//! # Errors
//!
//! A refusal is `application/problem+json` (RFC 9457), with the SDK's `code` and `message` beside.
//!
//! | class | status | |
//! | --- | --- | --- |
//! | <a id="invalid_argument"></a>`invalid_argument` | 400, 405, 413, 415, 422 | the request is wrong, and always will be; 422: the `Idempotency-Key` is of another call |
//! | <a id="auth"></a>`auth` | 401, 403 | log in again; 403: it is not allowed |
//! | <a id="not_found"></a>`not_found` | 404 | no such conversation (2500), user or group (2501), call (2997) |
//! | <a id="rate_limited"></a>`rate_limited` | 429 | wait for `Retry-After`; without it, the account has as many changes as it may: `GET /changes` |
//! | <a id="transient"></a>`transient` | 408, 409, 503 | try again; 409: the first call with this `Idempotency-Key` still runs |
//! | <a id="unsupported"></a>`unsupported` | 501, 403 | the cloud does not offer it; 403 with 3122: not in the app's plan |
//! | <a id="cloud"></a>`cloud` | 502 | the cloud refused the gateway |
//! | <a id="cancelled"></a>`cancelled` | 503, 500 | the list was closed, or the gateway failed |
//! | <a id="store"></a><a id="corrupt"></a>`store`, `corrupt` | 500 | the list could not be read or written |
//!
//! # What to provide
//!
//! * The gateway has an administrator's rights; the account comes from the access token alone. List the
//!   app's administrators in [`AccessTokens::administrators`]: they cannot log in.
//! * TLS and `Strict-Transport-Security`: a proxy in front, or your server.
//! * Time limits for headers and slow readers, and the address of callers, by which failed logins are
//!   limited: `Host` has them. With `axum::serve`, which sets no time limit for headers, use
//!   `into_make_service_with_connect_info::<SocketAddr>()`.
//!
//! # Features
//! * `server`: the router. Brings conv-api and axum; without it there are the tokens alone.
//! * `client`: `GatewaySource`, for a device that keeps its user's list itself and reads it through a
//!   gateway. Brings reqwest, and neither conv-api nor axum. TLS by `rustls` or `native-tls`.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "server")]
mod host;
#[cfg(feature = "server")]
mod server;
mod token;
pub mod webhook;

#[cfg(feature = "client")]
pub use self::client::{Follow, GatewaySource, GatewaySourceBuilder, GatewayUrlError, UserSigs};
#[cfg(feature = "server")]
pub use self::host::{Drain, Host, HostOptions};
#[cfg(feature = "server")]
pub use self::server::{
    Action, Authorizer, Gateway, GatewayBuilder, GatewayStats, HookCount, HookOutcome, HookStats,
    Inbox, StreamStats, Webhooks,
};
pub use self::token::{AccessToken, AccessTokens, Revocations, Session, TokenError};
