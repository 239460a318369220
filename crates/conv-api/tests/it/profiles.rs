//! What the profile call answers.

use std::{sync::Arc, time::Duration};

use conv_api::{All, ErrorClass, SourceError, sync::testing::Call, testing::ScriptedSource};

use crate::support::{Gated, id, over};

fn lookups(source: &ScriptedSource) -> usize {
    source.calls().iter().filter(|call| matches!(call, Call::Profile(_))).count()
}

#[tokio::test]
async fn a_lookup_adds_no_row() {
    let conversations = over(ScriptedSource::with_rows(3)).await;
    let row = conversations.get_conversation_profile(&id("C2Cuser_0002")).await.unwrap();
    assert_eq!(row.show_name(), "Name of C2Cuser_0002");
    assert!(conversations.get_conversation_list(All).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_does_not_exist_is_not_found_with_the_sdks_number() {
    let conversations = over(ScriptedSource::with_rows(3)).await;
    let error = conversations.get_conversation_profile(&id("C2Cnobody")).await.unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::NotFound, 2501));
}

#[tokio::test]
async fn that_there_is_nobody_is_remembered_for_a_while() {
    let source = Arc::new(ScriptedSource::with_rows(3));
    let conversations = over(source.clone()).await;
    for _ in 0..3 {
        conversations.get_conversation_profile(&id("C2Cnobody")).await.unwrap_err();
    }
    assert_eq!(lookups(&source), 1);
}

#[tokio::test]
async fn the_system_conversation_is_a_bare_local_row_and_takes_no_call() {
    let source = Arc::new(ScriptedSource::with_rows(3));
    let conversations = over(source.clone()).await;
    let row = conversations.get_conversation_profile(&id("@TIM#SYSTEM")).await.unwrap();
    assert_eq!(row.id, id("@TIM#SYSTEM"));
    assert!(source.calls().is_empty());
}

#[tokio::test]
async fn callers_at_once_share_one_lookup_and_a_fresh_profile_takes_none() {
    let source = Gated::new(ScriptedSource::with_rows(3));
    let conversations = over(source.clone()).await;
    let callers: Vec<_> = (0..10)
        .map(|_| {
            let conversations = conversations.clone();
            let who = id("C2Cuser_0001");
            tokio::spawn(async move { conversations.get_conversation_profile(&who).await })
        })
        .collect();
    source.gate.add_permits(1);
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(lookups(&source.source), 1);
    conversations.get_conversation_profile(&id("C2Cuser_0001")).await.unwrap();
    assert_eq!(lookups(&source.source), 1);
}

#[tokio::test(start_paused = true)]
async fn an_old_profile_is_read_again() {
    let source = Arc::new(ScriptedSource::with_rows(3));
    let conversations = over(source.clone()).await;
    conversations.get_conversation_profile(&id("C2Cuser_0001")).await.unwrap();
    tokio::time::advance(Duration::from_secs(61)).await;
    conversations.get_conversation_profile(&id("C2Cuser_0001")).await.unwrap();
    assert_eq!(lookups(&source), 2);
}

#[tokio::test]
async fn a_cached_row_is_the_answer_when_the_cloud_cannot_be_asked() {
    #[derive(Debug)]
    struct NoProfiles(ScriptedSource);

    #[async_trait::async_trait]
    impl conv_api::ConversationSource for NoProfiles {
        fn capabilities(&self) -> conv_api::sync::Capabilities {
            self.0.capabilities()
        }
        async fn pull(
            &self,
            request: &conv_api::sync::PullRequest,
        ) -> Result<conv_api::sync::Page, SourceError> {
            self.0.pull(request).await
        }
        async fn hydrate(
            &self,
            request: &conv_api::sync::HydrateRequest,
        ) -> Result<conv_api::sync::Hydrated, SourceError> {
            self.0.hydrate(request).await
        }
        async fn profile(
            &self,
            _: &conv_api::sync::ProfileRequest,
        ) -> Result<conv_api::sync::FullProfile, SourceError> {
            Err(SourceError::TimedOut)
        }
        async fn groups(
            &self,
            account: &conv_api::AccountId,
        ) -> Result<conv_api::sync::Groups, SourceError> {
            self.0.groups(account).await
        }
    }

    let conversations = over(NoProfiles(ScriptedSource::with_rows(3))).await;
    let unknown = conversations.get_conversation_profile(&id("C2Cuser_0001")).await.unwrap_err();
    assert_eq!((unknown.class(), unknown.code()), (ErrorClass::Transient, 2801));

    conversations.sync().await.unwrap();
    let row = conversations.get_conversation_profile(&id("C2Cuser_0001")).await.unwrap();
    assert_eq!(row.show_name(), "Name of C2Cuser_0001");
}
