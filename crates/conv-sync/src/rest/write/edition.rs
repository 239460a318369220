//! Remembers if the app's edition has marks and conversation groups.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{SourceError, Written, rest::codes::EDITION_TOO_LOW};

/// The time for which a refusal is believed: an app may be upgraded.
const BELIEVED: Duration = Duration::from_secs(3600);

/// The refusal that an edition without marks and groups met (code 51013, doc 53438), for an hour.
#[derive(Debug, Default)]
pub(in crate::rest) struct Edition {
    // Held for a copy only, never across an await.
    refused: Mutex<Option<(Instant, SourceError)>>,
}

impl Edition {
    /// # Errors
    /// Returns the cloud's refusal, if it is less than an hour old.
    pub(super) fn check(&self) -> Result<(), SourceError> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match refused.as_ref() {
            Some((at, error)) if at.elapsed() < BELIEVED => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Takes in an answer, of the call or of one of its items.
    pub(super) fn note(&self, answer: &Result<Written, SourceError>) {
        match answer {
            Ok(written) => {
                let results = written.items.iter().flatten();
                results.filter_map(|(_, result)| result.as_ref().err()).for_each(|error| {
                    self.note_error(error);
                });
            }
            Err(error) => self.note_error(error),
        }
    }

    pub(super) fn note_error(&self, error: &SourceError) {
        if error.code() == Some(EDITION_TOO_LOW) {
            let refusal = Some((Instant::now(), error.clone()));
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refusal;
        }
    }
}

#[cfg(test)]
mod tests {
    use conv_model::{ConversationId, ErrorClass};

    use super::*;
    use crate::Retry;

    fn refused(code: i32) -> SourceError {
        let (class, retry) = (ErrorClass::Unsupported, Retry::Never);
        SourceError::Cloud { code, class, retry, message: "no".into(), retry_after: None }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_believed_for_an_hour() {
        let edition = Edition::default();
        edition.note(&Err(refused(51010)));
        edition.note(&Ok(Written::whole()));
        assert!(edition.check().is_ok());
        edition.note(&Err(refused(51013)));
        tokio::time::advance(Duration::from_secs(3599)).await;
        assert_eq!(edition.check().unwrap_err().code(), Some(51013));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(edition.check().is_ok());
    }

    #[tokio::test]
    async fn the_refusal_of_one_item_counts() {
        let edition = Edition::default();
        let id = |name| ConversationId::c2c(name).unwrap();
        edition.note(&Ok(Written::items([(id("a"), Ok(())), (id("b"), Err(refused(51013)))])));
        assert_eq!(edition.check().unwrap_err().class(), ErrorClass::Unsupported);
    }
}
