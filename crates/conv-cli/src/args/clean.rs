//! Values as they are meant, without what a shell, an editor or a secret store put around them.

use std::ffi::OsStr;

use clap::{
    Arg, Command,
    builder::{PossibleValue, Resettable, TypedValueParser},
};

/// The text without blanks, line ends and a byte-order mark around it, and without the pair of
/// quotes that a file of variables may keep.
///
/// Every value that an option, a variable or a file can give passes here, so that the same text
/// means the same at each of them.
pub(crate) fn clean(text: &str) -> &str {
    let trim = |text| str::trim_matches(text, |c: char| c.is_whitespace() || c == '\u{feff}');
    let text = trim(text);
    let quoted = ['"', '\''].iter().find_map(|mark| text.strip_prefix(*mark)?.strip_suffix(*mark));
    quoted.map_or(text, trim)
}

/// The same of a value that may be no text; such a one stays as it is.
pub(crate) fn clean_os(value: &OsStr) -> &OsStr {
    value.to_str().map_or(value, |text| OsStr::new(clean(text)))
}

/// A parser that reads the cleaned value.
pub(crate) fn cleaned<P: TypedValueParser>(parser: P) -> impl TypedValueParser<Value = P::Value> {
    Cleaned(parser)
}

#[derive(Clone)]
struct Cleaned<P>(P);

impl<P: TypedValueParser> TypedValueParser for Cleaned<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        self.0.parse_ref(command, arg, clean_os(value))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}

/// Makes an empty variable as good as none, for all options of a command and of those below it.
pub(crate) fn without_empty_variables(command: Command) -> Command {
    let is_empty =
        |name: &OsStr| std::env::var_os(name).is_some_and(|value| clean_os(&value).is_empty());
    command
        .mut_args(|arg| match arg.get_env().is_some_and(is_empty) {
            true => arg.env(Resettable::Reset),
            false => arg,
        })
        .mut_subcommands(without_empty_variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_a_value_goes_and_what_is_in_it_stays() {
        for around in ["key", "key\n", "\u{feff}key\r\n", " \"key\" ", "'key'", "\"key\n\""] {
            assert_eq!(clean(around), "key", "{around:?}");
        }
        for kept in ["", "a b", "\"", "'a\"", "a'b", "\"a"] {
            assert_eq!(clean(kept), kept);
        }
    }
}
