//! `conv sync`, ended in the middle.

use std::time::Duration;

use conv_emulator::{Emulator, Fault, Rule};

use crate::support::{Cloud, LIST, Running, ids, until};

const PAGE: usize = 10;

/// A cloud that takes its time for each of many small pages.
fn slow_cloud() -> Cloud {
    let cloud = Cloud::with(Emulator::builder().conversations(500).page_size(PAGE));
    let slow = Fault::Slow(Duration::from_millis(20));
    cloud.emulator.faults().push(Rule::always(slow).on(LIST));
    cloud
}

/// Lists, then syncs: whole pages of the cloud's rows first, all of them in the end.
#[track_caller]
fn heals(cloud: &Cloud) {
    let truth = cloud.truth();
    let left = cloud.run(&["list", "--json"]).data();
    assert_eq!(left["isSyncCompleted"], false);
    let held = ids(&left);
    assert!(!held.is_empty() && held.len() < truth.len(), "{}", held.len());
    assert_eq!(held.len() % PAGE, 0, "half a page: {}", held.len());
    assert!(held.iter().all(|id| truth.contains(id)));
    cloud.emulator.faults().clear();
    let synced = cloud.run(&["sync", "--json"]).data();
    assert_eq!(synced["isSyncCompleted"], true);
    assert_eq!(ids(&cloud.run(&["list", "--json"]).data()), truth);
}

#[test]
fn kill_9_in_the_middle_of_a_sync_leaves_whole_pages() {
    for pages in [3, 17, 30] {
        let cloud = slow_cloud();
        let sync = Running::of(&mut cloud.conv(&["sync"]));
        until("pages", || cloud.emulator.calls().of(LIST) > pages);
        assert!(!sync.kill().success());
        heals(&cloud);
    }
}

#[test]
fn ctrl_c_in_the_middle_of_a_sync_leaves_whole_pages_and_ends_with_130() {
    let cloud = slow_cloud();
    let sync = Running::of(&mut cloud.conv(&["sync"]));
    until("pages", || cloud.emulator.calls().of(LIST) > 5);
    sync.interrupt();
    let ended = sync.end();
    assert_eq!((ended.code, ended.out.as_str()), (Some(130), ""), "{ended:?}");
    assert_eq!(ended.err, "conv: interrupted; the rows pulled so far are kept\n");
    heals(&cloud);
}
