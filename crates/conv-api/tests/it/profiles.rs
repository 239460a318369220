//! The answer of the profile call.

use std::{sync::Arc, time::Duration};

use conv_api::{
    All, ConversationPatch, ErrorClass, SourceError, Timestamp,
    sync::testing::{Call, NOW},
    testing::ScriptedSource,
};

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
async fn an_unknown_user_is_not_found_with_the_sdks_number() {
    let conversations = over(ScriptedSource::with_rows(3)).await;
    let error = conversations.get_conversation_profile(&id("C2Cnobody")).await.unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::NotFound, 2501));
}

#[tokio::test]
async fn an_unknown_user_is_remembered_for_a_while() {
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

/// A name that a pass read at a time.
fn named(name: &str, at: Option<u64>) -> ConversationPatch {
    let mut patch = ConversationPatch::new(id("C2Cuser_0001"));
    patch.profile.name = Some(name.into());
    patch.profile.read_at = at.map(|after| Timestamp::from_secs(NOW.as_secs() + after));
    patch
}

#[tokio::test]
async fn a_profile_from_memory_does_not_undo_a_newer_name() {
    for later in [Some(10), None] {
        let conversations = over(ScriptedSource::with_rows(3)).await;
        conversations.sync().await.unwrap();
        let alice = id("C2Cuser_0001");
        conversations.get_conversation_profile(&alice).await.unwrap();
        conversations.merge(named("Renamed", later)).await.unwrap();
        // Answered from memory, where the old name is.
        let answer = conversations.get_conversation_profile(&alice).await.unwrap();
        assert_eq!(answer.show_name(), "Renamed");
        assert_eq!(conversations.snapshot().get(&alice).unwrap().show_name(), "Renamed");
    }
}

#[tokio::test]
async fn a_name_that_came_during_the_call_stays() {
    for later in [Some(10), None] {
        a_name_that_came_during_the_call_stays_if_read(later).await;
    }
}

async fn a_name_that_came_during_the_call_stays_if_read(later: Option<u64>) {
    let source = Gated::new(ScriptedSource::with_rows(3));
    let conversations = over(source.clone()).await;
    source.gate.add_permits(100);
    conversations.sync().await.unwrap();
    source.gate.forget_permits(100);
    let alice = id("C2Cuser_0001");
    let caller = tokio::spawn({
        let (conversations, alice) = (conversations.clone(), alice.clone());
        async move { conversations.get_conversation_profile(&alice).await }
    });
    tokio::task::yield_now().await;
    // While the answer is on its way, a newer one is stored.
    conversations.merge(named("Renamed", later)).await.unwrap();
    source.gate.add_permits(1);
    assert_eq!(caller.await.unwrap().unwrap().show_name(), "Renamed");
    assert_eq!(conversations.snapshot().get(&alice).unwrap().show_name(), "Renamed");
}

#[tokio::test]
async fn only_the_caller_that_read_a_profile_stores_it() {
    let source = Arc::new(ScriptedSource::with_rows(3));
    let conversations = over(source.clone()).await;
    conversations.sync().await.unwrap();
    let alice = id("C2Cuser_0001");
    conversations.get_conversation_profile(&alice).await.unwrap();
    let seq = conversations.snapshot().seq();
    for _ in 0..3 {
        conversations.get_conversation_profile(&alice).await.unwrap();
    }
    assert_eq!(conversations.snapshot().seq(), seq);
}

#[tokio::test]
async fn a_draft_to_somebody_new_is_in_his_profile_and_makes_no_row() {
    let conversations = over(ScriptedSource::with_rows(3)).await;
    let alice = id("C2Cuser_0001");
    conversations.set_draft(&alice, "Dear Alice").await.unwrap();
    conversations.set_draft(&id("@TIM#SYSTEM"), "note").await.unwrap();
    let profile = conversations.get_conversation_profile(&alice).await.unwrap();
    assert_eq!(profile.local.draft_text().map(AsRef::as_ref), Some("Dear Alice"));
    assert_eq!(profile.show_name(), "Name of C2Cuser_0001");
    let system = conversations.get_conversation_profile(&id("@TIM#SYSTEM")).await.unwrap();
    assert_eq!(system.local.draft_text().map(AsRef::as_ref), Some("note"));
    assert!(conversations.get_conversation_list(All).await.unwrap().is_empty());

    // The cloud lists him, and the draft is in the row.
    conversations.sync().await.unwrap();
    let list = conversations.get_conversation_list([&alice]).await.unwrap();
    let row = list.conversation_list.first().unwrap();
    assert_eq!(row.local.draft_text().map(AsRef::as_ref), Some("Dear Alice"));
}
