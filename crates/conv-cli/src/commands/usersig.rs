//! `conv usersig`: makes and verifies UserSigs, without a network.

use std::{io, path::PathBuf, time::Duration};

use conv_api::{
    Timestamp, UserSigSigner,
    sync::{Claims, UserSigVerifier},
};
use serde::Serialize;

use crate::{
    Error, Output,
    args::{clean::clean, number, path, text},
    cloud::secret_key,
    output::time,
};

/// Make and verify UserSigs, without a network
///
/// A UserSig authenticates a caller to the cloud. The app's secret key signs it, read from
/// CONV_SECRET_KEY or from a file.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print a new UserSig
    #[command(after_help = "Example:
  CONV_SECRET_KEY=… conv usersig make --sdkappid 1400000000 --identifier administrator")]
    Make {
        #[command(flatten)]
        who: Who,
        /// Lifetime in seconds; default: 180 days
        #[arg(long, value_name = "SECONDS", default_value_t = 15_552_000)]
        #[arg(value_parser = clap::value_parser!(u64).range(1..))]
        expire: u64,
    },
    /// Check a UserSig; the exit code is 0 only if it is valid
    #[command(after_help = "Example:
  CONV_SECRET_KEY=… conv usersig verify --sdkappid 1400000000 --identifier administrator eJyr…")]
    Verify {
        #[command(flatten)]
        who: Who,
        /// UserSig; - reads it from standard input, where no list of processes shows it
        #[arg(value_name = "SIG", allow_hyphen_values = true)]
        sig: String,
    },
}

/// The app, user, key and time of a UserSig.
#[derive(Debug, clap::Args)]
struct Who {
    /// SDKAppID of the app
    #[arg(long, env = "CONV_SDKAPPID", value_name = "N", value_parser = number())]
    sdkappid: u32,
    /// User whose UserSig it is
    #[arg(long, env = "CONV_IDENTIFIER", value_name = "ID", allow_hyphen_values = true)]
    #[arg(value_parser = text())]
    identifier: String,
    /// File whose first line is the app's secret key; CONV_SECRET_KEY overrides it
    #[arg(long, env = "CONV_SECRET_KEY_FILE", value_name = "FILE", value_parser = path())]
    secret_key_file: Option<PathBuf>,
    /// Time to use as now, in seconds since 1970
    #[arg(long, value_name = "T")]
    now: Option<u64>,
}

/// The `data` of the JSON answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_sig: Option<&'a str>,
    identifier: &'a str,
    #[serde(rename = "sdkAppID")]
    sdk_app_id: u32,
    time: Timestamp,
    expire: u64,
}

pub(crate) fn run(args: Args, output: &Output) -> Result<(), Error> {
    match args.command {
        Command::Make { who, expire } => make(&who, Duration::from_secs(expire), output),
        Command::Verify { who, sig } if sig == "-" => {
            verify(&who, clean(&io::read_to_string(io::stdin())?), output)
        }
        Command::Verify { who, sig } => verify(&who, clean(&sig), output),
    }
}

fn make(who: &Who, lifetime: Duration, output: &Output) -> Result<(), Error> {
    let signer = UserSigSigner::new(&who.identifier, who.key()?);
    let user_sig = signer.sign(who.sdkappid, who.now(), lifetime)?;
    if output.is_json() {
        output.data(&Answer::of(user_sig.claims(), Some(user_sig.expose())))
    } else {
        output.text(user_sig.expose())
    }
}

fn verify(who: &Who, sig: &str, output: &Output) -> Result<(), Error> {
    let verifier = UserSigVerifier::new(who.sdkappid, who.key()?);
    let claims = verifier.verify(sig, &who.identifier, who.now())?;
    if output.is_json() {
        return output.data(&Answer::of(&claims, None));
    }
    let left = claims.expires_at().as_secs().saturating_sub(who.now().as_secs());
    output.text(&format!("valid for {left} more seconds"))
}

impl Who {
    fn key(&self) -> Result<String, Error> {
        secret_key(self.secret_key_file.as_deref())
    }

    fn now(&self) -> Timestamp {
        self.now.map_or_else(time::now, Timestamp::from_secs)
    }
}

impl<'a> Answer<'a> {
    fn of(claims: &'a Claims, user_sig: Option<&'a str>) -> Self {
        Self {
            user_sig,
            identifier: &claims.identifier,
            sdk_app_id: claims.sdk_app_id,
            time: claims.issued_at,
            expire: claims.lifetime.as_secs(),
        }
    }
}
