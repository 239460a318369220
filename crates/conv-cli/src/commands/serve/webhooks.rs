//! The endpoint for webhooks, as the command line describes it.

use std::{fs, path::Path};

use conv_gateway::webhook::{App, Token, TokenError, Trust, Verifier};

use super::args::{TrustLevel, Webhooks};
use crate::{Error, args::clean::clean, cloud::Credentials};

impl Webhooks {
    /// Returns the endpoint; `None` if none is asked for.
    pub(super) fn endpoint(
        &self,
        credentials: &Credentials,
    ) -> Result<Option<conv_gateway::Webhooks>, Error> {
        let secret = self.path_secret()?;
        let app = match &self.webhook_token_file {
            Some(file) => signed(credentials.sdkappid, file)?,
            None if self.unsigned_webhooks => App::unsigned(credentials.sdkappid),
            None if secret.is_some() => {
                let words =
                    "a webhooks' path secret needs --webhook-token-file or --unsigned-webhooks";
                return Err(Error::Usage(words.to_owned()));
            }
            None if self.webhook_trust != TrustLevel::Dirty => {
                let words = "--webhook-trust needs --webhook-token-file or --unsigned-webhooks";
                return Err(Error::Usage(words.to_owned()));
            }
            None => return Ok(None),
        };
        // The administrator is not named: the app's backend may send messages as the same one, and its
        // events must not be taken for echoes of what conv did.
        let webhooks = conv_gateway::Webhooks::new(Verifier::default().with_app(app))
            .with_trust(self.webhook_trust.into());
        Ok(Some(match secret {
            Some(secret) => webhooks.with_path_secret(secret),
            None => webhooks,
        }))
    }

    fn path_secret(&self) -> Result<Option<String>, Error> {
        let Some(file) = &self.webhook_path_secret_file else { return Ok(None) };
        match lines(file)?.into_iter().next() {
            Some(secret) => Ok(Some(secret)),
            None => Err(Error::Usage(format!("{}: no secret in it", file.display()))),
        }
    }
}

impl From<TrustLevel> for Trust {
    fn from(level: TrustLevel) -> Self {
        match level {
            TrustLevel::Dirty => Self::Dirty,
            TrustLevel::Bump => Self::Bump,
            TrustLevel::Preview => Self::Preview,
        }
    }
}

/// The token of the first line, and that of the second one if there is any.
fn signed(sdkappid: u32, file: &Path) -> Result<App, Error> {
    let wrong = |error: TokenError| Error::Usage(format!("{}: {error}", file.display()));
    let mut tokens = lines(file)?.into_iter().map(Token::new);
    let first = tokens.next().unwrap_or(Err(TokenError::Empty)).map_err(wrong)?;
    let app = App::signed(sdkappid, first);
    match tokens.next() {
        Some(other) => Ok(app.with_other_token(other.map_err(wrong)?)),
        None => Ok(app),
    }
}

/// The lines of a file that are not blank. The text of an error has nothing of them.
fn lines(file: &Path) -> Result<Vec<String>, Error> {
    let text = fs::read_to_string(file)
        .map_err(|error| Error::Usage(format!("{}: {error}", file.display())))?;
    let lines = text.lines().map(clean).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}
