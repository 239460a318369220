//! One spelling for conditions that mean the same.

use super::{Checked, Condition, ConversationQuery};

impl ConversationQuery {
    /// Returns the same query in its normal spelling, so that readers of equal queries can share work.
    ///
    /// IDs are sorted, each once. A filter becomes a condition; in conditions, `not` is moved
    /// inwards, nests of `all` and of `any` are flattened, what decides nothing is dropped, and the
    /// rest is sorted, each once. Two queries that differ afterwards may still mean the same: it
    /// does no reasoning about what conditions say.
    ///
    /// ```
    /// use conv_model::{Condition, ConversationFilter, ConversationQuery};
    ///
    /// let said = !!Condition::unread(true).and(Condition::group("Suppliers"));
    /// let filter = ConversationFilter::group_name("Suppliers").and_unread(true);
    /// let (said, filter) = (ConversationQuery::condition(said)?, ConversationQuery::from(filter));
    /// assert_ne!(said, filter);
    /// assert_eq!(said.normalized(), filter.normalized());
    /// # Ok::<(), conv_model::QueryError>(())
    /// ```
    #[must_use]
    pub fn normalized(&self) -> Self {
        let condition = match self {
            Self::All => return Self::All,
            Self::Ids(ids) => {
                let mut ids = ids.to_vec();
                ids.sort_unstable();
                ids.dedup();
                return Self::Ids(Checked::new(ids));
            }
            Self::Filter(filter) => Condition::from(filter),
            Self::Where(condition) => Condition::clone(condition),
        };
        match condition.normal(false) {
            Condition::All(all) if all.is_empty() => Self::All,
            // The normal spelling is nested no deeper.
            condition => Self::Where(Checked::new(condition)),
        }
    }
}

impl Condition {
    /// The normal spelling of a condition or of its opposite. Every step keeps what
    /// [`judge`](Self::judge) says, the unknown included.
    fn normal(self, opposite: bool) -> Self {
        match self {
            Self::Not(inner) => inner.normal(!opposite),
            Self::All(all) => joined(all, opposite, opposite),
            Self::Any(any) => joined(any, !opposite, opposite),
            Self::Unread(has) => Self::Unread(has != opposite),
            Self::Mention(has) => Self::Mention(has != opposite),
            Self::Pinned(is) => Self::Pinned(is != opposite),
            Self::Muted(is) => Self::Muted(is != opposite),
            leaf if opposite => Self::Not(Box::new(leaf)),
            leaf => leaf,
        }
    }
}

/// Any of them or all of them; or any or all of their opposites.
fn joined(conditions: Vec<Condition>, is_any: bool, opposite: bool) -> Condition {
    let mut parts = Vec::with_capacity(conditions.len());
    for condition in conditions {
        match (condition.normal(opposite), is_any) {
            (Condition::All(inner), false) | (Condition::Any(inner), true) => parts.extend(inner),
            // Never, among all; always, among any: it decides.
            (Condition::Any(inner), false) | (Condition::All(inner), true) if inner.is_empty() => {
                return if is_any { Condition::All(inner) } else { Condition::Any(inner) };
            }
            (part, _) => parts.push(part),
        }
    }
    parts.sort_unstable();
    parts.dedup();
    match parts.pop() {
        Some(only) if parts.is_empty() => return only,
        Some(last) => parts.push(last),
        None => {}
    }
    if is_any { Condition::Any(parts) } else { Condition::All(parts) }
}
