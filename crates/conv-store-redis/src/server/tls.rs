//! Servers that are reached through TLS.

use redis::{ConnectionInfo, cluster::ClusterClientBuilder};

use crate::{RedisError, RedisOptions};

/// The address with what its server's certificate is checked by.
#[cfg(feature = "tls")]
pub(super) fn with_certificates(
    info: ConnectionInfo,
    options: &RedisOptions,
) -> Result<ConnectionInfo, RedisError> {
    provide();
    let client =
        redis::Client::build_with_tls(info, certificates(options)).map_err(RedisError::met)?;
    Ok(client.get_connection_info().clone())
}

#[cfg(not(feature = "tls"))]
pub(super) fn with_certificates(
    _: ConnectionInfo,
    _: &RedisOptions,
) -> Result<ConnectionInfo, RedisError> {
    Err(RedisError::options("rediss: needs the feature tls"))
}

/// A cluster reports the addresses of its other nodes itself.
#[cfg(feature = "tls")]
pub(super) fn with_certificates_of_all(
    builder: ClusterClientBuilder,
    options: &RedisOptions,
) -> ClusterClientBuilder {
    builder.certs(certificates(options))
}

#[cfg(not(feature = "tls"))]
pub(super) fn with_certificates_of_all(
    builder: ClusterClientBuilder,
    _: &RedisOptions,
) -> ClusterClientBuilder {
    builder
}

#[cfg(feature = "tls")]
fn certificates(options: &RedisOptions) -> redis::TlsCertificates {
    let client = options.client_certificate.clone().map(|shown| redis::ClientTlsConfig {
        client_cert: shown.certificate,
        client_key: shown.key,
    });
    redis::TlsCertificates { client_tls: client, root_cert: options.root_certificate.clone() }
}

/// The client asks for the process's provider of cryptography: without one, in a build with two
/// providers, it would panic.
#[cfg(feature = "tls")]
pub(crate) fn provide() {
    use rustls::crypto::{CryptoProvider, aws_lc_rs};

    if CryptoProvider::get_default().is_none() {
        // Another caller may have been faster; one is as good as the other.
        let _ = aws_lc_rs::default_provider().install_default();
    }
}
