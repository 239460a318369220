//! Reading through a gateway.

use async_trait::async_trait;
use conv_model::{AccountId, Conversation, ErrorClass, Position};
use conv_sync::{
    Capabilities, Changes, ChangesRequest, ConversationSource, CursorPromise, FullProfile, Groups,
    HydrateRequest, Hydrated, ListingOrder, Page, ProfileRequest, PullRequest, SourceError,
};
use serde_json::json;

use super::{
    GatewaySource,
    http::{Call, protocol},
    wire::{self, ChangesData, ListData},
};

/// The maximum number of rows that a gateway gives per page.
const MAX_PAGE: u32 = 500;

#[async_trait]
impl ConversationSource for GatewaySource {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        // Pages come in list order, and begin after a row.
        capabilities.order = ListingOrder::NewestFirst;
        capabilities.cursors = CursorPromise::Exact;
        // Rows have what the gateway knows; it reads more where its own users look.
        capabilities.facets = Vec::new();
        capabilities.offers_changes = true;
        capabilities
    }

    async fn pull(&self, request: &PullRequest) -> Result<Page, SourceError> {
        let limit = request.limit.clamp(1, MAX_PAGE);
        let argument = match &request.cursor {
            Some(cursor) => json!({ "limit": limit, "after": cursor.as_str() }),
            None => json!({ "limit": limit }),
        };
        let call = Call::post("/conversations/list", &argument);
        let answer = self.shared.call(&request.account, &call).await;
        let answer = answer.map_err(|error| match error.class() {
            // A page key that is refused: the list is read from its first page.
            ErrorClass::InvalidArgument if request.cursor.is_some() => SourceError::CursorExpired,
            _ => error,
        })?;
        let data: ListData<'_> = wire::data(&answer.body)?;
        let (rows, skipped) = wire::rows(&data.conversation_list)?;
        let mut page = Page::new(rows, data.next()?, None);
        page.skipped = skipped;
        let upstream = data.upstream()?;
        if request.cursor.is_none() {
            self.shared.note(&request.account, &upstream);
        }
        page.upstream = Some(upstream);
        Ok(page)
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<Changes, SourceError> {
        let since: Position =
            request.since.as_str().parse().map_err(|_| SourceError::CursorExpired)?;
        let body = json!({ "whole": true, "wait": 0, "position": since });
        let call = Call::post("/conversations/changes", &body);
        let answer = self.shared.call(&request.account, &call).await?;
        if answer.is_empty {
            return Ok(Changes::default());
        }
        let data: ChangesData<'_> = wire::data(&answer.body)?;
        match data.kind.as_str() {
            "changes" => {
                let changes = changes(&data, since)?;
                changes.upstream.iter().for_each(|it| self.shared.note(&request.account, it));
                Ok(changes)
            }
            "tooOld" => Err(SourceError::CursorExpired),
            _ => Err(protocol("changes of an unknown kind")),
        }
    }

    async fn hydrate(&self, request: &HydrateRequest) -> Result<Hydrated, SourceError> {
        let what = format!("the facet {:?}", request.facet);
        Err(SourceError::Unsupported { what })
    }

    async fn profile(&self, request: &ProfileRequest) -> Result<FullProfile, SourceError> {
        #[derive(serde::Deserialize)]
        struct Data {
            conversation: Conversation,
        }
        let call = Call::post("/conversations/profile", &json!({ "conversationID": request.id }));
        let answer = self.shared.call(&request.account, &call).await;
        let answer = answer.map_err(|error| match error.class() {
            ErrorClass::NotFound => SourceError::NotFound,
            _ => error,
        })?;
        let Data { conversation } = wire::data(&answer.body)?;
        if conversation.id != request.id {
            return Err(protocol("the profile of another conversation"));
        }
        Ok(FullProfile::new(wire::patch(conversation)))
    }

    async fn groups(&self, account: &AccountId) -> Result<Groups, SourceError> {
        let answer = self.shared.call(account, &Call::get("/groups")).await?;
        let names: Vec<String> = wire::data(&answer.body)?;
        // A gateway names groups and gives no numbers; rows name theirs as well.
        let names = (1..).zip(names.into_iter().map(Into::into)).collect();
        Ok(Groups::new(names, None))
    }
}

/// Reads changes. Those of another list, or of a node that is behind, do not follow the rows held.
fn changes(data: &ChangesData<'_>, since: Position) -> Result<Changes, SourceError> {
    let upstream = data.upstream()?;
    let position = upstream.position.as_ref().and_then(|position| position.as_str().parse().ok());
    // While the gateway shows rows that events stated, its position is in an epoch of their own.
    let is_behind = |to: Position| to.epoch == since.epoch && to.write < since.write;
    if position.is_some_and(is_behind) {
        return Err(SourceError::CursorExpired);
    }
    let (rows, skipped) = wire::rows(&data.rows)?;
    let mut changes = Changes::new(rows, data.removed()?, upstream);
    changes.skipped = skipped;
    Ok(changes)
}
