//! A checkpoint that the cloud refuses is a lost courtesy, and no lost list.

use conv_api::SledDatabase;
use conv_tests::online::{emulator, prompt, script, shown, truth};

#[tokio::test]
async fn a_checkpoint_that_is_refused_in_any_words_begins_at_the_head() {
    for refusal in ["cursor-refused=50002,nth=1", "cursor-refused=50004,times=5", "html,times=5"] {
        let folder = tempfile::tempdir().unwrap();
        let cloud = emulator(250).page_size(50).start().await.unwrap();
        script(&cloud, "code=60010,nth=3,on=get_list");
        let database = SledDatabase::open(folder.path()).await.unwrap();
        let first = prompt(&cloud).database(database).build().await.unwrap();
        first.sync().await.unwrap_err();
        assert_eq!(shown(&first).await.len(), 100);
        first.close().await.unwrap();

        cloud.faults().clear();
        script(&cloud, &format!("{refusal},on=get_list"));
        let database = SledDatabase::open(folder.path()).await.unwrap();
        let second = prompt(&cloud).database(database).build().await.unwrap();
        second.sync().await.unwrap_or_else(|error| panic!("{refusal}: {error}"));
        assert_eq!(shown(&second).await, truth(&cloud), "{refusal}");
    }
}
