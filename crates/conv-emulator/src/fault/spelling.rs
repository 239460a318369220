//! The spelling of rules on a command line.

mod named;
mod text;

use std::{str::FromStr, time::Duration};

use super::{Rule, When, is_named};
use crate::{Error, commands};

impl Rule {
    /// All spellings of a rule, for the help of a command.
    pub const HELP: &'static str = r"Faults:
  FAULT is NAME or NAME=VALUE, optionally followed by the affected calls (default: all), counted
  from 1 for each FAULT separately, and by their command (default: any):

  ,nth=N                    the Nth call
  ,times=N                  the first N calls
  ,calls=A-B or ,calls=A-   calls A to B, or all from A on
  ,every=N                  every Nth call
  ,for=SECONDS              only for this long, from the first of these calls on
  ,on=COMMAND               get_list, or recentcontact/get_list

 An answer that does not come:
  status=HTTP               an HTTP error with an HTML page: 404, 502
  code=N                    an error of the cloud with this code, known or unknown
  cursor-refused=N          the same, only for calls that continue a listing
  slow=MS                   the answer comes late
  stalled                   the answer never comes
  reset                     the connection is closed without an answer
  one-request=fin           each connection is closed at its second request
  one-request=rst           the same, with a TCP reset
 An answer that cannot be read:
  truncated-body            the connection breaks in the middle of the body
  cut-json                  the body ends in the middle of its JSON
  html                      HTTP 200 with an HTML page
  not-json                  HTTP 200 with bytes that are neither JSON nor text
  gzip-bomb=BYTES           a small body that inflates to this many bytes
  oversized=BYTES           a body of at least this many bytes
  unknown-fields            undocumented fields
  deep-nesting=N            a field nested this deep
 The cloud's time:
  no-date                   no Date header
  date-off=SECONDS          a Date this far ahead, or behind: -315360000
  bad-date                  a Date that is not a date
 Pages of lists:
  page-size=ROWS            pages of at most this many rows
  standing-cursor           a list's cursor does not move
  empty-page                a list's page is empty, and not the last one
  no-complete-flag          a list's CompleteFlag is missing
  null-items                a list's SessionItem is null
  no-items                  a list's SessionItem is missing
  duplicate-rows            a list's page repeats rows
  bad-row=KIND              a list's page has an additional bad row: null, wrong-types,
                            unknown-type, long-id, control-bytes, non-ascii-id, number-id, no-id,
                            negative-time, huge-time, old-time, latin1-mark or bad-labels
  spoilt-rows=KIND/N        every Nth row of a page is spoilt this way; 1 spoils all
 Messages:
  recalled                  messages are recalled
  deleted                   messages are deleted, or have expired
  no-messages               histories are empty
  newer-rows=SECONDS        a list's rows are this much later than their last messages, an effect
                            that messages to online members only may have
  texts=TEXT                each message has this text
 Names, avatars and groups:
  names=TEXT                users' nicks and groups' names are this text, or empty
  no-names                  no user has a nick, groups' names are empty
  avatars=TEXT              avatars are this text, or empty
  no-avatars                no user has an avatar, groups' are empty
  huge-avatar=BYTES         one user's avatar is a URL of this many bytes
  no-conversation-groups    no conversation is in a conversation group
  renamed-conversation-groups=TEXT
                            the names of conversation groups get this text appended
  not-joined=GROUP          the account is not a member of this chat group
  joined=GROUP/SECONDS      it is a member since this time, in seconds since 1970
  dissolved=GROUP           this chat group was dissolved
  partial-failure           every other user or group of a batch fails by itself

  TEXT may hold \uXXXX (\u200b; \ud83d alone is half of an emoji), \xe9 (a byte of Latin-1),
  \u002c for a comma and \\ for a backslash.";
}

impl FromStr for Rule {
    type Err = Error;

    /// Parses `NAME` or `NAME=VALUE`, the affected calls and their command; see [`Rule::HELP`].
    ///
    /// # Errors
    ///
    /// [`Error::BadRule`] for any other spelling, and for a command that the emulator does not
    /// have.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.split(',');
        let fault = named::fault(parts.next().unwrap_or_default())?;
        let (mut when, mut lasting, mut command) = (None, None, None);
        for part in parts {
            match part.split_once('=') {
                Some(("on", name)) if command.is_none() => command = Some(known(name)?),
                Some(("for", time)) if lasting.is_none() => {
                    lasting = Some(Duration::from_secs(number(time)?));
                }
                Some((name, value)) if when.is_none() => when = Some(calls(name, value, part)?),
                _ => {
                    return Err(bad(format!(
                        "expected nth=N or the like, at most once, got {part}"
                    )));
                }
            }
        }
        Ok(Self { command, when: when.unwrap_or(When::Always), lasting, fault })
    }
}

