//! Removes characters that a shell, an editor or a secret store adds around values.

use std::ffi::OsStr;

use clap::{
    Arg, Command,
    builder::{PossibleValue, Resettable, TypedValueParser},
};

/// Returns the text without blanks, line ends, control characters and a byte-order mark around it,
/// and without the pair of quotes that a file of variables may keep.
///
/// Every value of an option, a variable or a file passes through this, so the same text means the
/// same in each. The library that signs, and the emulator that checks, remove the same.
pub(crate) fn clean(text: &str) -> &str {
    let is_around =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{feff}' | '\u{200b}');
    let trim = |text| str::trim_matches(text, is_around);
    let text = trim(text);
    let quoted = ['"', '\''].iter().find_map(|mark| text.strip_prefix(*mark)?.strip_suffix(*mark));
    quoted.map_or(text, trim)
}

/// Does the same for a value that may not be UTF-8; such a value stays unchanged.
pub(crate) fn clean_os(value: &OsStr) -> &OsStr {
    value.to_str().map_or(value, |text| OsStr::new(clean(text)))
}

/// A parser of cleaned values.
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

/// Treats an empty variable as unset, for all options of a command and of its subcommands.
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
    use conv_api::{
        BaseUrl, Timestamp, UserSigSigner,
        sync::{UserSigError, UserSigVerifier},
    };
    use conv_emulator::Emulator;

    use super::*;

    const AROUND: [(&str, &str); 9] = [
        ("", ""),
        ("", "\n"),
        ("\u{feff}", "\r\n"),
        (" \"", "\" "),
        ("'", "'"),
        ("\"", "\n\""),
        ("\t", "\0"),
        ("\u{200b}", "\u{1b}"),
        ("\u{feff}\u{200b} '", "'\u{85}\u{a0}"),
    ];

    #[tokio::test]
    async fn the_library_and_the_emulator_leave_off_the_same() -> Result<(), UserSigError> {
        let (now, key) = (Timestamp::from_secs(1_775_552_160), "key");
        for (before, after) in AROUND {
            let around = |value: &str| format!("{before}{value}{after}");
            assert_eq!(clean(&around(key)), key, "{before:?}");

            let url = around("https://console.tim.qq.com");
            assert!(url.parse::<BaseUrl>().is_ok(), "{url:?}");

            let signer = UserSigSigner::new("admin", around(key));
            let sig = signer.sign(1, now, signer.lifetime())?;
            UserSigVerifier::new(1, key).verify(sig.expose(), "admin", now)?;

            let emulator = Emulator::builder().secret_key(around(key)).start().await.unwrap();
            assert_eq!(emulator.secret_key(), key, "{before:?}");
            emulator.stop().await;
        }
        Ok(())
    }

    #[test]
    fn the_inside_of_a_value_stays() {
        for kept in ["", "a b", "\"", "'a\"", "a'b", "\"a", "a\u{200b}b"] {
            assert_eq!(clean(kept), kept);
        }
    }
}
