//! A cache of one UserSig while it is valid.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use conv_model::Timestamp;
use tokio::{sync::Mutex, time::Instant};

use super::{
    Signer,
    cloud_time::{self, CloudTime},
};
use crate::{SourceError, UserSig};

/// One UserSig for all calls: "may be reused until it expires" (Tencent's REST API overview).
#[derive(Debug)]
pub(super) struct SigCache {
    signer: Box<dyn Signer>,
    sdk_app_id: u32,
    // Held while the signer works, so a burst of calls asks it once.
    kept: Mutex<Option<Arc<Signed>>>,
}

/// A UserSig, when it was made, and whether the cloud accepted it.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) user_sig: Arc<UserSig>,
    /// The cloud's time when it was made, and the local time then.
    by: Timestamp,
    at: Instant,
    accepted: AtomicBool,
}

impl Signed {
    /// Notes that the cloud accepted a call signed with it.
    pub(super) fn was_accepted(&self) {
        self.accepted.store(true, Ordering::Relaxed);
    }

    /// Returns true if the cloud's clock differs from the one that it was made by.
    fn is_by_another_clock(&self, time: &CloudTime) -> bool {
        let expected = self.by.plus_secs(self.at.elapsed().as_secs());
        !cloud_time::is_near(expected, time.now())
    }
}

impl SigCache {
    pub(super) fn new(signer: Box<dyn Signer>, sdk_app_id: u32) -> Self {
        Self { signer, sdk_app_id, kept: Mutex::default() }
    }

    pub(super) fn identifier(&self) -> &str {
        self.signer.identifier()
    }

    /// Returns the cached UserSig, or a new one.
    pub(super) async fn signed(&self, time: &CloudTime) -> Result<Arc<Signed>, SourceError> {
        let mut kept = self.kept.lock().await;
        let now = time.now();
        if let Some(signed) = kept.as_ref().filter(|kept| serves(&kept.user_sig, now.as_secs())) {
            return Ok(Arc::clone(signed));
        }
        let user_sig = self.signer.user_sig(self.sdk_app_id, now).await;
        let user_sig = Arc::new(user_sig.map_err(|error| SourceError::Signer(error.into()))?);
        let accepted = AtomicBool::new(false);
        let signed = Arc::new(Signed { user_sig, by: now, at: Instant::now(), accepted });
        *kept = Some(Arc::clone(&signed));
        Ok(signed)
    }

    /// Drops a UserSig that the cloud refused, unless a newer one has replaced it. Returns true if
    /// a new one may succeed: this one worked before, or a wrong clock made it. Any number of calls
    /// may report the same UserSig; they share the next one.
    pub(super) async fn refused(&self, refused: &Arc<Signed>, time: &CloudTime) -> bool {
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, refused)) {
            *kept = None;
        }
        refused.accepted.load(Ordering::Relaxed) || refused.is_by_another_clock(time)
    }
}

/// Returns true if a UserSig stays valid for a margin: a tenth of its lifetime, at most five
/// minutes.
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

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn cache() -> (SigCache, Arc<AtomicU32>, CloudTime) {
        let calls = Arc::new(AtomicU32::new(0));
        let signer = UserSigSigner::new("administrator", "k");
        let counting = Counting { signer, calls: Arc::clone(&calls) };
        let time = CloudTime::default();
        time.note(Some(NOW));
        (SigCache::new(Box::new(counting), 1), calls, time)
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_sig_is_kept_until_shortly_before_it_expires() {
        let (cache, calls, time) = cache();
        for (after, signed) in [(0, 1), (899, 1), (1, 2), (899, 2), (500, 3)] {
            tokio::time::advance(Duration::from_secs(after)).await;
            cache.signed(&time).await.unwrap();
            assert_eq!(calls.load(Ordering::Relaxed), signed, "{after}");
        }
    }

    #[tokio::test]
    async fn a_burst_of_calls_asks_the_signer_once() {
        let (cache, calls, time) = cache();
        let (one, two) = tokio::join!(cache.signed(&time), cache.signed(&time));
        assert!(Arc::ptr_eq(&one.unwrap(), &two.unwrap()));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn two_calls_with_one_expired_user_sig_share_the_next_one() {
        let (cache, calls, time) = cache();
        let old = cache.signed(&time).await.unwrap();
        old.was_accepted();
        assert!(cache.refused(&old, &time).await);
        let new = cache.signed(&time).await.unwrap();
        assert!(cache.refused(&old, &time).await);
        assert!(Arc::ptr_eq(&new, &cache.signed(&time).await.unwrap()));
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn the_refusal_of_a_fresh_user_sig_is_final() {
        let (cache, _, time) = cache();
        let fresh = cache.signed(&time).await.unwrap();
        assert!(!cache.refused(&fresh, &time).await);
        // The next pass tries another one all the same.
        assert!(!Arc::ptr_eq(&fresh, &cache.signed(&time).await.unwrap()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_sig_made_by_a_wrong_clock_is_made_again_by_the_right_one() {
        let (cache, _, time) = cache();
        let wrong = cache.signed(&time).await.unwrap();
        tokio::time::advance(Duration::from_secs(500)).await;
        assert!(!wrong.is_by_another_clock(&time));
        time.correct(Some(Timestamp::from_secs(1_600_000_000)));
        assert!(cache.refused(&wrong, &time).await);
        let right = cache.signed(&time).await.unwrap();
        assert_eq!(right.user_sig.claims().issued_at, Timestamp::from_secs(1_600_000_000));
        assert!(!cache.refused(&right, &time).await);
    }
}
