//! The one task of a store: it outlives those who ask for a change.

use std::{ops::ControlFlow, sync::Arc};

use conv_model::Commit;
use tokio::{
    select,
    sync::{Mutex, mpsc},
    task::yield_now,
    time::sleep,
};

use super::{
    applier::{Applier, Awaits},
    request::{Answer, Change, Request},
};
use crate::{Engine, StoreError};

/// The most changes that are written together.
const GROUP: usize = 64;

/// The applier, for the task and for those who go past it; none once it panicked there.
pub(super) type Shared = Mutex<Option<Applier>>;

/// Takes what waits, has it applied, answers; and hears of the writes of others.
pub(super) struct Task {
    engine: Arc<dyn Engine>,
    /// It ends with the task: nobody else keeps it.
    applier: Arc<Shared>,
    inbox: mpsc::Receiver<Request>,
}

/// What is left to do is to close the store, for whoever asks for that.
type Step = ControlFlow<Option<Answer<()>>>;

impl Task {
    pub(super) fn new(
        engine: Arc<dyn Engine>,
        applier: Arc<Shared>,
        inbox: mpsc::Receiver<Request>,
    ) -> Self {
        Self { engine, applier, inbox }
    }

    /// Until it is told to close, or the last handle is gone.
    pub(super) async fn run(mut self) {
        let asked = loop {
            if let Step::Break(asked) = self.step().await {
                break asked;
            }
        };
        if let Some(answer) = asked {
            self.inbox.close();
            // Nor does anybody come past the task from here on; who did is waited for.
            let applier = self.applier.lock().await.take();
            let result = self.engine.as_ref().close().await;
            // Who is told that it is closed must also see so.
            drop((applier, self));
            let _ = answer.send(result);
        }
    }

    /// Waits for something to do, and does it.
    async fn step(&mut self) -> Step {
        let awaits = {
            let mut applier = self.applier.lock().await;
            let Some(applier) = applier.as_mut() else { return Step::Break(None) };
            let_go(applier, &self.inbox).await;
            applier.awaits()
        };
        select! {
            biased;
            request = self.inbox.recv() => match request {
                Some(request) => self.serve(request).await,
                None => Step::Break(None),
            },
            news = news(self.engine.as_ref(), awaits) => {
                let mut applier = self.applier.lock().await;
                let Some(applier) = applier.as_mut() else { return Step::Break(None) };
                // What was written past the task is no news.
                if news.is_err() || applier.awaits() == awaits {
                    applier.hear(news).await;
                }
                Step::Continue(())
            }
        }
    }

    /// Serves a request and what else waits, up to a request to close.
    async fn serve(&mut self, first: Request) -> Step {
        let mut applier = self.applier.lock().await;
        let Some(applier) = applier.as_mut() else { return Step::Break(None) };
        let (mut changes, mut answers) = (Vec::new(), Vec::new());
        let mut closing = None;
        let mut next = Some(first);
        while let Some(request) = next {
            match request {
                Request::Change(change, answer) => {
                    changes.push(change);
                    answers.push(answer);
                }
                Request::Close(answer) => {
                    closing = Some(answer);
                    break;
                }
            }
            next = if changes.len() < GROUP { self.inbox.try_recv().ok() } else { None };
        }
        if !changes.is_empty() {
            change(applier, &changes, answers).await;
        }
        closing.map_or(Step::Continue(()), |answer| Step::Break(Some(answer)))
    }
}

/// Waits for the write of another, or until it is time to look for one.
async fn news(engine: &dyn Engine, awaits: Awaits) -> Result<(), StoreError> {
    match awaits {
        Awaits::WriteAfter(seq) => engine.follow(seq).await,
        Awaits::Pause(pause) => {
            sleep(pause).await;
            Ok(())
        }
    }
}

/// Has what was replaced let go of, unless more is asked for: there is time during the next write.
async fn let_go(applier: &mut Applier, inbox: &mpsc::Receiver<Request>) {
    if applier.has_replaced() {
        // Who was answered goes first.
        yield_now().await;
        if inbox.is_empty() {
            applier.let_go();
        }
    }
}

/// Applies a group of changes and answers each. A caller who is gone needs no answer.
async fn change(applier: &mut Applier, changes: &[Change], answers: Vec<Answer<Commit>>) {
    match applier.apply(changes).await {
        Ok(results) => {
            for (answer, result) in answers.into_iter().zip(results) {
                let _ = answer.send(result);
            }
        }
        Err(error) => {
            for answer in answers {
                let _ = answer.send(Err::<_, StoreError>(error.clone()));
            }
        }
    }
}