fn calls(name: &str, value: &str, part: &str) -> Result<When, Error> {
    Ok(match name {
        "nth" => {
            let n = number(value)?;
            When::Calls { first: n, last: n }
        }
        "times" => When::Calls { first: 1, last: number(value)? },
        "every" => When::Every(number(value)?),
        "calls" => match value.split_once('-') {
            Some((first, "")) => When::Calls { first: number(first)?, last: u64::MAX },
            Some((first, last)) => When::Calls { first: number(first)?, last: number(last)? },
            None => return Err(bad(format!("expected calls=A-B or calls=A-, got {part}"))),
        },
        _ => {
            let expected = "nth=N, times=N, calls=A-B, every=N, for=SECONDS or on=COMMAND";
            return Err(bad(format!("expected {expected}, got {part}")));
        }
    })
}

/// Checks that the emulator has a command of this name.
fn known(name: &str) -> Result<String, Error> {
    match commands::names().any(|command| is_named(command, name)) {
        true => Ok(name.to_owned()),
        false => Err(bad(format!("the emulator has no command {name}"))),
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| bad(format!("expected a number in range, got {text:?}")))
}

fn bad(message: String) -> Error {
    Error::BadRule(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BadRow, Fault};

    #[track_caller]
    fn rule(text: &str) -> Rule {
        text.parse().unwrap()
    }

    #[test]
    fn a_fault_has_a_name_a_value_its_calls_and_its_command() {
        assert_eq!(rule("reset"), Rule::always(Fault::Reset));
        assert_eq!(rule("status=502,times=2"), Rule::times(2, Fault::Status(502)));
        let on_list = Rule::nth(2, Fault::BadRow(BadRow::NoId)).on("recentcontact/get_list");
        assert_eq!(rule("bad-row=no-id,nth=2,on=recentcontact/get_list"), on_list);
        let ten_seconds = Rule::calls(3.., Fault::Html).on("get_list");
        let ten_seconds = ten_seconds.lasting(Duration::from_secs(10));
        assert_eq!(rule("html,on=get_list,for=10,calls=3-"), ten_seconds);
        assert_eq!(rule("stalled,calls=2-5"), Rule::calls(2..=5, Fault::Stalled));
        assert_eq!(rule("stalled,calls=3-"), Rule::calls(3.., Fault::Stalled));
        assert_eq!(rule("date-off=-9"), Rule::always(Fault::DateOff(-9)));
        let half = Fault::SpoiltRows { kind: BadRow::OldTime, every: 2 };
        assert_eq!(rule("spoilt-rows=old-time/2"), Rule::always(half));
    }

    #[test]
    fn any_other_spelling_is_refused() {
        let wrong = [
            "",
            "resets",
            "reset=1",
            "status",
            "status=x",
            "status=70000",
            "reset,2",
            "code=-1",
            "reset,nth",
            "reset,nth=x",
            "reset,nth=1,times=2",
            "reset,on=get_list,on=get_list",
            "reset,for=1,for=2",
            "reset,calls=2",
            "reset,on=get_lists",
            "reset,on=",
            "one-request=now",
            "spoilt-rows=no-id",
            "bad-row=odd",
            r"names=\q",
            r"names=\u12",
            r"names=\ud83e",
            "page-size=-1",
        ];
        for text in wrong {
            assert!(matches!(text.parse::<Rule>(), Err(Error::BadRule(_))), "{text}");
        }
    }

    #[test]
    fn every_fault_that_help_lists_can_be_given() {
        let listed = Rule::HELP.lines().skip_while(|line| !line.starts_with(" An"));
        let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let names = names.take_while(|line| !line.contains("TEXT may")).map(|line| {
            let name = line.split_whitespace().next().unwrap();
            let (name, value) = name.split_once('=').unwrap_or((name, ""));
            match value {
                "" => name.to_owned(),
                "KIND" => format!("{name}=null"),
                "GROUP/SECONDS" => format!("{name}=a/b/1"),
                "KIND/N" => format!("{name}=null/3"),
                "fin" | "rst" => format!("{name}={value}"),
                _ => format!("{name}=1"),
            }
        });
        let names: Vec<_> = names.collect();
        assert_eq!(names.len(), 44);
        for name in names {
            assert!(name.parse::<Rule>().is_ok(), "{name}");
        }
    }
}
