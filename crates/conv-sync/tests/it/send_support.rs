//! A sender by hand: each effect is carried out at once, or kept for the test to see.

use std::time::Duration;

use conv_model::{
    Capacity, ConversationId, ErrorClass, GroupName, GroupTarget, IfNewer, MarkType, Mutation,
    OutcomeKind, Pending, PendingState, Progress, Timestamp,
};
use conv_sync::{
    FinishedPass, Retry, SendOptions, SourceError, WriteCall, WriteCapabilities,
    testing::{MemoryView, NOW, ScriptedWriter, SendEffect, SendId, SendInput, Sender},
};

pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);

pub struct World {
    pub now: Duration,
    pub view: MemoryView,
    pub cloud: ScriptedWriter,
    pub sender: Sender,
    /// Effects that were not carried out yet.
    pub open: Vec<SendEffect>,
    /// Pauses, and when each ends at the latest.
    pub waits: Vec<(SendId, Duration)>,
    /// The number of passes that were asked for.
    pub asked: usize,
    /// The cloud's answer to whether a group exists.
    pub group_exists: Result<Option<bool>, SourceError>,
    /// All progress, in order.
    pub progress: Vec<(u64, Progress)>,
}

impl World {
    pub fn new() -> Self {
        Self::with(SendOptions::default(), WriteCapabilities::default())
    }

    pub fn with(options: SendOptions, capabilities: WriteCapabilities) -> Self {
        Self {
            now: Duration::from_secs(1_000),
            view: MemoryView::default(),
            sender: Sender::new(options, &capabilities),
            cloud: ScriptedWriter::with_capabilities(capabilities),
            open: Vec::new(),
            waits: Vec::new(),
            asked: 0,
            group_exists: Ok(None),
            progress: Vec::new(),
        }
    }

    /// A world whose cloud and list have these users.
    pub fn with_users(names: &[&str]) -> Self {
        let mut world = Self::new();
        world.add_users(names);
        world
    }

    pub fn add_users(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.cloud.add_row(user(name)));
        self.view.read(&self.cloud);
    }

    pub fn enqueue(&mut self, mutation: Mutation) -> u64 {
        let enqueued = self.view.outbox.enqueue(mutation, None, |_| false, &Capacity::default());
        enqueued.unwrap().number.unwrap()
    }

    /// Accepts a mutation and sends what can be sent.
    pub fn send(&mut self, mutation: Mutation) -> u64 {
        let number = self.enqueue(mutation);
        self.change();
        number
    }

    pub fn change(&mut self) {
        self.input(SendInput::Changed);
        self.run();
    }

    pub fn input(&mut self, input: SendInput) {
        let effects = self.sender.step(self.now, input, &self.view);
        for effect in effects {
            match effect {
                SendEffect::Wait { pause, delay } => {
                    self.waits.push((pause, self.now + delay.least + delay.spread));
                }
                SendEffect::Pass => self.asked += 1,
                effect => self.open.push(effect),
            }
        }
    }

    /// Stores progress, but answers no call.
    pub fn store(&mut self) {
        while let Some(at) =
            self.open.iter().position(|effect| matches!(effect, SendEffect::Progress(_)))
        {
            let SendEffect::Progress(progress) = self.open.remove(at) else { return };
            self.view.store(&progress);
            self.progress.extend(progress);
            self.input(SendInput::Applied);
        }
    }

    /// Answers one call or look.
    pub fn answer_one(&mut self) -> bool {
        let is_call = |effect: &SendEffect| {
            matches!(
                effect,
                SendEffect::Call { .. } | SendEffect::Look { .. } | SendEffect::LookAtGroup { .. }
            )
        };
        let Some(at) = self.open.iter().position(is_call) else { return false };
        match self.open.remove(at) {
            SendEffect::Call { call, write } => {
                let answer = self.cloud.answer(&write);
                self.input(SendInput::Written { call, answer });
            }
            SendEffect::Look { call } => {
                let answer = self.cloud.answer_look();
                self.input(SendInput::Looked { call, answer });
            }
            SendEffect::LookAtGroup { call, .. } => {
                let answer = self.group_exists.clone();
                self.input(SendInput::GroupLooked { call, answer });
            }
            _ => {}
        }
        true
    }

    /// Carries out everything but pauses and passes.
    pub fn run(&mut self) {
        for _ in 0..10_000 {
            self.store();
            if !self.answer_one() {
                return;
            }
        }
        panic!("the sender never comes to rest");
    }

    /// Lets time go on; pauses end when they are over.
    pub fn advance(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let next = self.waits.iter().map(|(_, until)| *until).min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            let at = self.waits.iter().position(|(_, until)| *until == next).unwrap();
            let (pause, _) = self.waits.remove(at);
            self.input(SendInput::Woke(pause));
            self.run();
        }
        self.now = end;
    }

    /// A pass that begins and ends now.
    pub fn pass(&mut self) {
        self.view.read(&self.cloud);
        self.stale_pass();
    }

    /// A pass that lists what the view has already: a stale read.
    pub fn stale_pass(&mut self) {
        let pass = self.beginning_pass();
        self.input(SendInput::PassFinished(pass));
        self.run();
    }

    /// A pass that begins now.
    pub fn beginning_pass(&self) -> FinishedPass {
        FinishedPass::new(self.now).with_wall_time(self.view.wall_time)
    }

    /// Another device deletes a user's conversation.
    pub fn delete_elsewhere(&self, name: &str) {
        let (id, clears_history, seen) = (user(name), false, None);
        let delete = WriteCall::Delete { id, clears_history, seen, if_newer: IfNewer::GiveUp };
        self.cloud.change(&delete).unwrap();
    }

    /// Sets the clock of dates forward, or back.
    pub fn set_date(&mut self, seconds: i64) {
        let time = self.view.wall_time.unwrap().as_secs().saturating_add_signed(seconds);
        self.view.wall_time = Some(Timestamp::from_secs(time));
    }

    /// A stale pass that could not name the groups of a user's conversation.
    pub fn unnamed_pass(&mut self, name: &str) {
        let pass = self.beginning_pass().with_unnamed([user(name)].into());
        self.input(SendInput::PassFinished(pass));
        self.run();
    }

    pub fn pending(&self, number: u64) -> Option<&Pending> {
        self.view.outbox.get(number).map(|pending| &**pending)
    }

    pub fn state(&self, number: u64) -> Option<PendingState> {
        self.pending(number).map(|pending| pending.state)
    }

    pub fn outcome(&self, number: u64) -> Option<&OutcomeKind> {
        let outcome = self.view.outcomes.iter().rfind(|outcome| outcome.number == number);
        outcome.map(|outcome| &outcome.kind)
    }

    /// Returns the words of a failure.
    pub fn failure(&self, number: u64) -> &str {
        match self.outcome(number) {
            Some(OutcomeKind::Failed(failure)) => &failure.message,
            other => panic!("{other:?}"),
        }
    }

    pub fn calls(&self) -> Vec<WriteCall> {
        self.cloud.calls()
    }

    pub fn is_in_flight(&self) -> bool {
        self.open.iter().any(|effect| matches!(effect, SendEffect::Call { .. }))
    }
}

