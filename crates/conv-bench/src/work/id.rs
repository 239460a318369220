//! Texts that claim to be IDs.

use std::hint::black_box;

use conv_api::{ConversationId, model::ConversationIdRef};
use ruma_common::{RoomId, UserId};

use super::Work;
use crate::{contest::Contest, data, figure::Value, settings::Settings, watch::Cpu};

pub const PARSE: Work = Work {
    name: "parse",
    title: "IDs of each kind checked, all rows",
    baseline: "ruma, &RoomId",
    sizes: &[1_000],
    run,
};

fn run(count: usize, settings: &Settings) -> Vec<(&'static str, Value)> {
    let ids = data::ids(count);
    let room = |id: &String| format!("!{}:example.org", id.trim_start_matches(['@', '#']));
    let rooms: Vec<_> = ids.iter().map(room).collect();
    let users: Vec<_> = (0..count).map(|n| format!("@user_{n:08}:example.org")).collect();
    Contest::new(Cpu::Thread)
        .enter("conv, borrowed", |_| each(&ids, |id| ConversationIdRef::parse(id).unwrap()))
        .enter("conv, owned", |_| each(&ids, |id| id.parse::<ConversationId>().unwrap()))
        .enter("ruma, &RoomId", |_| each(&rooms, |id| <&RoomId>::try_from(id).unwrap()))
        .enter("ruma, &UserId", |_| each(&users, |id| <&UserId>::try_from(id).unwrap()))
        .enter("UTF-8 check of the bytes", |_| {
            each(&ids, |id| std::str::from_utf8(id.as_bytes()).unwrap());
        })
        .run(settings)
}

fn each<'a, T>(texts: &'a [String], parse: impl Fn(&'a str) -> T) {
    for text in texts {
        black_box(parse(text));
    }
}
