//! `conv emulate`: the cloud's protocol on loopback.

use std::str::FromStr;

use conv_emulator::{Churn, Edition, Emulator, Rule, Unknowns};
use serde::Serialize;

use crate::{
    Error, Output,
    args::{clean::cleaned, number, text},
    cloud::key_of_environment,
    output::time,
};

const EXAMPLES: &str = "

Examples:
  conv emulate --conversations 500 --plan-limit 500 --churn 3
  conv emulate --fault status=502,times=2 --fault reset,nth=2,on=get_list
  conv emulate --fault html,calls=3-,for=10
  conv emulate --fault stale-reads=5,on=top --unknowns create-existing=merge,top=partial";

/// Serve Tencent Chat's REST protocol on loopback, with a generated world
///
/// The secret key is CONV_SECRET_KEY, else a demo key. Equal settings make equal worlds. The first
/// output line has the address, the next the command that lists from it. Ctrl-C ends it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  conv emulate --port 0 --conversations 500 --plan-limit 500 --churn 3")]
#[command(after_long_help = format!("{}\n\n{}{EXAMPLES}", Unknowns::HELP, Rule::HELP))]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8680)]
    port: u16,
    /// Conversations of the account
    #[arg(long, value_name = "N", default_value_t = 250)]
    conversations: usize,
    /// Rows per page
    #[arg(long, value_name = "N", default_value_t = 100)]
    page_size: usize,
    /// Maximum rows per listing, the limit of the app's plan
    #[arg(long, env = "CONV_PLAN_LIMIT", value_name = "N", default_value_t = 100)]
    #[arg(value_parser = cleaned(usize::from_str))]
    plan_limit: usize,
    /// Seed of the world
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// User whose list it is
    #[arg(long, env = "CONV_ACCOUNT", value_name = "USER", default_value = "user_0001")]
    #[arg(value_parser = text())]
    account: String,
    /// SDKAppID of the app
    #[arg(long, env = "CONV_SDKAPPID", value_name = "N", default_value_t = 1_400_000_000)]
    #[arg(value_parser = number())]
    sdkappid: u32,
    /// Administrator of the app
    #[arg(long, env = "CONV_IDENTIFIER", value_name = "ADMIN", default_value = "administrator")]
    #[arg(value_parser = text())]
    identifier: String,
    /// Time of the cloud at the start, in seconds since 1970; default: the device's
    #[arg(long, value_name = "T")]
    now: Option<u64>,
    /// Number of random changes after each page that is read
    #[arg(long, value_name = "N", default_value_t = 0)]
    churn: u32,
    /// The app's edition: standard, or pro, which has marks and conversation groups
    #[arg(long, value_name = "EDITION", default_value = "pro")]
    edition: Edition,
    /// Behaviour of the cloud where its documentation is silent; --help lists all
    #[arg(long, value_name = "LIST")]
    unknowns: Option<Unknowns>,
    /// Fault to script; can be given more than once, --help lists all
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Rule>,
}

/// The `data` of the JSON answer. The demo key is not a secret.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listening<'a> {
    base_url: String,
    port: u16,
    account: &'a str,
    #[serde(rename = "sdkAppID")]
    sdk_app_id: u32,
    identifier: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    demo_key: Option<&'a str>,
}

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    let emulator = start(&args).await?;
    let demo_key = match key_of_environment() {
        Some(_) => None,
        None => Some(emulator.secret_key()),
    };
    if output.is_json() {
        output.data(&Listening {
            base_url: emulator.base_url(),
            port: emulator.port(),
            account: &args.account,
            sdk_app_id: args.sdkappid,
            identifier: &args.identifier,
            demo_key,
        })?;
    } else {
        output.text(&format!("listening on {}", emulator.base_url()))?;
        output.text(&list_command(&args, &emulator.base_url(), demo_key))?;
    }
    // Runs until Ctrl-C drops it.
    std::future::pending().await
}

async fn start(args: &Args) -> Result<Emulator, Error> {
    let churn = if args.churn == 0 { Churn::Still } else { Churn::PerPage(args.churn) };
    let mut builder = Emulator::builder()
        .port(args.port)
        .sdk_app_id(args.sdkappid)
        .identifier(&args.identifier)
        .seed(args.seed)
        .now(args.now.unwrap_or_else(|| time::now().as_secs()))
        .account(&args.account)
        .conversations(args.conversations)
        .page_size(args.page_size)
        .plan_limit(args.plan_limit)
        .churn(churn)
        .edition(args.edition)
        .unknowns(args.unknowns.unwrap_or_default());
    if let Some(key) = key_of_environment() {
        builder = builder.secret_key(key);
    }
    let emulator = builder.start().await?;
    for rule in &args.fault {
        emulator.faults().push(rule.clone());
    }
    Ok(emulator)
}

/// Returns the command that lists from the emulator. Does not show the user's own key.
fn list_command(args: &Args, base_url: &str, demo_key: Option<&str>) -> String {
    let key = demo_key.map(|key| format!("CONV_SECRET_KEY={key} ")).unwrap_or_default();
    let limit = args.plan_limit.clamp(100, 500);
    format!(
        "{key}conv list --sync --store memory: --base-url {base_url} --sdkappid {} \
         --identifier {} --account {} --plan-limit {limit}",
        args.sdkappid,
        quoted(&args.identifier),
        quoted(&args.account),
    )
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faults_of_the_examples_can_be_given() {
        let words: Vec<_> = EXAMPLES.split_whitespace().collect();
        let faults = words.windows(2).filter(|pair| pair.first() == Some(&"--fault"));
        let faults: Vec<_> = faults.filter_map(|pair| pair.last()).collect();
        assert_eq!(faults.len(), 4);
        for fault in faults {
            assert!(fault.parse::<Rule>().is_ok(), "{fault}");
        }
        let unknowns = EXAMPLES.split_once("--unknowns ").unwrap().1;
        assert!(unknowns.parse::<Unknowns>().is_ok());
    }
}
