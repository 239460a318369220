//! Connections that a server closes at their second request.

use std::io::ErrorKind;

use conv_emulator::{Closing, Emulator, Fault, Rule};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::client::{Client, GET_LIST, ME, list_request};

/// A connection of which each request is written by hand.
struct Line(TcpStream);

impl Line {
    async fn to(client: &Client) -> Self {
        Self(TcpStream::connect(("127.0.0.1", client.emulator.port())).await.unwrap())
    }

    async fn write(&mut self, client: &Client, command: &str, body: &str) {
        let url = client.emulator.signed_url(command);
        let path = url.strip_prefix(&client.emulator.base_url()).unwrap();
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        self.0.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    }

    /// Reads to the end of one answer.
    async fn answer(&mut self) -> String {
        let mut bytes = Vec::new();
        loop {
            let byte = self.0.read_u8().await.unwrap();
            bytes.push(byte);
            if bytes.ends_with(b"\r\n\r\n") {
                break;
            }
        }
        let head = String::from_utf8(bytes).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.0.read_exact(&mut body).await.unwrap();
        head
    }
}

#[tokio::test]
async fn the_second_request_of_a_connection_is_neither_run_nor_answered() {
    for closing in [Closing::Fin, Closing::Rst] {
        let client = Client::of(Emulator::builder().conversations(30)).await;
        client.emulator.faults().push(Rule::always(Fault::OneRequest(closing)));
        let row = client.truth().into_iter().find(|row| row.0.starts_with("C2C")).unwrap().0;
        let delete = json!({"From_Account": ME, "Type": 1, "To_Account": &row[3..]}).to_string();

        let mut line = Line::to(&client).await;
        line.write(&client, GET_LIST, &list_request(None, 63).to_string()).await;
        let head = line.answer().await;
        assert!(head.starts_with("HTTP/1.1 200"));
        assert!(!head.contains("connection: close"), "the connection stays open: {head}");
        line.write(&client, "recentcontact/delete", &delete).await;
        let end = line.0.read_u8().await.unwrap_err().kind();
        let expected = match closing {
            Closing::Rst => ErrorKind::ConnectionReset,
            _ => ErrorKind::UnexpectedEof,
        };
        assert_eq!(end, expected);
        assert!(client.truth().iter().any(|held| held.0 == row), "it did not run");

        let mut line = Line::to(&client).await;
        line.write(&client, "recentcontact/delete", &delete).await;
        assert!(line.answer().await.starts_with("HTTP/1.1 200"));
        assert!(!client.truth().iter().any(|held| held.0 == row));
    }
}

#[tokio::test]
async fn a_connection_without_the_fault_serves_many_requests() {
    let client = Client::of(Emulator::builder()).await;
    let mut line = Line::to(&client).await;
    for _ in 0..5 {
        line.write(&client, GET_LIST, &list_request(None, 63).to_string()).await;
        assert!(line.answer().await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn a_lost_answer_is_one_to_a_command_that_ran() {
    let client = Client::of(Emulator::builder().conversations(30)).await;
    client.emulator.faults().push(Rule::once(Fault::Reset));
    let row = client.truth().into_iter().find(|row| row.0.starts_with("C2C")).unwrap().0;
    let body = json!({"From_Account": ME, "Type": 1, "To_Account": &row[3..]});
    assert!(client.send("recentcontact/delete", &body).await.is_err());
    assert!(!client.truth().iter().any(|held| held.0 == row));
}
