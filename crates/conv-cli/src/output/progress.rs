//! A progress bar of a pass on standard error, if that is a terminal.

use std::time::Duration;

use conv_api::{Conversations, Event, PassStatus, Phase};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;

/// The bar, which removes itself from the terminal when dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    follower: JoinHandle<()>,
}

impl Progress {
    /// Follows the passes of a list. `plan_limit` is the maximum number of rows of a pass.
    pub(crate) fn of(conversations: &Conversations, plan_limit: u32) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} [{bar:24}] {pos} rows") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(80));
        bar.set_message("connecting");
        let (moving, mut events) = (bar.clone(), conversations.events());
        let follower = tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let Event::SyncReportUpdated(report) = event else { continue };
                if let PassStatus::Running { phase, done, total, .. } = report.pass {
                    moving.set_message(words(phase));
                    moving.set_length(total.unwrap_or(plan_limit).into());
                    moving.set_position(done.into());
                }
            }
        });
        Self { bar, follower }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.follower.abort();
        self.bar.finish_and_clear();
    }
}

fn words(phase: Phase) -> &'static str {
    match phase {
        Phase::Resuming => "resuming",
        Phase::Relisting => "checking",
        _ => "pulling",
    }
}