pub fn user(name: &str) -> ConversationId {
    ConversationId::c2c(name).unwrap()
}

pub fn group(name: &str) -> GroupName {
    name.parse().unwrap()
}

pub fn pin(name: &str) -> Mutation {
    Mutation::Pin { id: user(name), is_pinned: true }
}

pub fn unpin(name: &str) -> Mutation {
    Mutation::Pin { id: user(name), is_pinned: false }
}

pub fn star(name: &str) -> Mutation {
    Mutation::Mark { id: user(name), mark_type: MarkType::STAR, is_set: true }
}

pub fn custom(name: &str, text: &str) -> Mutation {
    Mutation::CustomData { id: user(name), custom_data: text.into() }
}

pub fn create(name: &str) -> Mutation {
    Mutation::Group { group_name: group(name), target: GroupTarget::Present }
}

pub fn rename(old: &str, new: &str) -> Mutation {
    Mutation::Group { group_name: group(old), target: GroupTarget::Named(group(new)) }
}

pub fn delete_group(name: &str) -> Mutation {
    Mutation::Group { group_name: group(name), target: GroupTarget::Absent }
}

pub fn member(name: &str, of: &str, is_member: bool) -> Mutation {
    Mutation::Member { id: user(name), group_name: group(of), is_member }
}

pub fn delete(name: &str, clears_history: bool, if_newer: IfNewer) -> Mutation {
    Mutation::Delete { id: user(name), seen: NOW, clears_history, if_newer }
}

pub fn refused(code: i32, class: ErrorClass, retry: Retry) -> SourceError {
    let message = String::from("refused");
    SourceError::Cloud { code, class, retry, message, retry_after: None }
}

pub fn limited() -> SourceError {
    refused(60007, ErrorClass::RateLimited, Retry::BackOff)
}

pub fn permanent() -> SourceError {
    refused(50002, ErrorClass::InvalidArgument, Retry::Never)
}

pub fn wrong_key() -> SourceError {
    refused(70003, ErrorClass::Auth, Retry::Never)
}
