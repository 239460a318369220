//! A world that changes while it is read.

use std::time::Duration;

use fastrand::Rng;

use crate::world::{GROUP_NAMES, World};

/// The changes to an account's list after each page that is read of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Churn {
    /// No changes.
    #[default]
    Still,
    /// This many random changes, a second apart: messages, recalls, new and deleted conversations,
    /// pins, marks and groups.
    PerPage(u32),
}

pub(crate) fn churn(world: &World, account: &str, churn: Churn) {
    let Churn::PerPage(changes) = churn else {
        return;
    };
    for _ in 0..changes {
        world.advance(Duration::from_secs(1));
        let rng = world.lock().rng.fork();
        change(world, account, rng);
    }
}

/// Makes one change. Ignores errors, which mean that the list is empty or the account is gone.
fn change(world: &World, account: &str, mut rng: Rng) {
    let Some(row) = random_row(world, account, &mut rng) else {
        return;
    };
    let row = row.as_str();
    let now = world.now();
    let done = match rng.u8(..100) {
        0..=44 => world.touch(account, row).map(drop),
        45..=54 => {
            let known = world.lock().directory.first_users.clone();
            let peer = rng.choice(&known).map_or_else(|| "guest".into(), |id| id.to_string());
            world.insert(account, &format!("C2C{peer}"), now)
        }
        55..=64 => world.remove(account, row),
        65..=74 => {
            let by = Duration::from_secs(rng.u64(1..24 * 3600));
            world.recall(account, row, by).map(drop)
        }
        75..=82 => world.pin(account, row),
        83..=90 => world.unpin(account, row),
        91..=95 => world.mark(account, row, 1 << rng.u8(..4), 1 << rng.u8(32..64)),
        _ => {
            let name = rng.choice(GROUP_NAMES).copied().unwrap_or("Suppliers");
            world.group(account, row, name)
        }
    };
    drop(done);
}

fn random_row(world: &World, account: &str, rng: &mut Rng) -> Option<String> {
    let mut state = world.lock();
    let rows = &state.account(account)?.rows;
    let place = rng.usize(..rows.len().max(1));
    rows.keys().nth(place).map(ToString::to_string)
}
