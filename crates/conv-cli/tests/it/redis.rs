//! A store on a server. Without the program `redis-server` these pass, and say so.

use conv_store_redis::testing::{self, NodeOptions, TestNode};

use crate::support::{Cloud, ids};

#[test]
fn lists_are_kept_on_a_server() {
    if !testing::is_there() {
        return;
    }
    let cloud = Cloud::of(20);
    let options = NodeOptions { password: Some("hidden".into()), ..NodeOptions::default() };
    let node = TestNode::start(options).unwrap();
    let url = node.url();
    let synced = cloud.run(&["sync", "--json", "--store", &url]);
    if !cfg!(feature = "redis") {
        assert_eq!(synced.failed(7), "unsupported");
        return;
    }
    assert_eq!(synced.data()["rows"], 20);
    assert_eq!(ids(&cloud.run(&["list", "--json", "--store", &url]).data()), cloud.truth());
    let doctor = cloud.run(&["doctor", "--store", &url]);
    assert!(doctor.code == Some(0) && !doctor.out.contains("hidden"), "{doctor:?}");
    drop(node);
    let gone = cloud.run(&["list", "--json", "--store", &url]);
    assert_eq!(gone.failed(5), "transient");
    assert!(!gone.out.contains("hidden") && !gone.err.contains("hidden"), "{gone:?}");
}
