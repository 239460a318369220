//! A configuration file: values for options that neither the command line nor a variable gives.

use std::{fs, path::Path};

use clap::{Command, error::ErrorKind};
use toml::{Table, Value};

/// Options that a file cannot give.
const NOT_HERE: [&str; 1] = ["config"];

/// Returns the command with a file's values as the defaults of a subcommand's options, so that the
/// command line and variables override them and the options' own parsers check them.
///
/// # Errors
/// If the file cannot be read, or has a key that is not an option's name.
pub(crate) fn with_defaults(
    mut command: Command,
    subcommand: &str,
    file: &Path,
) -> Result<Command, clap::Error> {
    match defaults(&command, subcommand, file) {
        Ok(defaults) => Ok(command.mut_subcommand(subcommand, |subcommand| {
            subcommand.mut_args(|arg| {
                let name = arg.get_long().unwrap_or_default();
                match defaults.iter().find(|(key, _)| key == name) {
                    Some((_, values)) => arg.default_values(values.clone()),
                    None => arg,
                }
            })
        })),
        Err(words) => Err(error(&mut command, file, &words)),
    }
}

/// Returns an error that names the file.
pub(crate) fn error(command: &mut Command, file: &Path, words: &str) -> clap::Error {
    let words = format!("configuration file {}: {words}", file.display());
    command.error(ErrorKind::ValueValidation, words)
}

fn defaults(
    command: &Command,
    subcommand: &str,
    file: &Path,
) -> Result<Vec<(String, Vec<String>)>, String> {
    let known = |key: &str| {
        let subcommand = command.find_subcommand(subcommand);
        let mut args = subcommand.into_iter().flat_map(Command::get_arguments);
        args.any(|arg| arg.get_long() == Some(key)) && !NOT_HERE.contains(&key)
    };
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let mut defaults = Vec::new();
    for (key, value) in table(&text)? {
        if !known(&key) {
            return Err(unknown(command, &key));
        }
        let values = values(value)
            .ok_or_else(|| format!("{key}: expected a text, a number, true, false or a list"))?;
        defaults.push((key, values));
    }
    Ok(defaults)
}

/// Returns the refusal of a key. The caller decides how the program writes and logs, since the
/// same file may serve a service and a terminal.
fn unknown(command: &Command, key: &str) -> String {
    let of_output = command.get_arguments().find(|arg| arg.get_long() == Some(key));
    match of_output.and_then(|arg| arg.get_env()) {
        Some(variable) => {
            let variable = variable.to_string_lossy();
            format!("key {key:?} cannot be in the file: give --{key}, or set {variable}")
        }
        None => format!("unknown key {key:?}; keys are the options without their dashes"),
    }
}

/// The parser's own words would repeat the line, which may hold a secret.
fn table(text: &str) -> Result<Table, String> {
    text.parse::<Table>().map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        format!("line {}: {}", before.matches('\n').count() + 1, error.message())
    })
}

fn values(value: Value) -> Option<Vec<String>> {
    match value {
        Value::Array(values) => values.into_iter().map(one).collect(),
        value => one(value).map(|value| vec![value]),
    }
}

fn one(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(is_set) => Some(is_set.to_string()),
        _ => None,
    }
}
