//! A list on the terminal that follows a cloud: conversations arrive, move and expire in it.
//!
//! `cargo run --example live_list`

use std::{error::Error, io, time::Duration};

use conv_api::{All, BaseUrl, Conversations, RestSource, UserSigSigner};
use conv_emulator::Emulator;

mod life;
mod screen;

use self::screen::Screen;

type Failure = Box<dyn Error + Send + Sync>;

const ACCOUNT: &str = "user_0001";
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    match run().await {
        Err(error) if is_unread(&*error) => Ok(()),
        ended => ended,
    }
}

async fn run() -> Result<(), Failure> {
    // A cloud to play with, which keeps conversations for a week.
    let cloud = Emulator::builder().seed(7).account(ACCOUNT).conversations(40).retention(WEEK);
    let cloud = cloud.start().await?;
    let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    let url: BaseUrl = cloud.base_url().parse()?;
    let source = RestSource::builder(url, cloud.sdk_app_id(), signer).retention(WEEK).build();
    let conversations = Conversations::builder(ACCOUNT).source(source).build().await?;

    // The ten newest, updated at most twenty times per second.
    let mut live = conversations.subscribe(All).window(10).coalesce(Duration::from_millis(50));
    let mut rows = Vec::new();
    let mut screen = Screen::new();

    // All events happen in this task. It takes the only handle with it, and the stream ends when
    // that is dropped.
    let life = tokio::spawn(life::live(cloud.world(), conversations, screen.pause()));
    while let Some(update) = live.next().await {
        update.apply(&mut rows)?;
        screen.show(&update, &rows)?;
    }
    life.await??;
    cloud.stop().await;
    Ok(())
}

/// Returns true if the reader of the output went away, as `head` does: no failure of this program.
fn is_unread(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
