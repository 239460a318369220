//! Who signs calls.

use std::{error::Error, fmt::Debug, sync::Arc};

use async_trait::async_trait;
use conv_model::Timestamp;

use crate::{UserSig, UserSigSigner};

/// Why a signer failed, in the embedder's own type. It is kept as the source of
/// [`SourceError::Signer`](crate::SourceError::Signer), so it must not hold a secret.
pub type SignerError = Box<dyn Error + Send + Sync>;

/// Gives UserSigs for the app admin in whose name calls are made.
///
/// [`UserSigSigner`] does it with the secret key. To keep the key out of this process, ask the one
/// that has it:
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
    /// userID of the admin. The same one every time.
    fn identifier(&self) -> &str;

    /// A UserSig of the admin for an app, good at `now`: the cloud's time where it is known. A
    /// source keeps it until shortly before it expires or the cloud refuses it, and asks for one
    /// at a time. Waiting counts toward the call's timeout.
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
