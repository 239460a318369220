//! The lines of a log about an account whose passes fail: one when they begin to fail, and one when
//! they succeed again. Their number does not grow with the length of an outage.

use conv_model::{AccountId, ErrorClass};

use super::Outcome;
use crate::{AccountTag, Error};

/// The class of the failure that the log has; `None` while passes succeed.
#[derive(Debug, Default)]
pub(super) struct Trouble(Option<ErrorClass>);

/// An event for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    Failing { class: ErrorClass, code: i32 },
    Recovered,
}

impl Trouble {
    /// Takes over the trouble of an earlier list of the account, which the log has.
    pub(super) fn inherit(&mut self, is_blocked: bool) {
        let class = if is_blocked { ErrorClass::Auth } else { ErrorClass::Transient };
        self.0.get_or_insert(class);
    }

    /// Takes the end of a pass. Returns the event, if it is one.
    pub(super) fn note(&mut self, outcome: &Outcome) -> Option<News> {
        let error = match outcome {
            Ok(()) => return self.0.take().map(|_| News::Recovered),
            // It was stopped, or another process goes on with it.
            Err(error) if error.class() == ErrorClass::Cancelled => return None,
            Err(error) => error,
        };
        let class = error.class();
        let is_known = match self.0 {
            None => false,
            // An outage ends by itself, but an operator has to mend a refused key.
            Some(known) => known == ErrorClass::Auth || class != ErrorClass::Auth,
        };
        if is_known {
            return None;
        }
        self.0 = Some(class);
        Some(News::failing(error))
    }
}

impl News {
    /// The words of an error may be the cloud's, and name any user: its class and number do not.
    fn failing(error: &Error) -> Self {
        Self::Failing { class: error.class(), code: error.code() }
    }

    pub(super) fn log(self, account: &AccountId) {
        let account = AccountTag::of(account);
        match self {
            Self::Failing { class, code } => {
                tracing::warn!(%account, class = class.as_str(), code, "passes of an account fail");
            }
            Self::Recovered => {
                tracing::info!(%account, "passes of an account succeed again");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use conv_sync::{Retry, SourceError};

    use super::*;

    fn lost() -> Outcome {
        Err(SourceError::TimedOut.into())
    }

    fn refused() -> Outcome {
        let (class, retry, message) = (ErrorClass::Auth, Retry::Never, "a key".to_owned());
        let error = SourceError::Cloud { code: 70_003, class, retry, message, retry_after: None };
        Err(error.into())
    }

    #[test]
    fn an_outage_is_one_event_and_its_end_another() {
        let mut trouble = Trouble::default();
        assert_eq!(trouble.note(&Ok(())), None, "it never failed");
        let failing = Some(News::Failing { class: ErrorClass::Transient, code: 2801 });
        let outage = [lost(), lost(), Err(Error::Stopped), lost(), Ok(()), Ok(()), lost()];
        let news = outage.map(|outcome| trouble.note(&outcome));
        assert_eq!(
            news,
            [failing, None, None, None, Some(News::Recovered), None, failing],
            "once per outage"
        );
    }

    #[test]
    fn a_refused_key_is_an_event_during_an_outage_too() {
        let mut trouble = Trouble::default();
        let news = [lost(), refused(), lost(), refused()].map(|outcome| trouble.note(&outcome));
        let key = Some(News::Failing { class: ErrorClass::Auth, code: 70_003 });
        assert_eq!((news[1], news[2], news[3]), (key, None, None));

        let mut trouble = Trouble::default();
        trouble.inherit(false);
        assert_eq!(trouble.note(&lost()), None, "the log has it from the list before");
        assert_eq!(trouble.note(&Ok(())), Some(News::Recovered));
    }
}
