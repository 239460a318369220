//! The command line: the arguments that all commands share.

pub(crate) mod clean;
mod file;

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    process::ExitCode,
    str::FromStr,
};

use clap::{
    ArgMatches, Args, CommandFactory, FromArgMatches, Parser, ValueEnum,
    builder::{
        EnumValueParser, FalseyValueParser, OsStringValueParser, PathBufValueParser,
        StringValueParser, TypedValueParser,
    },
    value_parser,
};
use conv_api::{AccountId, BaseUrl, Region};

use crate::{
    Command, Error, Output,
    cloud::{self, FacetName},
    error::exit_codes,
    store::Place,
};

use self::clean::{cleaned, without_empty_variables};

/// A Tencent Cloud Chat user's conversation list in a terminal.
///
/// Pulls the list from the cloud, keeps it on disk, and shows it, even without a network.
///
/// Set the app and the user once by environment variables, such as CONV_ACCOUNT for --account or
/// CONV_STORE for --store: `conv COMMAND --help` names the variable of each option that has one. An
/// option on the command line overrides its variable. The app's secret key is read only from
/// CONV_SECRET_KEY or a file, never from an option.
#[derive(Debug, Parser)]
#[command(name = "conv", version, after_long_help = exit_codes())]
#[command(max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// The options for output.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Print one JSON document, in the shape of the web SDK's answers
    #[arg(long, global = true, env = JSON, value_parser = switch())]
    pub(crate) json: bool,
    /// When to use colors; `auto` respects NO_COLOR
    #[arg(long, global = true, env = "CONV_COLOR", value_name = "WHEN", default_value = "auto")]
    #[arg(value_parser = cleaned(EnumValueParser::<Color>::new()))]
    pub(crate) color: Color,
    /// Log to standard error, including each call to the cloud; twice for more
    #[arg(short, long, global = true, env = "CONV_VERBOSE", action = clap::ArgAction::Count)]
    #[arg(value_parser = cleaned(value_parser!(u8)))]
    pub(crate) verbose: u8,
}

/// When to use colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The account and the store of the list.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Store")]
pub(crate) struct StoreArgs {
    /// Store of the lists: a folder, sled:FOLDER, redb:FOLDER, redis://HOST, or memory:
    ///
    /// A plain folder means sled. For a cluster, give some of its nodes, separated by commas.
    /// Default: the folder `conv` in the platform's data folder. Use a separate store for each app
    /// (SDKAppID).
    #[arg(long, env = "CONV_STORE", value_name = "DIR")]
    #[arg(value_parser = cleaned(OsStringValueParser::new()).map(|text: OsString| Place::from(text)))]
    pub(crate) store: Option<Place>,
    /// User whose list it is
    #[arg(long, env = "CONV_ACCOUNT", value_name = "USER")]
    #[arg(value_parser = cleaned(AccountId::from_str))]
    pub(crate) account: AccountId,
}

/// The cloud to pull from, and the credentials.
///
/// The app's secret key signs the calls. It is read from the environment variable CONV_SECRET_KEY
/// or from a file, and never shown.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Cloud (CONV_SECRET_KEY has the app's secret key)")]
pub(crate) struct CloudArgs {
    /// Address of the cloud; overrides --region
    #[arg(long, env = "CONV_BASE_URL", value_name = "URL")]
    #[arg(value_parser = cleaned(BaseUrl::from_str))]
    pub(crate) base_url: Option<BaseUrl>,
    /// Region of the app's data
    #[arg(long, env = "CONV_REGION", value_name = "NAME")]
    #[arg(value_parser = cleaned(cloud::region()))]
    pub(crate) region: Option<Region>,
    /// SDKAppID of the app
    #[arg(long, env = "CONV_SDKAPPID", value_name = "N", value_parser = number())]
    pub(crate) sdkappid: Option<u32>,
    /// Administrator of the app, who signs the calls
    #[arg(long, env = "CONV_IDENTIFIER", value_name = "ADMIN", default_value = "administrator")]
    #[arg(value_parser = text())]
    pub(crate) identifier: String,
    /// File whose first line is the app's secret key; CONV_SECRET_KEY overrides it
    #[arg(long, env = "CONV_SECRET_KEY_FILE", value_name = "FILE", value_parser = path())]
    pub(crate) secret_key_file: Option<PathBuf>,
    /// Maximum number of conversations in the app's plan: 100 to 500; default: the limit that the
    /// store was pulled with, else 100
    #[arg(long, env = "CONV_PLAN_LIMIT", value_name = "N")]
    #[arg(value_parser = cleaned(value_parser!(u32).range(LIMITS)))]
    pub(crate) plan_limit: Option<u32>,
    /// Days for which the app's plan keeps a conversation after its last message, such as 7, 30 or 90;
    /// default: unknown, and no row is removed for its age
    #[arg(long, env = "CONV_RETENTION", value_name = "DAYS")]
    #[arg(value_parser = cleaned(value_parser!(u32).range(RETENTION)))]
    pub(crate) retention: Option<u32>,
    /// Facets to read for each row in addition to its name, separated by commas; default: unread
    /// counts, and those that the rows of the store have
    #[arg(long, env = "CONV_FACETS", value_name = "LIST")]
    #[arg(value_delimiter = ',', value_parser = cleaned(EnumValueParser::<FacetName>::new()))]
    pub(crate) facets: Vec<FacetName>,
}

