//! The emulator as a command: `conv-emulator --help`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, ValueEnum};
use conv_emulator::{CursorKind, Edition, Emulator, Rule, Unknowns};

/// The Tencent Cloud Chat server REST protocol on loopback.
///
/// Reads the secret key from CONV_SECRET_KEY; uses a demo key if that is not set or empty.
#[derive(Debug, Parser)]
#[command(version, after_long_help = format!("{}\n\n{}", Unknowns::HELP, Rule::HELP))]
struct Args {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8680)]
    port: u16,
    /// Conversations per account.
    #[arg(long, default_value_t = 250)]
    conversations: usize,
    /// Accounts user_0001, user_0002 and so on.
    #[arg(long, default_value_t = 1)]
    accounts: usize,
    /// An additional account with this ID.
    #[arg(long)]
    account: Option<String>,
    /// Rows per page.
    #[arg(long, default_value_t = 100)]
    page_size: usize,
    /// Maximum rows per listing: 100, or up to 500 in higher plans.
    #[arg(long, default_value_t = 100)]
    plan_limit: usize,
    /// Seed of the world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// SDKAppID of the app.
    #[arg(long, default_value_t = 1_400_000_000)]
    sdkappid: u32,
    /// Administrator of the app.
    #[arg(long, default_value = "administrator")]
    identifier: String,
    /// Meaning of a listing's cursor.
    #[arg(long, value_enum, default_value_t = Cursor::KeyExact)]
    cursor: Cursor,
    /// Time of the cloud at the start, in seconds since 1970.
    #[arg(long)]
    now: Option<u64>,
    /// The app's edition: standard, or pro, which has marks and groups.
    #[arg(long, default_value = "pro")]
    edition: Edition,
    /// Behaviour where the documentation is silent; --help lists the choices.
    #[arg(long, value_name = "LIST")]
    unknowns: Option<Unknowns>,
    /// Fault to script; can be given more than once, --help lists all.
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Rule>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Cursor {
    KeyExact,
    KeySec,
    LiveOff,
    SnapOff,
    Frozen,
}

impl From<Cursor> for CursorKind {
    fn from(cursor: Cursor) -> Self {
        match cursor {
            Cursor::KeyExact => Self::KeyExact,
            Cursor::KeySec => Self::KeySec,
            Cursor::LiveOff => Self::LiveOff,
            Cursor::SnapOff => Self::SnapOff,
            Cursor::Frozen => Self::Frozen,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output went away, as `head` does.
        Err(error) if is_unread(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conv-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_unread(error: &(dyn std::error::Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

async fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    let key = std::env::var("CONV_SECRET_KEY").ok().filter(|key| !key.trim().is_empty());
    let own_key = key.is_some();
    let emulator = start(&args, key).await?;
    let mut out = io::stdout();
    writeln!(out, "listening on {}", emulator.base_url())?;
    writeln!(out)?;
    let account = args.account.as_deref().unwrap_or("user_0001");
    writeln!(out, "curl -s '{}' \\", emulator.signed_url("recentcontact/get_list"))?;
    writeln!(
        out,
        "  -d '{{\"From_Account\":\"{account}\",\"TimeStamp\":0,\"StartIndex\":0,\
         \"TopTimeStamp\":0,\"TopStartIndex\":0,\"AssistFlags\":63}}'"
    )?;
    writeln!(out)?;
    writeln!(out, "sdkappid {}, identifier {}", emulator.sdk_app_id(), emulator.identifier())?;
    if own_key {
        writeln!(out, "secret key from CONV_SECRET_KEY")?;
    } else {
        writeln!(out, "demo secret key {}", emulator.secret_key())?;
    }
    writeln!(out, "Ctrl-C stops it")?;
    tokio::signal::ctrl_c().await?;
    emulator.stop().await;
    Ok(())
}

async fn start(args: &Args, key: Option<String>) -> Result<Emulator, conv_emulator::Error> {
    let mut builder = Emulator::builder()
        .port(args.port)
        .sdk_app_id(args.sdkappid)
        .identifier(&args.identifier)
        .seed(args.seed)
        .accounts(args.accounts)
        .conversations(args.conversations)
        .page_size(args.page_size)
        .plan_limit(args.plan_limit)
        .cursor(args.cursor.into())
        .edition(args.edition)
        .unknowns(args.unknowns.unwrap_or_default());
    if let Some(account) = &args.account {
        builder = builder.account(account);
    }
    if let Some(now) = args.now {
        builder = builder.now(now);
    }
    if let Some(key) = key {
        builder = builder.secret_key(key);
    }
    let emulator = builder.start().await?;
    for rule in &args.fault {
        emulator.faults().push(rule.clone());
    }
    Ok(emulator)
}
