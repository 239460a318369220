//! The trait that provides signatures for calls.

use std::{error::Error, fmt::Debug, sync::Arc};

use async_trait::async_trait;
use conv_model::Timestamp;

use crate::{UserSig, UserSigSigner};

/// The embedder's error of a signer. [`SourceError::Signer`](crate::SourceError::Signer) keeps it
/// as its source, so it must not hold a secret.
pub type SignerError = Box<dyn Error + Send + Sync>;

/// Provides UserSigs of the app admin who signs the calls.
///
/// [`UserSigSigner`] makes them with the secret key. To keep the key out of this process, ask
/// another process that has it:
///
/// ```
/// use async_trait::async_trait;
/// use conv_model::Timestamp;
/// use conv_sync::{Signer, SignerError, UserSig};
///
/// #[derive(Debug)]
/// struct KeyServer;
///
/// # async fn ask_key_server() -> Result<String, SignerError> { Ok(std::env::var("USER_SIG")?) }
/// #[async_trait]
/// impl Signer for KeyServer {
///     fn identifier(&self) -> &str {
///         "administrator"
///     }
///
///     async fn user_sig(&self, _app: u32, _now: Timestamp) -> Result<UserSig, SignerError> {
///         let text = ask_key_server().await?;
///         Ok(UserSig::parse(text)?)
///     }
/// }
/// ```
#[async_trait]
pub trait Signer: Debug + Send + Sync + 'static {
    /// Returns the admin's userID; the same every time.
    fn identifier(&self) -> &str;

    /// Returns a UserSig of the admin for an app, valid at `now`, which is the cloud's time if
    /// known. A source keeps it until shortly before it expires or until the cloud refuses it, and
    /// makes one such call at a time. Waiting counts toward the timeout of the cloud call.
    ///
    /// # Errors
    /// The embedder's own.
    async fn user_sig(&self, sdk_app_id: u32, now: Timestamp) -> Result<UserSig, SignerError>;
}

#[async_trait]
impl Signer for UserSigSigner {
    fn identifier(&self) -> &str {
        self.identifier()
    }

    async fn user_sig(&self, sdk_app_id: u32, now: Timestamp) -> Result<UserSig, SignerError> {
        Ok(self.sign(sdk_app_id, now, self.lifetime())?)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<T: Signer + ?Sized> Signer for Arc<T> {
    fn identifier(&self) -> &str {
        T::identifier(self)
    }

    async fn user_sig(&self, sdk_app_id: u32, now: Timestamp) -> Result<UserSig, SignerError> {
        T::user_sig(self, sdk_app_id, now).await
    }
}
