//! Stores that are an [`IndexedStore`](crate::IndexedStore) over one engine, and their databases.

/// Implements the store's trait for a newtype over [`IndexedStore`](crate::IndexedStore).
macro_rules! delegate_store {
    ($store:ty) => {
        /// Hands over what the store over the engine gives, which is boxed already.
        #[deny(clippy::missing_trait_methods)]
        impl $crate::ConversationStore for $store {
            fn snapshot(&self) -> $crate::Snapshot {
                self.0.snapshot()
            }

            fn watch(&self) -> $crate::Watcher {
                self.0.watch()
            }

            fn apply<'a, 'b>(
                &'a self,
                delta: conv_model::Delta,
            ) -> $crate::store::Pending<'b, conv_model::Commit>
            where
                'a: 'b,
                Self: 'b,
            {
                self.0.apply(delta)
            }

            fn put_local<'a, 'b>(
                &'a self,
                id: conv_model::ConversationId,
                local: conv_model::Local,
            ) -> $crate::store::Pending<'b, conv_model::Commit>
            where
                'a: 'b,
                Self: 'b,
            {
                self.0.put_local(id, local)
            }

            fn mutate<'a, 'b>(
                &'a self,
                change: conv_model::OutboxChange,
            ) -> $crate::store::Pending<'b, conv_model::Commit>
            where
                'a: 'b,
                Self: 'b,
            {
                self.0.mutate(change)
            }

            fn close<'a, 'b>(&'a self) -> $crate::store::Pending<'b, ()>
            where
                'a: 'b,
                Self: 'b,
            {
                self.0.close()
            }
        }
    };
}

/// Implements the database's trait for a newtype over another database.
#[cfg(any(feature = "redb", feature = "sled"))]
macro_rules! delegate_database {
    ($database:ty) => {
        #[deny(clippy::missing_trait_methods)]
        #[async_trait::async_trait]
        impl $crate::ConversationDatabase for $database {
            async fn account(
                &self,
                account: &conv_model::AccountId,
            ) -> Result<std::sync::Arc<dyn $crate::ConversationStore>, $crate::StoreError> {
                self.0.account(account).await
            }

            async fn forget(
                &self,
                account: &conv_model::AccountId,
            ) -> Result<(), $crate::StoreError> {
                self.0.forget(account).await
            }

            async fn close(&self) -> Result<(), $crate::StoreError> {
                self.0.close().await
            }

            fn pass_leases(&self) -> Option<std::sync::Arc<dyn $crate::PassLeases>> {
                self.0.pass_leases()
            }
        }
    };
}

#[cfg(any(feature = "redb", feature = "sled"))]
pub(crate) use delegate_database;
pub(crate) use delegate_store;
