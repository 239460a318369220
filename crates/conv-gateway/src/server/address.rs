//! The address of a caller.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderName},
};

const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Returns the address of the caller as the `hops`-th proxy from here saw it; that of the socket with
/// 0, or if the header is shorter. `None` if the server does not say (an embedder's Unix socket).
///
/// Counted from the right: the caller wrote whatever is left of our own proxies.
pub(super) fn of(request: &Request, hops: usize) -> Option<IpAddr> {
    let socket = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let socket = socket.map(|ConnectInfo(address)| address.ip());
    let seen = hops.checked_sub(1).and_then(|nth| forwarded(request.headers(), nth));
    seen.or(socket).map(network)
}

fn forwarded(headers: &HeaderMap, nth_from_right: usize) -> Option<IpAddr> {
    let lines: Vec<_> = headers.get_all(FORWARDED).iter().collect();
    let mut addresses =
        lines.iter().rev().flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
    let address = addresses.nth(nth_from_right)?.trim();
    let with_port = || address.parse::<SocketAddr>().map(|address| address.ip());
    address.parse().or_else(|_| with_port()).ok()
}

/// One line has a whole /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn seen(lines: &[&str], hops: usize) -> String {
        let mut request = Request::new(Body::empty());
        for line in lines {
            request.headers_mut().append(FORWARDED, line.parse().unwrap());
        }
        let socket: SocketAddr = "127.0.0.1:9".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(socket));
        of(&request, hops).unwrap().to_string()
    }

    #[test]
    fn proxies_are_counted_from_the_right() {
        let lines = ["6.6.6.6, 1.1.1.1", "2.2.2.2,3.3.3.3:80"];
        let seen_by = [0, 1, 2, 3, 4].map(|hops| seen(&lines, hops));
        assert_eq!(seen_by, ["127.0.0.1", "3.3.3.3", "2.2.2.2", "1.1.1.1", "6.6.6.6"]);
        assert_eq!(seen(&lines, 5), "127.0.0.1");
        assert_eq!(seen(&["nonsense"], 1), "127.0.0.1");
        assert_eq!(seen(&["2001:db8:1:2:3:4:5:6"], 1), "2001:db8:1:2::");
        assert_eq!(seen(&["::ffff:9.9.9.9"], 1), "9.9.9.9");
    }
}
