//! Many processes on one lease, with pauses longer than it lasts.

use std::time::Duration;

use conv_model::{PassId, Seq, SyncScope, SyncState, SyncStep};

use super::{LeaseTimer, Step};

const LASTS: Duration = Duration::from_millis(900);
const SEEDS: u64 = 2_000;
const STEPS: usize = 400;

/// The server: a lease that ends by its own clock, and the account's state.
#[derive(Default)]
struct Server {
    lease: Option<(usize, Duration)>,
    sync: SyncState,
    /// The holders whose passes began, in order.
    begun: Vec<(usize, PassId)>,
    /// Pages that were written after the pass was no longer the newest one.
    late: usize,
    /// Pages that were refused.
    refused: usize,
    pages: usize,
}

impl Server {
    fn holder(&mut self, now: Duration) -> Option<usize> {
        self.lease = self.lease.filter(|(_, ends)| *ends > now);
        self.lease.map(|(holder, _)| holder)
    }

    fn take(&mut self, who: usize, now: Duration) -> bool {
        let is_free = self.holder(now).is_none();
        if is_free {
            self.lease = Some((who, now + LASTS));
        }
        is_free
    }

    fn renew(&mut self, who: usize, now: Duration) -> bool {
        let is_held = self.holder(now) == Some(who);
        if is_held {
            self.lease = Some((who, now + LASTS));
        }
        is_held
    }

    /// The script of a commit together with the store's rule: admitted, or refused.
    fn write(&mut self, who: usize, pass: PassId, step: &SyncStep) -> bool {
        if self.sync.admit(pass, Some(step)).is_err() {
            self.refused += 1;
            return false;
        }
        let seq = Seq::new(self.pages as u64 + 1);
        self.sync = self.sync.after(pass, step, seq, true);
        self.pages += 1;
        if matches!(step, SyncStep::Begin { .. }) {
            self.begun.push((who, pass));
        } else if self.begun.last() != Some(&(who, pass)) {
            self.late += 1;
        }
        true
    }
}

/// A process: it pulls while it believes that it may.
#[derive(Default)]
struct Process {
    /// It does nothing until then, and does not know that it did not.
    paused_until: Duration,
    timer: Option<LeaseTimer<Duration>>,
    pass: Option<PassId>,
}

impl Process {
    fn turn(&mut self, me: usize, now: Duration, server: &mut Server) {
        let Some(mut timer) = self.timer else {
            let asked = now;
            if server.take(me, now) {
                self.timer = Some(LeaseTimer::new(asked, LASTS));
                self.pass = None;
            }
            return;
        };
        match timer.step(now) {
            Step::Over => self.timer = None,
            Step::Renew if server.renew(me, now) => timer.renewed(now),
            Step::Renew => self.timer = None,
            Step::Wait(_) => {}
        }
        self.timer = self.timer.map(|_| timer);
        // As in the facade, a pass goes on whether or not the lease does.
        self.pull(me, server);
    }

    fn pull(&mut self, me: usize, server: &mut Server) {
        let goes_on = match self.pass {
            None => {
                let pass = server.sync.pass.next();
                let step = SyncStep::Begin { scope: SyncScope::new(100, 1), resume: false };
                self.pass = Some(pass);
                server.write(me, pass, &step)
            }
            Some(pass) => server.write(me, pass, &page()),
        };
        if !goes_on {
            (self.pass, self.timer) = (None, None);
        }
    }
}

fn page() -> SyncStep {
    SyncStep::Page {
        status: conv_model::PassStatus::Idle,
        checkpoint: None,
        skipped: Vec::new(),
        broken: Vec::new(),
    }
}

/// Runs three processes with pauses up to three times as long as the lease.
fn run(seed: u64) -> Server {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut server = Server::default();
    let mut processes: [Process; 3] = Default::default();
    let mut now = Duration::ZERO;
    for _ in 0..STEPS {
        now += Duration::from_millis(chance.u64(1..120));
        let at = chance.usize(..processes.len());
        let process = &mut processes[at];
        if process.paused_until > now {
            continue;
        }
        if chance.u8(..20) == 0 {
            process.paused_until = now + LASTS.mul_f64(chance.f64() * 3.0);
            continue;
        }
        process.turn(at, now, &mut server);
    }
    server
}

#[test]
fn however_long_a_process_was_paused_it_writes_nothing_into_its_successors_pass() {
    let (mut refused, mut passes) = (0, 0);
    for seed in 0..SEEDS {
        let server = run(seed);
        assert_eq!(server.late, 0, "seed {seed}");
        let rises = server.begun.windows(2).all(|two| two[0].1 < two[1].1);
        assert!(rises, "seed {seed}: {:?}", server.begun);
        refused += server.refused;
        passes += server.begun.len();
    }
    // The runs hold what they are about: passes that change hands, and late writes.
    assert!(refused > 1000 && passes > 5000, "{refused} refused, {passes} passes");
}

#[test]
fn a_lease_is_renewed_before_it_ends_and_over_when_it_ended() {
    let millis = Duration::from_millis;
    let mut timer = LeaseTimer::new(millis(0), LASTS);
    assert_eq!(timer.step(millis(299)), Step::Wait(millis(300)));
    assert_eq!(timer.step(millis(300)), Step::Renew);
    timer.failed(millis(310));
    assert_eq!(timer.step(millis(310)), Step::Wait(millis(400)));
    assert_eq!(timer.step(millis(899)), Step::Renew);
    timer.renewed(millis(899));
    assert_eq!(timer.step(millis(1000)), Step::Wait(millis(1199)));
    assert_eq!(timer.step(millis(1799)), Step::Over);
}
