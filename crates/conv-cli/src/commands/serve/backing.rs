//! The cloud and the stored lists behind a gateway.

use std::{sync::Arc, time::Duration};

use conv_api::{Accounts, Facet};
use conv_gateway::{AccessTokens, Drain, Gateway, Inbox, Webhooks};

use super::{args::Args, demo::Demo};
use crate::{
    Error, Output,
    cloud::{Credentials, FacetName},
    output::recovery,
    store::Place,
};

/// Open lists, and the gateway to them.
#[derive(Debug)]
pub(super) struct Backing {
    pub(super) accounts: Accounts,
    pub(super) gateway: Gateway,
}

const MINUTE: Duration = Duration::from_secs(60);

impl Backing {
    /// Opens the lists. Calls no cloud: without it they are served all the same.
    pub(super) async fn open(
        args: &Args,
        demo: Option<&Demo>,
        drain: &Drain,
        output: &Output,
    ) -> Result<Self, Error> {
        let (credentials, place) = match demo {
            Some(demo) => (demo.credentials()?, args.lists.store.clone().or(Some(Place::Memory))),
            None => (credentials(args)?, args.lists.store.clone()),
        };
        // Before the store is opened, which may take long.
        let tokens = tokens(args, &credentials)?;
        let webhooks = args.webhooks.endpoint(&credentials)?;
        let database = Place::chosen(place.as_ref())?.database().await?;
        recovery::note(&database.recovery, output);

        let mut source = args.cloud.rest(credentials);
        if let Some(limiter) = database.limiter {
            source = source.rate_limiter(limiter);
        }
        let source = Arc::new(source.build());
        let mut accounts = Accounts::builder(database.lists, Arc::clone(&source))
            .writer(source)
            .memory_budget(mebibytes(args.lists.memory_budget))
            .listing_budget(args.limits.listing_budget);
        if let Some(limit) = args.cloud.plan_limit {
            accounts = accounts.plan_limit(limit);
        }
        for facet in facets(args, demo.is_some()) {
            accounts = accounts.facet(facet);
        }
        let accounts = accounts.build();
        let gateway = gateway(args, &accounts, tokens, webhooks, drain);
        Ok(Self { accounts, gateway })
    }
}

fn gateway(
    args: &Args,
    accounts: &Accounts,
    tokens: AccessTokens,
    webhooks: Option<Webhooks>,
    drain: &Drain,
) -> Gateway {
    let (public, limits) = (&args.public, &args.limits);
    let mut builder = Gateway::builder(accounts.clone(), tokens)
        .drain(drain.clone())
        .origins(&public.origin)
        .forwarded_hops(public.proxies)
        .profiles_of_any_user(public.any_user)
        .requests(limits.calls_per_minute, MINUTE)
        .cloud_calls(limits.cloud_calls_per_minute, MINUTE)
        .login_failures(limits.login_failures);
    if let Some(webhooks) = webhooks {
        builder = builder.webhooks(webhooks);
    }
    if public.inbox || args.demo {
        builder = builder.inbox(Inbox::default());
    }
    builder.build()
}

fn credentials(args: &Args) -> Result<Credentials, Error> {
    let unnamed = || Error::Usage("expected a cloud: --region or --base-url; or --demo".to_owned());
    args.cloud.credentials()?.ok_or_else(unnamed)
}

fn tokens(args: &Args, credentials: &Credentials) -> Result<AccessTokens, Error> {
    let tokens = AccessTokens::new(credentials.sdkappid, credentials.key.as_str());
    let tokens = tokens.map_err(|error| Error::Usage(format!("secret key: {error}")))?;
    Ok(tokens.administrators([&credentials.identifier]).administrators(&args.public.administrator))
}

fn facets(args: &Args, is_demo: bool) -> Vec<Facet> {
    if is_demo {
        return vec![Facet::Unread, Facet::LastMessage];
    }
    if args.cloud.facets.is_empty() {
        return vec![Facet::Unread];
    }
    args.cloud.facets.iter().copied().filter_map(FacetName::facet).collect()
}

fn mebibytes(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(1024 * 1024)
}
