use std::{convert::Infallible, net::SocketAddr, pin::pin};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tower_service::Service;

use super::{
    drain::Drain,
    guarded::GuardedStream,
    options::HostOptions,
    request::{GuardedBody, Requests},
};

/// One accepted connection.
pub(super) struct Connection {
    pub(super) router: Router,
    pub(super) options: HostOptions,
    pub(super) drain: Drain,
    pub(super) peer: SocketAddr,
}

impl Connection {
    /// Answers its requests until one side ends it. After [`Drain::close`] it ends with the request
    /// that it is in.
    pub(super) async fn serve(self, stream: TcpStream) {
        // A patch is one small write; it should not wait for more.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection without TCP_NODELAY");
        }
        let requests = Requests::default();
        let HostOptions { head_timeout, write_timeout, .. } = self.options;
        let stream = GuardedStream::new(stream, requests.clone(), head_timeout, write_timeout);
        let (router, peer) = (self.router, self.peer);
        let service =
            service_fn(move |request| answer(router.clone(), request, peer, requests.clone()));
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.options.idle_timeout)
                .max_buf_size(self.options.head_bytes)
                .serve_connection(TokioIo::new(stream), service)
        );
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.drain.closed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

async fn answer(
    mut router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
    requests: Requests,
) -> Result<Response<GuardedBody>, Infallible> {
    let guard = requests.begin();
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    let answer = router.call(request).await?;
    Ok(answer.map(|body| GuardedBody::new(body, guard)))
}
