//! The options of `conv serve`.

use std::{
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use clap::{
    ValueEnum,
    builder::{EnumValueParser, OsStringValueParser, TypedValueParser},
};
use conv_gateway::HostOptions;

use crate::{
    args::{CloudArgs, clean::cleaned, number, path, switch, text},
    store::Place,
};

const EXAMPLES: &str = "Examples:
  conv serve --demo
  CONV_SECRET_KEY=… conv serve --region singapore --sdkappid 1400000000 \\
    --origin https://chat.example.com --listen 0.0.0.0:8690
  conv serve --config /etc/conv/serve.toml";

const MORE: &str = "Configuration file:
  TOML, with the names of options as keys: `listen = \"0.0.0.0:8690\"`, `origin = [\"https://…\"]`,
  `proxies = 1`. An option on the command line overrides its variable, and this overrides the file.
  Unknown keys are refused. The secret key is not in it: `secret-key-file` names its file.

Signals:
  SIGTERM and Ctrl-C drain: `readyz` answers 503 at once; after --drain-pre-stop the ports close,
  and requests and lines may end until --drain-hard-end. A second signal closes the ports at once.";

/// Serve each user's list to his own devices over HTTP
///
/// Users log in with their UserSig, and read and change their own list. The first output line has the
/// address, the second that of the private port for the operator: GET /livez, /readyz, /metrics, /stats.
/// TLS is a proxy's task. Ctrl-C or SIGTERM ends it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{MORE}"))]
#[command(mut_arg("plan_limit", |arg| arg.help(PLAN_LIMIT)))]
#[command(mut_arg("facets", |arg| arg.help(FACETS)))]
pub(crate) struct Args {
    /// TOML file with values for these options
    #[arg(long, env = "CONV_CONFIG", value_name = "FILE", value_parser = path())]
    pub(crate) config: Option<PathBuf>,
    /// Serve a generated world of an emulator in this process; prints calls to paste. Needs no cloud
    #[arg(long, env = "CONV_DEMO", value_parser = switch())]
    pub(super) demo: bool,
    #[command(flatten)]
    pub(super) public: Public,
    #[command(flatten)]
    pub(super) lists: Lists,
    #[command(flatten)]
    pub(super) cloud: CloudArgs,
    #[command(flatten)]
    pub(super) webhooks: Webhooks,
    #[command(flatten)]
    pub(super) limits: Limits,
}

const PLAN_LIMIT: &str =
    "Maximum number of conversations in the app's plan: 100 to 500; default: 100";
const FACETS: &str = "Facets to read for each row in addition to its name, separated by commas; \
                      default: unread counts";

/// The ports, and who may call.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Ports and callers")]
pub(super) struct Public {
    /// Address of the public port; port 0 takes a free one
    #[arg(long, env = "CONV_LISTEN", value_name = "IP:PORT", default_value = "127.0.0.1:8690")]
    #[arg(value_parser = address())]
    pub(super) listen: SocketAddr,
    /// Address of the private port, for probes and numbers; only the operator should reach it
    #[arg(long, env = "CONV_PRIVATE_LISTEN", value_name = "IP:PORT")]
    #[arg(default_value = "127.0.0.1:8691", value_parser = address())]
    pub(super) private_listen: SocketAddr,
    /// Origin of pages that may call, such as `https://chat.example.com`; can be given more than once
    #[arg(long, env = "CONV_ORIGINS", value_name = "ORIGIN", value_delimiter = ',')]
    #[arg(value_parser = text().try_map(origin))]
    pub(super) origin: Vec<String>,
    /// Number of your own proxies in front, each of which adds an address to X-Forwarded-For
    #[arg(long, env = "CONV_PROXIES", value_name = "N", default_value_t = 0)]
    #[arg(value_parser = cleaned(usize::from_str))]
    pub(super) proxies: usize,
    /// Further administrator of the app, who must not log in; can be given more than once
    #[arg(long, env = "CONV_ADMINISTRATORS", value_name = "USER", value_delimiter = ',')]
    #[arg(value_parser = text())]
    pub(super) administrator: Vec<String>,
    /// Let users read the profile of any user, not only of those in their list
    #[arg(long, env = "CONV_ANY_USER", value_parser = switch())]
    pub(super) any_user: bool,
    /// Serve a page at /inbox/ on which users log in with their UserSig; always with --demo
    #[arg(long, env = "CONV_INBOX", value_parser = switch())]
    pub(super) inbox: bool,
}

/// The store of all lists.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Store")]
pub(super) struct Lists {
    /// Store of the lists: a folder, sled:FOLDER, redb:FOLDER, redis://HOST, or memory:
    ///
    /// Several processes can serve from one redis://HOST. Default: the folder `conv` in the platform's
    /// data folder; with --demo, memory.
    #[arg(long, env = "CONV_STORE", value_name = "DIR")]
    #[arg(value_parser = cleaned(OsStringValueParser::new()).map(Place::from))]
    pub(super) store: Option<Place>,
    /// Memory for idle lists, in MiB; a list of 100 conversations counts as about 150 KB, with last
    /// messages as 260 KB
    #[arg(long, env = "CONV_MEMORY_BUDGET", value_name = "MIB", default_value_t = 64)]
    #[arg(value_parser = number())]
    pub(super) memory_budget: u32,
}

/// The endpoint for the cloud's webhooks.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Webhooks")]
pub(super) struct Webhooks {
    /// File with the webhooks' token, and a second one in the next line while you change it
    ///
    /// The endpoint is POST /v1/hooks/tencent. Without this option and --unsigned-webhooks it does not
    /// exist.
    #[arg(long, env = "CONV_WEBHOOK_TOKEN_FILE", value_name = "FILE", value_parser = path())]
    pub(super) webhook_token_file: Option<PathBuf>,
    /// File with a secret that the webhooks' path ends with: /v1/hooks/tencent/SECRET
    #[arg(long, env = "CONV_WEBHOOK_PATH_SECRET_FILE", value_name = "FILE", value_parser = path())]
    pub(super) webhook_path_secret_file: Option<PathBuf>,
    /// Accept webhooks without a signature: only where a proxy or the network keeps others out
    #[arg(long, env = "CONV_UNSIGNED_WEBHOOKS", value_parser = switch())]
    #[arg(conflicts_with = "webhook_token_file")]
    pub(super) unsigned_webhooks: bool,
    /// The trust in a webhook until the cloud's list was read
    ///
    /// Above `dirty`, who can send webhooks can show a message that was never sent, for a minute at most.
    #[arg(long, env = "CONV_WEBHOOK_TRUST", value_name = "LEVEL", default_value = "dirty")]
    #[arg(value_parser = cleaned(EnumValueParser::<TrustLevel>::new()))]
    pub(super) webhook_trust: TrustLevel,
}

/// The trust in a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TrustLevel {
    /// Not at all: it only asks for the lists that it concerns to be read
    Dirty,
    /// A message moves its row up and counts as unread at once
    Bump,
    /// The message is shown at once, too, where last messages are read at all
    Preview,
}

