//! Set-up of the guide's pages: a cloud on loopback, and the list of one of its users.

use std::error::Error;

use conv_api::{Conversations, Facet};
use conv_emulator::GroupType;
use tokio::runtime::Builder;

use crate::online::{ACCOUNT, builder, emulator};

/// The result of an example.
pub type Outcome = Result<(), Box<dyn Error>>;

/// Runs an example on a whole list of 60 conversations. The user has `C2Calice`, starred and in the
/// group "Suppliers", and `GROUP@TGS#1` with two unread messages.
pub fn example(example: impl AsyncFnOnce(Conversations) -> Outcome) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let cloud = emulator(58).start().await.unwrap();
        let world = cloud.world();
        world.add_user("alice", "Alice");
        world.touch(ACCOUNT, "C2Calice").unwrap();
        world.mark(ACCOUNT, "C2Calice", 1, 0).unwrap();
        world.group(ACCOUNT, "C2Calice", "Suppliers").unwrap();
        world.add_group("@TGS#1", GroupType::Public, "The team");
        world.touch(ACCOUNT, "GROUP@TGS#1").unwrap();
        world.set_unread(ACCOUNT, "GROUP@TGS#1", 2).unwrap();
        let conversations = builder(&cloud).facet(Facet::Unread).build().await.unwrap();
        conversations.sync().await.unwrap();
        example(conversations).await.unwrap();
        cloud.stop().await;
    });
}
