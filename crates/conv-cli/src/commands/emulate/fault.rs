//! The emulator's faults by name.

use std::time::Duration;

use conv_emulator::{BadRow, Fault, Rule, When};

/// What `--help` says of faults.
pub(super) const HELP: &str = "\
Faults:
  FAULT is NAME or NAME=VALUE, and then perhaps ,nth=N ,times=N or ,every=N (which calls; each one
  if not given) and ,on=SERVICE/COMMAND (any command if not given).

  status=HTTP        an HTTP error with an HTML page
  code=N             an error of the cloud with this number
  slow=MS            the answer comes late
  stalled            the answer never comes
  reset              the connection is closed without an answer
  truncated-body     the connection breaks in the middle of the body
  cut-json           the body ends in the middle of its JSON
  html               HTTP 200 with an HTML page
  not-json           HTTP 200 with bytes that are neither JSON nor text
  gzip-bomb=BYTES    a small body that inflates to so many bytes
  oversized=BYTES    a body of at least so many bytes
  standing-cursor    a list's cursor does not move
  empty-page         a list's page is empty, and not the last one
  no-complete-flag   a list's CompleteFlag is missing
  null-items         a list's SessionItem is null
  duplicate-rows     a list's page repeats rows
  bad-row=KIND       a list's page has one row that makes no sense: null, wrong-types,
                     unknown-type, long-id, control-bytes, no-id, negative-time or huge-time
  unknown-fields     fields that no documentation knows
  deep-nesting=N     a field nested so deep
  partial-failure    every other user or group of a batch fails by itself

Examples:
  conv emulate --conversations 500 --plan-limit 500 --churn 3
  conv emulate --fault status=502,times=2 --fault reset,nth=2,on=recentcontact/get_list";

/// Reads a fault, the calls that it befalls and their command.
pub(super) fn rule(text: &str) -> Result<Rule, String> {
    let mut parts = text.split(',');
    let fault = fault(parts.next().unwrap_or_default())?;
    let mut rule = Rule::always(fault);
    for part in parts {
        match part.split_once('=') {
            Some(("nth", n)) => rule.when = When::Nth(number(n)?),
            Some(("times", n)) => rule.when = When::Times(number(n)?),
            Some(("every", n)) => rule.when = When::Every(number(n)?),
            Some(("on", command)) => rule.command = Some(command.to_owned()),
            _ => return Err(format!("expected nth=N, times=N, every=N or on=COMMAND, got {part}")),
        }
    }
    Ok(rule)
}

fn fault(text: &str) -> Result<Fault, String> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    Ok(match (name, value) {
        ("stalled", "") => Fault::Stalled,
        ("reset", "") => Fault::Reset,
        ("truncated-body", "") => Fault::TruncatedBody,
        ("cut-json", "") => Fault::CutJson,
        ("html", "") => Fault::Html,
        ("not-json", "") => Fault::NotJson,
        ("standing-cursor", "") => Fault::StandingCursor,
        ("empty-page", "") => Fault::EmptyPage,
        ("no-complete-flag", "") => Fault::NoCompleteFlag,
        ("null-items", "") => Fault::NullItems,
        ("duplicate-rows", "") => Fault::DuplicateRows,
        ("unknown-fields", "") => Fault::UnknownFields,
        ("partial-failure", "") => Fault::PartialFailure,
        ("status", value) => Fault::Status(number(value)?),
        ("code", value) => Fault::Code(number(value)?),
        ("slow", value) => Fault::Slow(Duration::from_millis(number(value)?)),
        ("gzip-bomb", value) => Fault::GzipBomb(number(value)?),
        ("oversized", value) => Fault::Oversized(number(value)?),
        ("deep-nesting", value) => Fault::DeepNesting(number(value)?),
        ("bad-row", value) => Fault::BadRow(bad_row(value)?),
        _ => return Err(format!("no such fault: {text}; `conv emulate --help` lists them")),
    })
}

fn bad_row(kind: &str) -> Result<BadRow, String> {
    Ok(match kind {
        "null" => BadRow::Null,
        "wrong-types" => BadRow::WrongTypes,
        "unknown-type" => BadRow::UnknownType,
        "long-id" => BadRow::LongId,
        "control-bytes" => BadRow::ControlBytes,
        "no-id" => BadRow::NoId,
        "negative-time" => BadRow::NegativeTime,
        "huge-time" => BadRow::HugeTime,
        _ => return Err(format!("no such bad row: {kind}; `conv emulate --help` lists them")),
    })
}

fn number<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let number = text.parse::<u64>().ok().and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| format!("expected a number, got {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_a_name_a_value_and_its_calls() {
        assert_eq!(rule("reset"), Ok(Rule::always(Fault::Reset)));
        assert_eq!(rule("status=502,times=2"), Ok(Rule::times(2, Fault::Status(502))));
        let on_list = Rule::nth(2, Fault::BadRow(BadRow::NoId)).on("recentcontact/get_list");
        assert_eq!(rule("bad-row=no-id,nth=2,on=recentcontact/get_list"), Ok(on_list));
        for wrong in ["", "resets", "reset=1", "status", "status=x", "status=70000", "reset,2"] {
            assert!(rule(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_fault_that_help_lists_can_be_given() {
        let listed = HELP.lines().skip(4).take_while(|line| !line.is_empty());
        let names = listed.filter(|line| !line.starts_with("    ")).map(|line| {
            let name = line.split_whitespace().next().unwrap();
            name.replace("=KIND", "=null").replace("=HTTP", "=1").replace("=N", "=1")
        });
        let names: Vec<_> = names.map(|n| n.replace("=MS", "=1").replace("=BYTES", "=1")).collect();
        assert_eq!(names.len(), 20);
        for name in names {
            assert!(rule(&name).is_ok(), "{name}");
        }
    }
}