/// Limits in number and time.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct Limits {
    /// Maximum number of connections; keep it below nine tenths of the limit of open files
    #[arg(long, env = "CONV_CONNECTIONS", value_name = "N", default_value = "16384")]
    #[arg(value_parser = cleaned(NonZeroUsize::from_str))]
    pub(super) connections: NonZeroUsize,
    /// Calls per account and minute; an idle account may make as many at once, and more as they become
    /// free: up to twice the number in its first minute
    #[arg(long, env = "CONV_CALLS_PER_MINUTE", value_name = "N", default_value = "600")]
    #[arg(value_parser = cleaned(NonZeroU32::from_str))]
    pub(super) calls_per_minute: NonZeroU32,
    /// Calls of the cloud that an account may cause per minute, by profiles, refreshes and first passes,
    /// counted in the same way; changes are limited by --calls-per-minute alone
    #[arg(long, env = "CONV_CLOUD_CALLS_PER_MINUTE", value_name = "N", default_value = "30")]
    #[arg(value_parser = cleaned(NonZeroU32::from_str))]
    pub(super) cloud_calls_per_minute: NonZeroU32,
    /// Maximum number of failed logins per address and minute
    #[arg(long, env = "CONV_LOGIN_FAILURES", value_name = "N", default_value_t = 10)]
    #[arg(value_parser = number())]
    pub(super) login_failures: u32,
    /// Pages per second that passes in the background may read from the cloud, of its 200 for the app
    #[arg(long, env = "CONV_LISTING_BUDGET", value_name = "N", default_value = "160")]
    #[arg(value_parser = cleaned(NonZeroU32::from_str))]
    pub(super) listing_budget: NonZeroU32,
    /// Seconds between the signal to end and the closing of the ports
    #[arg(long, env = "CONV_DRAIN_PRE_STOP", value_name = "SECONDS", default_value_t = 5)]
    #[arg(value_parser = number())]
    pub(super) drain_pre_stop: u32,
    /// Seconds after the closing at which connections that are still open are cut
    #[arg(long, env = "CONV_DRAIN_HARD_END", value_name = "SECONDS", default_value_t = 30)]
    #[arg(value_parser = number())]
    pub(super) drain_hard_end: u32,
}

impl Limits {
    pub(super) fn pre_stop(&self) -> Duration {
        Duration::from_secs(self.drain_pre_stop.into())
    }

    pub(super) fn host(&self) -> HostOptions {
        let mut options = HostOptions::default();
        options.connections = self.connections.get();
        options.hard_end = Duration::from_secs(self.drain_hard_end.into());
        options
    }
}

fn address() -> impl TypedValueParser<Value = SocketAddr> {
    text().try_map(|text| {
        let expected = "expected an IP address and a port, such as 127.0.0.1:8690";
        text.parse::<SocketAddr>().map_err(|_| expected)
    })
}

/// An origin as a browser sends it; any other text would let nothing in.
fn origin(text: String) -> Result<String, &'static str> {
    let host = text.split_once("://").map(|(_, host)| host);
    let is_host = |host: &str| !host.is_empty() && !host.contains(['/', '?', '#', '*', '@', ' ']);
    let is_lower = !text.chars().any(|c| c.is_ascii_uppercase());
    if host.is_some_and(is_host) && is_lower {
        Ok(text)
    } else {
        Err("expected a scheme and a host, such as https://chat.example.com, without a path")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for fine in ["https://a.example", "http://localhost:3000", "tauri://localhost"] {
            assert_eq!(origin(fine.to_owned()).as_deref(), Ok(fine));
        }
        for wrong in
            ["*", "a.example", "https://", "https://a/", "https://*.a", "https://A.example"]
        {
            assert!(origin(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
