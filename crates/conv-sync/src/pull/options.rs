//! What a pass is asked to do.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use conv_model::{Facet, ProfilesDue, SyncScope, Timestamp};

/// The version of the pull's rules. Raised when a mended bug asks every list for a full pass.
pub const SYNC_RULES: u32 = 1;

/// What a pass is asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PullOptions {
    /// The most conversations that the plan gives: 100 by default, up to 500 by the console's
    /// setting (Tencent's documentation of editions).
    pub plan_limit: u32,
    /// How old a name may be before it is read again. A day by default.
    pub profile_freshness: Duration,
    /// How long ago, as the pass begins, all due names of the list were read last, by a clock that
    /// never goes back; `None` if that is unknown. Needed for clouds alone that give no time: there
    /// all names are read again once this and the pass's own time exceed the freshness.
    pub profiles_age: Option<Duration>,
    /// Facets to read for every listed row, besides the profiles of rows that want one.
    pub facets: Vec<Facet>,
}

impl Default for PullOptions {
    fn default() -> Self {
        Self {
            plan_limit: 100,
            profile_freshness: Duration::from_secs(24 * 60 * 60),
            profiles_age: None,
            facets: Vec::new(),
        }
    }
}

impl PullOptions {
    /// With the plan's limit, at least 1.
    #[must_use]
    pub fn with_plan_limit(self, plan_limit: u32) -> Self {
        Self { plan_limit: plan_limit.max(1), ..self }
    }

    /// With another freshness of names.
    #[must_use]
    pub fn with_profile_freshness(self, profile_freshness: Duration) -> Self {
        Self { profile_freshness, ..self }
    }

    /// With the age of the names, for clouds that give no time.
    #[must_use]
    pub fn with_profiles_age(self, profiles_age: Option<Duration>) -> Self {
        Self { profiles_age, ..self }
    }

    /// With a facet to read for every listed row.
    #[must_use]
    pub fn with_facet(mut self, facet: Facet) -> Self {
        self.facets.push(facet);
        self
    }

    pub(super) fn scope(&self) -> SyncScope {
        SyncScope::new(self.plan_limit, SYNC_RULES)
    }

    /// Which profiles are read again: by the cloud's time, or where it gives none by the age of
    /// them all and the time that the pass took so far.
    pub(super) fn profiles_due(&self, now: Option<Timestamp>, elapsed: Duration) -> ProfilesDue {
        if let Some(now) = now {
            let freshness = self.profile_freshness.as_secs();
            let since = Timestamp::from_secs(now.as_secs().saturating_sub(freshness));
            return ProfilesDue::Outside { since, now };
        }
        let age = self.profiles_age.map(|age| age.saturating_add(elapsed));
        match age {
            Some(age) if age >= self.profile_freshness => ProfilesDue::All,
            _ => ProfilesDue::Missing,
        }
    }
}
