//! A source by mockall: call counts and failures that no cloud would script.

use std::sync::Arc;

use async_trait::async_trait;
use conv_model::AccountId;
use conv_sync::{
    Capabilities, ConversationSource, FullProfile, Groups, HydrateRequest, Hydrated, Page,
    ProfileRequest, PullRequest, SourceError,
    testing::{NOW, ScriptedSource, row},
};
use mockall::{mock, predicate::function};

use crate::support::{Cache, plan};

mock! {
    #[derive(Debug)]
    Source {}

    #[async_trait]
    impl ConversationSource for Source {
        fn capabilities(&self) -> Capabilities;
        async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError>;
        async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError>;
        async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError>;
        async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError>;
    }
}

#[tokio::test]
async fn a_pass_asks_for_its_own_account_and_plan_and_never_for_full_profiles() {
    let mut source = MockSource::new();
    source.expect_capabilities().returning(Capabilities::default);
    source
        .expect_pull()
        .with(function(|request: &PullRequest| {
            request.account.as_str() == "user_0001" && request.limit == 250
        }))
        .times(1)
        .returning(|_| {
            let id = conv_model::ConversationId::c2c("bob").map_err(|_| SourceError::NotFound)?;
            Ok(Page::new(vec![row(id, NOW)], None, Some(NOW)))
        });
    source.expect_hydrate().times(1).returning(|_| Ok(Hydrated::default()));
    source.expect_profile().never();
    source.expect_groups().never();
    let mut cache = Cache::default();
    cache.pass(&Arc::new(source), plan(250)).await.unwrap();
    assert_eq!(cache.rows.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn group_names_that_cannot_be_read_leave_the_rows() {
    let mut grouped = row(conv_model::ConversationId::c2c("bob").unwrap(), NOW);
    grouped.group_ids = Some(vec![1]);
    let mut source = MockSource::new();
    source.expect_capabilities().returning(Capabilities::default);
    source
        .expect_pull()
        .times(1)
        .returning(move |_| Ok(Page::new(vec![grouped.clone()], None, Some(NOW))));
    source.expect_hydrate().returning(|_| Ok(Hydrated::default()));
    source.expect_groups().times(5).returning(|_| Err(SourceError::network("connection refused")));
    let mut cache = Cache::default();
    cache.pass(&Arc::new(source), plan(500)).await.unwrap();
    assert_eq!(cache.rows.len(), 1);
    assert_eq!(cache.state.skipped.len(), 1);
}

#[tokio::test]
async fn an_unknown_user_is_not_requested_in_every_pass() {
    let id = conv_model::ConversationId::c2c("gone").unwrap();
    let mut source = MockSource::new();
    source.expect_capabilities().returning(Capabilities::default);
    let listed = row(id.clone(), NOW);
    source
        .expect_pull()
        .times(2)
        .returning(move |_| Ok(Page::new(vec![listed.clone()], None, Some(NOW))));
    source.expect_hydrate().times(1).returning(move |_| {
        Ok(Hydrated::new(Vec::new(), vec![(id.clone(), SourceError::NotFound)]))
    });
    let source = Arc::new(source);
    let mut cache = Cache::default();
    cache.pass(&source, plan(500)).await.unwrap();
    cache.pass(&source, plan(500)).await.unwrap();
    assert!(!cache.rows["C2Cgone"].profile.is_known());
}

#[test]
fn sources_are_object_safe_and_shared() {
    let _: Arc<dyn ConversationSource> = Arc::new(ScriptedSource::with_rows(1));
}
