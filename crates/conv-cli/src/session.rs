//! A running list: its store, and the cloud that it is pulled from.

use std::sync::Arc;

use conv_api::{Conversations, ConversationsBuilder, Coverage};

use crate::{
    Error, Output,
    args::{CloudArgs, StoreArgs},
    cloud::Counted,
    output::recovery,
    store::Opened,
};

/// Opens the list of the command line's account, pulled from `source`.
pub(crate) async fn open(
    store: &StoreArgs,
    cloud: &CloudArgs,
    source: Arc<Counted>,
    output: &Output,
) -> Result<Conversations, Error> {
    let opened = store.open().await?;
    recovery::note(&opened.recovery, output);
    pulling(store, cloud, source, opened).await
}

/// Starts a list in an open store, pulled from `source`.
pub(crate) async fn pulling(
    store: &StoreArgs,
    cloud: &CloudArgs,
    source: Arc<Counted>,
    opened: Opened,
) -> Result<Conversations, Error> {
    let held = opened.store.snapshot();
    let builder = on(store, opened).source(source).plan_limit(cloud.limit(&held));
    let builder = cloud.facets(&held).into_iter().fold(builder, ConversationsBuilder::facet);
    Ok(builder.build().await?)
}

/// Starts a list in an open store, to be changed: what is changed is sent to the cloud, if there is
/// one.
pub(crate) async fn changing(
    store: &StoreArgs,
    cloud: &CloudArgs,
    source: Option<Arc<Counted>>,
    opened: Opened,
    output: &Output,
) -> Result<Conversations, Error> {
    recovery::note(&opened.recovery, output);
    let held = opened.store.snapshot();
    let mut builder = on(store, opened).plan_limit(cloud.limit(&held));
    if let Some(source) = source {
        builder = builder.source(Arc::clone(&source)).writer(source);
        builder = cloud.facets(&held).into_iter().fold(builder, ConversationsBuilder::facet);
    }
    Ok(builder.build().await?)
}

/// Starts a list in an open store.
pub(crate) fn on(store: &StoreArgs, opened: Opened) -> ConversationsBuilder {
    let builder = Conversations::builder(store.account.as_str());
    match opened.shared {
        // Its leases decide which process pulls.
        Some(shared) => builder.shared_database(shared),
        None => builder.store(opened.store),
    }
}

/// Returns a list that the store knows: it was pulled, or has changes, or lost what it had.
///
/// # Errors
/// That it was never pulled: its account may be misspelt, and an empty answer would hide that.
pub(crate) async fn known(
    store: &StoreArgs,
    list: Conversations,
    has_lost: bool,
) -> Result<Conversations, Error> {
    let is_empty = list.sync_report().coverage == Coverage::Empty && list.pending().is_empty();
    if is_empty && !has_lost {
        list.close().await?;
        return Err(store.never_pulled()?);
    }
    Ok(list)
}
