//! Webhooks: calls, events, and the marks that follow from them.

mod any;
mod faults;
mod provisional;
mod samples;
mod seen;
mod verify;

use conv_gateway::webhook::{Call, Event, Mark, UnreadRows, Who, Work};

pub(crate) const APP: u32 = 1_400_000_000;

pub(crate) fn call(command: &str) -> Call {
    Call::parse(&format!("SdkAppid={APP}&CallbackCommand={command}&OptPlatform=iOS")).unwrap()
}

pub(crate) fn event(command: &str, body: &str) -> Event {
    Event::parse(&call(command), body.as_bytes())
}

/// The marks of an event in words, one each: `alice: list C2Cbob`.
pub(crate) fn marks(event: &Event) -> Vec<String> {
    event.marks(None).marks.iter().map(words).collect()
}

fn words(mark: &Mark) -> String {
    let who = match &mark.who {
        Who::Account(account) => account.to_string(),
        Who::Holders(row) => format!("holders of {row}"),
        other => panic!("{other:?}"),
    };
    let work = match &mark.work {
        Work::Listing(row) => format!("list {row}"),
        Work::Profile(row) => format!("profile {row}"),
        Work::LastMessage(row) => format!("message {row}"),
        Work::Unread(UnreadRows { all_c2c, rows, .. }) => {
            let all = if *all_c2c { " all C2C" } else { "" };
            format!("unread{all}{}", rows.iter().map(|row| format!(" {row}")).collect::<String>())
        }
        other => panic!("{other:?}"),
    };
    format!("{who}: {work}")
}
