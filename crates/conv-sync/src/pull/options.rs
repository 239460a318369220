//! The options of a pass.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use conv_model::{Facet, ProfilesDue, SyncScope, Timestamp};

/// The version of the pull's rules. It rises when a fixed bug requires a full pass of every list.
pub const SYNC_RULES: u32 = 1;

/// The options of a pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PullOptions {
    /// The maximum number of conversations that the app's plan lists: 100 by default, up to 500 by
    /// the console's setting (Tencent's documentation of editions).
    pub plan_limit: u32,
    /// The age at which a name is read again. A day by default.
    pub profile_freshness: Duration,
    /// The time since all due names of the list were last read, as the pass begins, by a monotonic
    /// clock; `None` if unknown. Only used for clouds that give no time: there a pass reads all
    /// names again once this plus the pass's own duration exceeds the freshness.
    pub profiles_age: Option<Duration>,
    /// Facets to read for every listed row, in addition to the profiles of rows that need one.
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
    /// Sets the plan's limit, at least 1.
    #[must_use]
    pub fn with_plan_limit(self, plan_limit: u32) -> Self {
        Self { plan_limit: plan_limit.max(1), ..self }
    }

    /// Sets the age at which a name is read again.
    #[must_use]
    pub fn with_profile_freshness(self, profile_freshness: Duration) -> Self {
        Self { profile_freshness, ..self }
    }

    /// Sets the age of the names, for clouds that give no time.
    #[must_use]
    pub fn with_profiles_age(self, profiles_age: Option<Duration>) -> Self {
        Self { profiles_age, ..self }
    }

    /// Adds a facet to read for every listed row.
    #[must_use]
    pub fn with_facet(mut self, facet: Facet) -> Self {
        self.facets.push(facet);
        self
    }

    pub(super) fn scope(&self) -> SyncScope {
        SyncScope::new(self.plan_limit, SYNC_RULES)
    }

    /// Returns which profiles are due: by the cloud's time or, if it gives none, by the age of all
    /// profiles and the duration of the pass so far.
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
