//! Events in the cloud, and the ways in which the list learns of them.

use std::time::Duration;

use conv_api::Conversations;
use conv_emulator::World;

use super::{ACCOUNT, Failure};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Messages come in, a new user writes, a chat is pinned, one is deleted, and days pass.
pub(crate) async fn live(
    world: World,
    conversations: Conversations,
    pause: Duration,
) -> Result<(), Failure> {
    conversations.sync().await?;
    let ids: Vec<String> = world.listing(ACCOUNT)?.into_iter().map(|row| row.id).collect();
    for (step, id) in ids.iter().skip(5).step_by(3).take(8).enumerate() {
        tokio::time::sleep(pause).await;
        world.advance(Duration::from_secs(60));
        match step {
            2 => world.insert(ACCOUNT, "C2Csomebody_new", world.now())?,
            4 => world.pin(ACCOUNT, id)?,
            6 => world.remove(ACCOUNT, id)?,
            _ => drop(world.say(ACCOUNT, id, "Are you there?")?),
        }
        // A webhook would say so: something changed, look again.
        conversations.request_sync()?;
        conversations.sync().await?;
    }
    for _ in 0..7 {
        tokio::time::sleep(pause).await;
        world.advance(DAY);
        conversations.sync().await?;
    }
    Ok(())
}
