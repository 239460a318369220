use std::collections::BTreeMap;

use super::*;

/// The state of a server: the last write, and the last write of each writer.
#[derive(Clone, Default)]
struct Server {
    head: Head,
    writers: BTreeMap<String, u64>,
    forgotten: u64,
}

impl Server {
    /// Makes a write of an engine's, whose answer it waits for or not.
    fn make(&mut self, known: &WriterState) -> Attempt {
        let attempt = known.attempt(self.head.seq.next());
        let (name, count) = attempt.head.writer().unwrap();
        self.writers.insert(name.to_owned(), count);
        self.head = attempt.head.clone();
        attempt
    }

    fn write(&mut self, known: &WriterState) {
        let attempt = self.make(known);
        known.made(attempt);
    }

    /// Loads; says whether writes were lost.
    fn load(&self, known: &WriterState) -> bool {
        let asked = known.asked();
        let names = asked.writers();
        let [own, last] =
            names.map(|name| self.writers.get(name).map(|count| format!("{count} 0")));
        let counts = [own, last, Some(self.forgotten.to_string())];
        known.loaded(&asked, &History::new(self.head.clone(), names, &counts))
    }

    /// Forgets the writers of all writes until now.
    fn forget_writers(&mut self) {
        self.writers.clear();
        self.forgotten = self.head.seq.as_u64();
    }
}

#[test]
fn writes_of_others_are_no_loss() {
    let (mut server, a, b) = (Server::default(), WriterState::default(), WriterState::default());
    server.write(&a);
    assert!(!server.load(&b));
    server.write(&b);
    assert!(!server.load(&a) && !server.load(&b));
}

#[test]
fn a_number_that_went_back_is_a_loss_once() {
    let (mut server, a, b) = (Server::default(), WriterState::default(), WriterState::default());
    server.write(&a);
    let before = server.clone();
    server.write(&a);
    assert!(!server.load(&b));
    server = before;
    assert!(server.load(&a) && server.load(&b));
    assert!(!server.load(&a) && !server.load(&b));
}

#[test]
fn a_lost_write_whose_number_was_reused_is_a_loss_for_readers_too() {
    let (mut server, a, b) = (Server::default(), WriterState::default(), WriterState::default());
    let reader = WriterState::default();
    server.write(&a);
    let before = server.clone();
    server.write(&a);
    server.load(&reader);
    server = before;
    server.load(&b);
    server.write(&b);
    server.write(&b);
    assert!(server.load(&a) && server.load(&reader));
}

#[test]
fn a_loss_is_seen_by_others_though_its_writer_wrote_again() {
    let (mut server, a, reader) =
        (Server::default(), WriterState::default(), WriterState::default());
    server.write(&a);
    let before = server.clone();
    // Nothing was heard of it, but another one has loaded it.
    server.make(&a);
    server.load(&reader);
    server = before;
    assert!(!server.load(&a), "it never knew");
    server.write(&a);
    server.write(&a);
    assert!(server.load(&reader));
}

#[test]
fn a_write_whose_answer_was_lost_is_no_loss_made_or_not() {
    let (mut server, known) = (Server::default(), WriterState::default());
    server.write(&known);
    let before = server.clone();
    server.make(&known);
    assert!(!before.load(&known));
    assert!(!server.load(&known));
    assert!(before.load(&known), "it was there");
}

#[test]
fn a_write_that_was_refused_leaves_the_writer_its_name() {
    let (mut server, a, b) = (Server::default(), WriterState::default(), WriterState::default());
    server.write(&a);
    let name = a.lock().writer.clone();
    for _ in 0..3 {
        let late = a.attempt(server.head.seq.next());
        server.write(&b);
        a.refused(&late);
        assert!(!server.load(&a));
        server.write(&a);
    }
    assert_eq!(a.lock().writer, name);
}

#[test]
fn a_write_that_others_followed_sets_nothing_back() {
    let (mut server, a, b) = (Server::default(), WriterState::default(), WriterState::default());
    let first = server.make(&a);
    server.write(&b);
    server.load(&a);
    a.made(first);
    assert_eq!(a.head(), Some(server.head));
}

#[test]
fn writers_that_were_forgotten_are_no_loss_and_what_is_younger_is() {
    let (mut server, a, b) = (Server::default(), WriterState::default(), WriterState::default());
    server.write(&a);
    server.write(&b);
    server.forget_writers();
    server.write(&b);
    let before = server.clone();
    assert!(!server.load(&a));
    server.write(&a);
    server = before;
    server.write(&b);
    server.write(&b);
    assert!(server.load(&a), "it wrote after all that was forgotten");
}

#[test]
fn an_account_that_was_wiped_is_a_loss() {
    let (mut server, known) = (Server::default(), WriterState::default());
    server.write(&known);
    assert!(Server::default().load(&known));
}

#[test]
fn of_version_1_the_head_alone_tells() {
    let known = WriterState::default();
    let load = |text: &str| {
        let asked = known.asked();
        let head = Head::parse(text).unwrap();
        known.loaded(&asked, &History::new(head, asked.writers(), &[None, None, None]))
    };
    assert!(!load("4 a:1 b:2"));
    assert!(!load("5 b:2 a:2"));
    assert!(!load("30 c:9"), "others may be forgotten");
    assert!(load("31 c:8 d:1") && load("30 d:0"));
}
