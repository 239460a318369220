//! The identity of a list.

use std::hash::{BuildHasher, RandomState};

/// Returns 64 random bits. The standard library seeds its hashers from the system.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(RandomState::new().hash_one(()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::random;

    #[test]
    fn no_two_are_alike() {
        let some: HashSet<u64> = (0..1000).map(|_| random()).collect();
        assert_eq!(some.len(), 1000);
    }
}
