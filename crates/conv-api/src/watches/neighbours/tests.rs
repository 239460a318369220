use conv_model::Facet;
use conv_store::MemorySignals;

use super::*;
use crate::Work;

fn row(id: &str) -> ConversationId {
    ConversationId::c2c(id).unwrap()
}

#[test]
fn a_mark_is_read_as_it_was_sent_by_another_process_and_not_by_its_own() {
    let account: AccountId = "alice".parse().unwrap();
    let mut both = Pending::from(Work::Unread(vec![row("a:bl"), row("u9:C2Ca"), row("1:")]));
    both.add(Work::UnreadOfUsers);
    both.merge(&Work::Profile(row("p")).into());
    both.merge(&Work::LastMessage(row("m")).into());
    let works = [Work::Listing.into(), both];
    let subjects = [Subject::Account(account.clone()), Subject::Holders(row("h1:"))];
    for (subject, work) in subjects.iter().flat_map(|it| works.iter().map(move |work| (it, work))) {
        let signal = Signal::new(account.clone(), text::of("a", subject, work));
        let heard = Heard { subject: subject.clone(), work: work.clone() };
        assert_eq!(text::parse(&signal, "b"), Some(heard), "{signal:?}");
        assert_eq!(text::parse(&signal, "a"), None);
    }
}

#[test]
fn other_messages_are_no_marks() {
    let account: AccountId = "alice".parse().unwrap();
    let others =
        ["revoked", "mark", "mark a", "mark a ", "mark a x", "mark a u9:C2Ca", "mark a u:"];
    for text in others {
        assert_eq!(text::parse(&Signal::new(account.clone(), text), "b"), None, "{text}");
    }
    assert!(Pending::of(Facet::Profile, row("a")).facets.len() == 1);
}

#[tokio::test]
async fn marks_of_one_account_are_one_message_and_only_so_many_wait() {
    let signals = Arc::new(MemorySignals::new());
    let mut listener = signals.listen();
    let (neighbours, runtime) = (Neighbours::new(Some(signals)).unwrap(), Runtime::current());
    let account = |n: usize| format!("user_{n}").parse::<AccountId>().unwrap();
    for n in (0..MOST + 10).flat_map(|n| [n, n, n]) {
        neighbours.tell(&runtime, Subject::Account(account(n)), &Work::Listing.into());
    }
    {
        let mut queue = neighbours.lock();
        assert_eq!((queue.order.len(), queue.marks.len()), (MOST, MOST));
        queue.order.drain(..MOST - 3);
    }
    for n in MOST + 7..MOST + 10 {
        assert_eq!(listener.next().await.account, account(n));
    }
    // The sender ended; the next mark starts another one.
    while neighbours.lock().is_sending {
        tokio::task::yield_now().await;
    }
    neighbours.tell(&runtime, Subject::Account(account(0)), &Work::Listing.into());
    assert_eq!(listener.next().await.account, account(0));
}
