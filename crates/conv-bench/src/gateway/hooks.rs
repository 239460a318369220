//! Webhooks, as the cloud sends them: a message is there, then the cloud tells of it.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    thread::sleep,
    time::{Duration, Instant},
};

use conv_emulator::World;

use super::{cloud::account, http};

/// The command of a message between two users.
pub const COMMAND: &str = "C2C.CallbackAfterSendMsg";

/// As the webhook says. The row's own peer has a list as well, which would be pulled, too.
const SENDER: &str = "somebody_without_a_list";

/// Has messages come, and tells the gateway of each.
pub struct Hooks {
    world: World,
    stream: TcpStream,
    path: String,
    sent: u64,
}

impl Hooks {
    /// `path` must be signed for about now.
    pub fn new(world: World, address: SocketAddr, path: String) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { world, stream, path, sent: 0 }
    }

    /// A message to an account, of the peer of one of its rows, and its webhook. Returns when the
    /// webhook was sent.
    pub fn send(&mut self, to: usize, row: usize) -> Instant {
        self.sent += 1;
        let (to, sent) = (account(to), self.sent);
        let rows = self.world.listing(&to).unwrap();
        let peers: Vec<&str> = rows.iter().filter_map(|row| row.id.strip_prefix("C2C")).collect();
        let peer = peers[row % peers.len()];
        let time = self.world.say(&to, &format!("C2C{peer}"), "See you tomorrow").unwrap();
        let body = format!(
            r#"{{"CallbackCommand":"{COMMAND}","From_Account":"{SENDER}","To_Account":"{to}","MsgSeq":{sent},"MsgRandom":{sent},"MsgTime":{time},"MsgKey":"{sent}_{sent}_{time}","SendMsgResult":0,"MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"See you tomorrow"}}}}]}}"#
        );
        let at = Instant::now();
        self.stream.write_all(&http::post(&self.path, None, "", &body)).unwrap();
        let (mut answer, mut buffer) = (http::Answer::default(), [0; 4096]);
        loop {
            let count = self.stream.read(&mut buffer).unwrap();
            assert!(count > 0, "the server ended a connection");
            if answer.take(&buffer[..count], &mut Vec::new()) {
                assert!(answer.is_ok(), "{}", answer.head());
                return at;
            }
        }
    }

    /// Sends at this pace to accounts in turn. Returns the account and the moment of each.
    pub fn pace(
        &mut self,
        accounts: usize,
        per_second: f64,
        count: usize,
    ) -> Vec<(usize, Instant)> {
        let begun = Instant::now();
        let mut sent = Vec::with_capacity(count);
        for number in 0..count {
            let due = begun + Duration::from_secs_f64(number as f64 / per_second);
            sleep(due.saturating_duration_since(Instant::now()));
            let (account, round) = (number % accounts, number / accounts);
            sent.push((account, self.send(account + 1, 30 + round)));
        }
        sent
    }
}

/// Milliseconds from each webhook to the next update of its account's line, of those that came.
pub fn latencies(sent: &[(usize, Instant)], came: &[(usize, Instant)]) -> Vec<f64> {
    let next = |(account, at): &(usize, Instant)| {
        let mut came = came.iter().filter(|(line, when)| line == account && when > at);
        came.next().map(|(_, when)| when.duration_since(*at).as_secs_f64() * 1e3)
    };
    sent.iter().filter_map(next).collect()
}
