//! Names of conversation groups: read with each pass, in pages of any size.

use conv_api::ConversationFilter;
use conv_tests::online::{ACCOUNT, emulator, prompt, row, script, shown, truth};

use super::{ALICE, later, listed, two};

const GROUPS: &str = "recentcontact/get_contact_group";

#[tokio::test]
async fn a_renamed_conversation_group_shows_its_new_name_after_one_pass() {
    let cloud = two().await;
    cloud.world().group(ACCOUNT, ALICE, "Suppliers").unwrap();
    let conversations = listed(&cloud).await;
    cloud.world().rename_conversation_group(ACCOUNT, "Suppliers", "Partners").unwrap();
    later(&cloud, &conversations).await;
    assert_eq!(row(&conversations, ALICE).await.listing.groups, ["Partners".into()]);
    for (name, count) in [("Partners", 1), ("Suppliers", 0)] {
        let list = conversations
            .get_conversation_list(ConversationFilter::group_name(name))
            .await
            .unwrap();
        assert_eq!(list.len(), count, "{name}");
    }
    let names = conversations.snapshot().groups();
    assert!(
        names.contains(&"Partners".into()) && !names.contains(&"Suppliers".into()),
        "{names:?}"
    );
}

#[tokio::test]
async fn small_pages_of_groups_are_read_to_their_end_and_not_again_after_a_failure() {
    let cloud = emulator(90).start().await.unwrap();
    for row in cloud.world().listing(ACCOUNT).unwrap() {
        cloud.world().group(ACCOUNT, &row.id, "Everybody").unwrap();
    }
    script(&cloud, "page-size=1,on=get_contact_group");
    script(&cloud, "code=50004,every=3,on=get_contact_group");
    let conversations = prompt(&cloud).build().await.unwrap();
    let report = conversations.sync().await.unwrap();
    assert!(report.skipped.is_empty(), "{report:?}");
    assert_eq!(shown(&conversations).await, truth(&cloud));
    let calls = cloud.calls().of(GROUPS);
    assert!(calls <= 90 * 3 / 2 + 5, "{calls} calls for 90 pages, of which each third failed");
}
