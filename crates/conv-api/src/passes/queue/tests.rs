use std::{
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use super::*;

type Waiting = Pin<Box<dyn Future<Output = Running>>>;

fn poll(future: &mut Waiting) -> Poll<Running> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// A pass in line, with the name it has in the test.
struct Pass {
    name: String,
    ticket: Arc<QueueTicket>,
    waiting: Waiting,
}

fn pass(queue: &Arc<Queue>, name: impl Into<String>, is_waited_for: bool) -> Pass {
    let ticket = Arc::new(QueueTicket::new(queue));
    if is_waited_for {
        ticket.promote();
    }
    let waits = Arc::clone(&ticket);
    let mut waiting: Waiting = Box::pin(async move { waits.wait().await });
    assert!(poll(&mut waiting).is_pending(), "the queue is full");
    Pass { name: name.into(), ticket, waiting }
}

fn take(queue: &Arc<Queue>) -> Running {
    match pin!(QueueTicket::new(queue).wait()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(permit) => permit,
        Poll::Pending => panic!("there is room"),
    }
}

fn full(bound: usize) -> (Arc<Queue>, Vec<Running>) {
    let queue = Queue::new(bound, Budget::new(std::num::NonZeroU32::MIN));
    let permits = (0..bound).map(|_| take(&queue)).collect();
    (queue, permits)
}

/// Lets one pass after the other go; the names in that order.
fn order(permit: Running, mut passes: Vec<Pass>) -> Vec<String> {
    let mut names = Vec::new();
    let mut held = Some(permit);
    while !passes.is_empty() {
        drop(held.take());
        let went =
            passes.iter_mut().enumerate().find_map(|(at, pass)| match poll(&mut pass.waiting) {
                Poll::Ready(permit) => Some((at, permit)),
                Poll::Pending => None,
            });
        let (at, permit) = went.unwrap();
        held = Some(permit);
        names.push(passes.remove(at).name);
    }
    names
}

#[test]
fn waited_for_passes_go_first_and_a_background_pass_after_three() {
    let (queue, mut permits) = full(1);
    let mut passes: Vec<_> = (0..3).map(|n| pass(&queue, format!("b{n}"), false)).collect();
    passes.extend((0..7).map(|n| pass(&queue, format!("w{n}"), true)));
    let order = order(permits.remove(0), passes);
    assert_eq!(order, ["w0", "w1", "w2", "b0", "w3", "w4", "w5", "b1", "w6", "b2"]);
}

#[test]
fn passes_without_competition_do_not_count_as_turns() {
    let (queue, mut permits) = full(1);
    let alone = (0..5).map(|n| pass(&queue, format!("w{n}"), true)).collect();
    assert_eq!(order(permits.remove(0), alone).len(), 5);
    let permit = take(&queue);
    let passes = vec![pass(&queue, "b", false), pass(&queue, "w", true)];
    assert_eq!(order(permit, passes), ["w", "b"]);
}

#[test]
fn every_pass_runs_within_its_bound() {
    for seed in 0..200 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (queue, mut permits) = full(1);
        let mut before = [0, 0];
        let mut bounds = Vec::new();
        let passes = (0..rng.usize(1..60)).map(|n| {
            let is_waited_for = rng.bool();
            let ahead = &mut before[usize::from(is_waited_for)];
            bounds.push(if is_waited_for { *ahead + *ahead / 3 + 1 } else { 4 * (*ahead + 1) });
            *ahead += 1;
            pass(&queue, n.to_string(), is_waited_for)
        });
        let passes = passes.collect();
        for (went, name) in order(permits.remove(0), passes).iter().enumerate() {
            assert!(went <= bounds[name.parse::<usize>().unwrap()], "seed {seed}, pass {name}");
        }
    }
}

#[test]
fn a_promoted_pass_joins_the_first_queue() {
    let (queue, mut permits) = full(1);
    let passes: Vec<_> = (0..4).map(|n| pass(&queue, format!("b{n}"), false)).collect();
    passes[2].ticket.promote();
    passes[2].ticket.promote();
    assert_eq!(order(permits.remove(0), passes), ["b2", "b0", "b1", "b3"]);
}

#[test]
fn a_dropped_ticket_passes_its_turn_on() {
    let (queue, mut permits) = full(2);
    let mut passes: Vec<_> = (0..4).map(|n| pass(&queue, format!("b{n}"), false)).collect();
    drop(passes.remove(1));
    permits.pop();
    // Its turn has come, and it goes away without having noticed.
    drop(passes.remove(0));
    assert!(poll(&mut passes[0].waiting).is_ready());
    assert!(poll(&mut passes[1].waiting).is_ready());
    drop((passes, permits));
    assert_eq!(queue.counts(), (0, 0));
}

#[test]
fn as_many_go_as_there_is_room_for() {
    let (queue, permits) = full(3);
    let waiting = pass(&queue, "b", false);
    assert_eq!(queue.counts(), (3, 1));
    drop(waiting);
    assert_eq!(queue.counts(), (3, 0));
    drop(permits);
    assert_eq!(queue.counts(), (0, 0));
}

fn visible(queue: &Arc<Queue>, name: &str) -> Pass {
    let pass = pass(queue, name, false);
    pass.ticket.set_visible(true);
    pass
}

#[test]
fn visible_accounts_go_before_the_background_which_does_not_starve() {
    let (queue, mut permits) = full(1);
    let mut passes: Vec<_> = (0..2).map(|n| pass(&queue, format!("b{n}"), false)).collect();
    passes.extend((0..9).map(|n| visible(&queue, &format!("v{n}"))));
    let names = order(permits.remove(0), passes).join(" ");
    assert_eq!(names, "v0 v1 v2 v3 v4 v5 v6 b0 v7 v8 b1");
}

#[test]
fn an_account_that_is_hidden_again_goes_with_the_background() {
    let (queue, mut permits) = full(1);
    let passes = vec![visible(&queue, "a"), pass(&queue, "b", false), visible(&queue, "c")];
    passes[0].ticket.set_visible(false);
    let names = order(permits.remove(0), passes).join(" ");
    assert_eq!(names, "c b a");
}

#[test]
fn callers_that_wait_go_before_visible_accounts() {
    let (queue, mut permits) = full(1);
    let mut passes = vec![visible(&queue, "v")];
    passes.extend((0..4).map(|n| pass(&queue, format!("w{n}"), true)));
    let names = order(permits.remove(0), passes).join(" ");
    assert_eq!(names, "w0 w1 w2 v w3");
}
