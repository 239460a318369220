//! Keeps a UserSig for as long as it serves.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::{Signer, cloud_time::CloudTime};
use crate::{SourceError, UserSig};

/// One UserSig for all calls: "may be reused until it expires" (Tencent's REST API overview).
#[derive(Debug)]
pub(super) struct SigCache {
    signer: Box<dyn Signer>,
    sdk_app_id: u32,
    // Held while the signer works, so that a burst of calls asks it once.
    kept: Mutex<Option<Arc<UserSig>>>,
}

impl SigCache {
    pub(super) fn new(signer: Box<dyn Signer>, sdk_app_id: u32) -> Self {
        Self { signer, sdk_app_id, kept: Mutex::default() }
    }

    pub(super) fn identifier(&self) -> &str {
        self.signer.identifier()
    }

    /// The UserSig that is kept, or a new one.
    pub(super) async fn user_sig(&self, time: &CloudTime) -> Result<Arc<UserSig>, SourceError> {
        let mut kept = self.kept.lock().await;
        let now = time.now();
        if let Some(user_sig) = kept.as_ref().filter(|user_sig| serves(user_sig, now.as_secs())) {
            return Ok(Arc::clone(user_sig));
        }
        let user_sig = self.signer.user_sig(self.sdk_app_id, now).await;
        let user_sig = Arc::new(user_sig.map_err(|error| SourceError::Signer(error.into()))?);
        *kept = Some(Arc::clone(&user_sig));
        Ok(user_sig)
    }

    /// Forgets a UserSig that the cloud refused, unless a newer one has taken its place.
    pub(super) async fn refused(&self, refused: &Arc<UserSig>) {
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, refused)) {
            *kept = None;
        }
    }
}

/// Whether it lives on for a while: for a tenth of its life, at most five minutes.
fn serves(user_sig: &UserSig, now: u64) -> bool {
    const MARGIN: u64 = 300;
    let claims = user_sig.claims();
    let margin = (claims.lifetime.as_secs() / 10).min(MARGIN);
    now.saturating_add(margin) < claims.expires_at().as_secs()
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        time::Duration,
    };

    use async_trait::async_trait;
    use conv_model::Timestamp;

    use super::*;
    use crate::{UserSigSigner, rest::SignerError};

    #[derive(Debug)]
    struct Counting {
        signer: UserSigSigner,
        calls: Arc<AtomicU32>,
    }

    #[async_trait]
    impl Signer for Counting {
        fn identifier(&self) -> &str {
            self.signer.identifier()
        }

        async fn user_sig(&self, app: u32, now: Timestamp) -> Result<UserSig, SignerError> {
            self.calls.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(self.signer.sign(app, now, Duration::from_secs(1000))?)
        }
    }

    fn cache() -> (SigCache, Arc<AtomicU32>, CloudTime) {
        let calls = Arc::new(AtomicU32::new(0));
        let signer = UserSigSigner::new("administrator", "k");
        let counting = Counting { signer, calls: Arc::clone(&calls) };
        let time = CloudTime::default();
        time.note(Timestamp::from_secs(1_700_000_000));
        (SigCache::new(Box::new(counting), 1), calls, time)
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_sig_is_kept_until_shortly_before_it_expires() {
        let (cache, calls, time) = cache();
        for (after, signed) in [(0, 1), (899, 1), (1, 2), (899, 2), (500, 3)] {
            tokio::time::advance(Duration::from_secs(after)).await;
            cache.user_sig(&time).await.unwrap();
            assert_eq!(calls.load(Ordering::Relaxed), signed, "{after}");
        }
    }

    #[tokio::test]
    async fn a_burst_of_calls_asks_the_signer_once() {
        let (cache, calls, time) = cache();
        let (one, two) = tokio::join!(cache.user_sig(&time), cache.user_sig(&time));
        assert!(Arc::ptr_eq(&one.unwrap(), &two.unwrap()));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_late_refusal_does_not_drop_a_newer_user_sig() {
        let (cache, calls, time) = cache();
        let old = cache.user_sig(&time).await.unwrap();
        cache.refused(&old).await;
        let new = cache.user_sig(&time).await.unwrap();
        cache.refused(&old).await;
        assert!(Arc::ptr_eq(&new, &cache.user_sig(&time).await.unwrap()));
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }
}
