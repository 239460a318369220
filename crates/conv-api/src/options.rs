//! Options of a list, alone or one of many.

use std::{sync::Arc, time::Duration};

use conv_sync::{Clock, PullOptions, SendOptions, TokioClock};

/// The options that [`ConversationsBuilder`](crate::ConversationsBuilder) and
/// [`AccountsBuilder`](crate::AccountsBuilder) share.
#[derive(Clone, Debug)]
pub(crate) struct ListOptions {
    pub(crate) pull: PullOptions,
    pub(crate) profile_freshness: Duration,
    pub(crate) send: SendOptions,
    pub(crate) clock: Option<Arc<dyn Clock>>,
}

impl ListOptions {
    /// Returns the clock that was chosen, or Tokio's.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone().unwrap_or_else(|| Arc::new(TokioClock::default()))
    }
}

impl Default for ListOptions {
    fn default() -> Self {
        let (pull, send) = (PullOptions::default(), SendOptions::default());
        Self { pull, profile_freshness: Duration::from_secs(60), send, clock: None }
    }
}

/// Adds the setters of [`ListOptions`] to a builder that holds them as `options`.
macro_rules! list_options {
    ($builder:ty) => {
        impl $builder {
            /// Sets the maximum number of conversations that the plan gives: 100 by default, up to
            /// 500 by the console's setting.
            pub fn plan_limit(mut self, conversations: u32) -> Self {
                self.options.pull = self.options.pull.with_plan_limit(conversations);
                self
            }

            /// Reads a facet for every row of a pass, in addition to names and avatars.
            pub fn facet(mut self, facet: conv_model::Facet) -> Self {
                self.options.pull = self.options.pull.with_facet(facet);
                self
            }

            /// Sets the time for which a full profile is answered from memory before it is read
            /// again; a minute by default.
            pub fn profile_freshness(mut self, freshness: std::time::Duration) -> Self {
                self.options.profile_freshness = freshness;
                self
            }

            /// Sets the age at which a pass reads the name of a row again; a day by default.
            ///
            /// If the cloud gives no time, the age of a single name is unknown. Then a pass reads all
            /// names again if the last one that read them began this long ago; the first pass of a
            /// process counts as such a one.
            pub fn name_freshness(mut self, freshness: std::time::Duration) -> Self {
                self.options.pull = self.options.pull.with_profile_freshness(freshness);
                self
            }

            /// Sets how changes are sent: when an acknowledged one counts as overridden, the age at
            /// which an unsent one fails, and whether groups are marked as read. Changes that mark as
            /// read are checked by passes if [`Facet::Unread`](conv_model::Facet::Unread) is among the
            /// [facets](Self::facet).
            pub fn send_options(mut self, options: conv_sync::SendOptions) -> Self {
                self.options.send = options;
                self
            }

            /// Measures time with another clock than Tokio's.
            pub fn clock(mut self, clock: impl conv_sync::Clock) -> Self {
                self.options.clock = Some(std::sync::Arc::new(clock));
                self
            }
        }
    };
}

pub(crate) use list_options;