const JSON: &str = "CONV_JSON";
/// Parses a plan's limit.
const LIMITS: std::ops::RangeInclusive<i64> = 100..=500;
/// Parses a retention in days, up to a hundred years.
const RETENTION: std::ops::RangeInclusive<i64> = 1..=36_500;

/// Parses a switch that may come from a variable.
pub(crate) fn switch() -> impl TypedValueParser<Value = bool> {
    cleaned(FalseyValueParser::new())
}

/// Parses a number that may come from a variable.
pub(crate) fn number() -> impl TypedValueParser<Value = u32> {
    cleaned(value_parser!(u32))
}

/// Parses a text that may come from a variable.
pub(crate) fn text() -> impl TypedValueParser<Value = String> {
    cleaned(StringValueParser::new())
}

/// Parses a path that may come from a variable.
pub(crate) fn path() -> impl TypedValueParser<Value = PathBuf> {
    cleaned(PathBufValueParser::new())
}

impl Cli {
    /// Parses the command line. Prints its own errors; `Err` holds the exit code.
    pub(crate) fn read() -> Result<Self, ExitCode> {
        matches().and_then(|matches| Self::from_arg_matches(&matches)).map_err(|error| {
            if error.use_stderr() && wants_json() {
                let words = error.render().to_string();
                let args = OutputArgs { json: true, ..OutputArgs::default() };
                let output = Output::new(&args, false);
                return output.failure(&Error::Usage(first_paragraph(&words)));
            }
            // If standard output is closed, there is nowhere to report that.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        })
    }
}

/// Parses the command line, variables, and the configuration file that they name for `conv serve`.
fn matches() -> Result<ArgMatches, clap::Error> {
    const SERVE: &str = "serve";
    let command = || without_empty_variables(Cli::command());
    let matches = command().try_get_matches()?;
    let serve = matches.subcommand_matches(SERVE);
    let Some(file) = serve.and_then(|serve| serve.get_one::<PathBuf>("config")) else {
        return Ok(matches);
    };
    let with_file = file::with_defaults(command(), SERVE, file)?;
    // Without the file there was no error.
    with_file.try_get_matches().map_err(|error| {
        let words = first_paragraph(&error.render().to_string());
        file::error(&mut command(), file, &words)
    })
}

/// Returns true if an invalid command line asked for JSON.
fn wants_json() -> bool {
    let is_on = |value: OsString| {
        let value = switch().parse_ref(&Cli::command(), None, OsStr::new(&value));
        value.unwrap_or_default()
    };
    let is_given = std::env::args_os().any(|argument| argument == "--json");
    is_given || std::env::var_os(JSON).is_some_and(is_on)
}

/// Returns the message of an error, without the advice and usage that follow it.
fn first_paragraph(words: &str) -> String {
    let lines = words.lines().take_while(|line| !line.is_empty());
    let text = lines.map(str::trim).collect::<Vec<_>>().join(" ");
    text.strip_prefix("error: ").unwrap_or(&text).to_owned()
}
