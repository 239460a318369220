//! A list at work: its store, and the cloud it is pulled from.

use std::sync::Arc;

use conv_api::Conversations;

use crate::{
    Error,
    args::{CloudArgs, StoreArgs},
    cloud::Counted,
    store::Opened,
};

/// Opens the list of the command line's account, to be pulled from `source`.
pub(crate) async fn open(
    store: &StoreArgs,
    cloud: &CloudArgs,
    source: Arc<Counted>,
) -> Result<Conversations, Error> {
    with(store, cloud, store.open().await?, source).await
}

/// The list in a store that was opened before.
pub(crate) async fn with(
    store: &StoreArgs,
    cloud: &CloudArgs,
    opened: Opened,
    source: Arc<Counted>,
) -> Result<Conversations, Error> {
    let builder = Conversations::builder(store.account.as_str()).source(source);
    let builder = match opened.shared {
        // Its leases say who pulls.
        Some(shared) => builder.shared_database(shared),
        None => builder.store(opened.store),
    };
    let builder = builder.plan_limit(cloud.plan_limit);
    let builder = cloud.facets().fold(builder, |builder, facet| builder.facet(facet));
    Ok(builder.build().await?)
}
