//! The failure of a case.

use std::{error::Error, fmt};

/// Of a case.
pub type TestResult = Result<(), Failure>;

/// The failure of a case.
pub struct Failure(String);

impl Failure {
    /// In words.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// An error that the case did not expect.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(format!("unexpected error: {error} ({error:?})"))
    }
}

/// The words alone: a test that fails shows them.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Leaves a case unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            return Err($crate::testing::Failure::new(format!($($what)+)));
        }
    };
}

/// Leaves a case unless two values are equal.
macro_rules! ensure_eq {
    ($left:expr, $right:expr, $what:literal) => {
        match (&$left, &$right) {
            (left, right) => $crate::testing::failure::ensure!(
                left == right,
                "{}: {left:?} is not {right:?}",
                $what
            ),
        }
    };
}

pub(super) use {ensure, ensure_eq};
