//! No key and no UserSig in any text that leaves the crates.

use conv_api::{Conversations, UserSigSigner};
use conv_emulator::{Fault, Rule};
use conv_tests::online::{ACCOUNT, cloud, source_with};

const KEY: &str = "canary-key-5bd2850fff3ecb11";

#[tokio::test]
async fn no_error_and_no_debug_text_holds_a_secret() {
    let faults = [
        None,
        Some(Fault::Reset),
        Some(Fault::Status(502)),
        Some(Fault::Html),
        Some(Fault::CutJson),
        Some(Fault::Code(70003)),
    ];
    for fault in faults {
        let cloud = cloud(10).await;
        if let Some(fault) = fault.clone() {
            cloud.faults().push(Rule::always(fault));
        }
        let source = source_with(&cloud, UserSigSigner::new(cloud.identifier(), KEY));
        let mut texts = vec![format!("{source:?} {source:#?}")];
        let conversations = Conversations::builder(ACCOUNT).source(source).build().await.unwrap();
        let pass = conversations.sync();
        let error = tokio::time::timeout(std::time::Duration::from_secs(60), pass);
        let error = error.await.unwrap().unwrap_err();
        texts.push(format!("{error} {error:?} {error:#?}"));
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            texts.push(format!("{cause} {cause:?}"));
            source = cause.source();
        }
        texts.push(format!("{conversations:?} {:?}", conversations.sync_report()));
        for text in texts {
            assert!(!text.contains("canary"), "{fault:?}: {text}");
            assert!(!text.contains("usersig="), "{fault:?}: {text}");
            assert!(!text.contains("eJ"), "{fault:?}: a UserSig begins so: {text}");
        }
    }
}
