//! The public types of an engine: they differ in their names, in their docs, and in how the rows
//! are opened.

/// Makes a database, its options and the store of one account of an engine's rows.
macro_rules! disk_types {
    (
        rows: $rows:ty, opened_by: $open:path, read_by: $read:path,
        $(#[$database_doc:meta])* pub struct $database:ident;
        $(#[$options_doc:meta])* pub struct $options:ident;
        $(#[$store_doc:meta])* pub struct $store:ident;
    ) => {
        $(#[$database_doc])*
        #[derive(Debug)]
        pub struct $database(
            $crate::disk::Database<$rows>,
            std::sync::Arc<$crate::disk::recover::Opening>,
        );

        $crate::delegate::delegate_database!($database);

        impl $database {
            /// Opens the database of a folder with the default options.
            ///
            /// # Errors
            #[doc = concat!("Those of [`", stringify!($options), "::open`].")]
            pub async fn open(
                path: impl AsRef<std::path::Path>,
            ) -> Result<Self, $crate::StoreError> {
                Self::options().open(path).await
            }

            /// What was met when it was opened, and opened anew after a failed write, and when
            /// accounts were loaded.
            pub fn recovery(&self) -> $crate::Recovery {
                let mut recovery = self.1.recovery();
                recovery.join(self.0.recovery());
                recovery
            }

            /// Starts a listing of the accounts that the database holds, open or closed.
            pub fn accounts(&self) -> $crate::StoredAccounts {
                self.0.accounts()
            }

            /// Returns true if it refuses every change: because that was requested, or because its
            /// folder could not be written when it was opened. It stays so until it is opened again.
            pub fn is_read_only(&self) -> bool {
                self.0.is_read_only()
            }

            /// How to open a database in another way.
            pub fn options() -> $options {
                $options::default()
            }
        }

        $(#[$options_doc])*
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct $options {
            /// What an acknowledged change survives.
            pub durability: $crate::Durability,
            /// How long an opening may take; 30 seconds at first.
            pub open_within: std::time::Duration,
            /// Opens for reading alone; false by default.
            pub read_only: bool,
        }

        impl Default for $options {
            fn default() -> Self {
                let open_within = std::time::Duration::from_secs(30);
                let durability = $crate::Durability::default();
                Self { durability, open_within, read_only: false }
            }
        }

        impl $options {
            /// Sets what an acknowledged change survives.
            #[must_use]
            pub fn durability(mut self, durability: $crate::Durability) -> Self {
                self.durability = durability;
                self
            }

            /// Sets how long an opening may take.
            #[must_use]
            pub fn open_within(mut self, limit: std::time::Duration) -> Self {
                self.open_within = limit;
                self
            }

            /// Opens for reading alone. Nothing in the folder is changed, even after a crash or damage.
            /// Several processes can read at the same time; they keep a writer out, and a writer keeps
            /// them out. All rows are copied into memory. Changes fail with
            /// [`StoreError::ReadOnly`](crate::StoreError::ReadOnly).
            #[must_use]
            pub fn read_only(mut self) -> Self {
                self.read_only = true;
                self
            }

            /// Opens the database of a folder, which is created if it is missing. Rows that are
            #[doc = concat!("damaged are no error: see [`", stringify!($database), "`].")]
            ///
            /// If the folder cannot be written (a full disk, a read-only mount, a missing right), an
            /// existing database is opened for [reading alone](Self::read_only) instead, see
            /// [`Recovery::read_only`](crate::Recovery::read_only).
            ///
            /// # Errors
            /// * [`StoreError::Locked`](crate::StoreError::Locked) if the folder is open elsewhere,
            ///   here or in another process.
            /// * [`StoreError::NewerSchema`](crate::StoreError::NewerSchema) if a newer version
            ///   wrote it.
            /// * [`StoreError::OpenTimedOut`](crate::StoreError::OpenTimedOut) if it took too long.
            /// * [`StoreError::NoRuntime`](crate::StoreError::NoRuntime) outside a Tokio runtime.
            /// * Else the system's or the engine's error: a full disk or a missing right, if the database
            ///   cannot be read either; a file where a folder should be. For reading alone also damaged
            ///   rows, and a missing database.
            ///
            /// After any of them the data is as it was.
            ///
            /// # Panics
            /// In a Tokio runtime whose time is not enabled.
            pub async fn open(
                &self,
                path: impl AsRef<std::path::Path>,
            ) -> Result<$database, $crate::StoreError> {
                let Self { durability, open_within, read_only } = *self;
                let folder = path.as_ref().to_owned();
                let opening = $crate::disk::recover::Opening::new(open_within);
                let how =
                    $crate::disk::How { durability, read_only, open: $open, read: $read };
                let (database, opening) = $crate::disk::open(folder, opening, how).await?;
                Ok($database(database, opening))
            }

            /// Opens one account's store in a folder, which is created if it is missing.
            ///
            /// # Errors
            /// Those of [`open`](Self::open); or the account's records could not be read.
            pub async fn open_store(
                &self,
                path: impl AsRef<std::path::Path>,
                account: &conv_model::AccountId,
            ) -> Result<$store, $crate::StoreError> {
                let database = self.open(path).await?;
                let mut recovery = database.recovery();
                let store = database.0.into_store(account).await?;
                recovery.join(store.recovery().without_losses());
                Ok($store(store, recovery))
            }
        }

        $(#[$store_doc])*
        #[derive(Clone, Debug)]
        pub struct $store($crate::IndexedStore, $crate::Recovery);

        $crate::delegate::delegate_store!($store);

        impl $store {
            /// Opens an account's store in a folder, which is created if it is missing, with the
            /// default options.
            ///
            /// # Errors
            #[doc = concat!("Those of [`", stringify!($options), "::open_store`].")]
            pub async fn open(
                path: impl AsRef<std::path::Path>,
                account: &conv_model::AccountId,
            ) -> Result<Self, $crate::StoreError> {
                $options::default().open_store(path, account).await
            }

            /// What was met when it was opened.
            pub fn recovery(&self) -> &$crate::Recovery {
                &self.1
            }

            /// Returns true if it refuses every change: because that was requested, or because its
            /// folder could not be written when it was opened. It stays so until it is opened again.
            pub fn is_read_only(&self) -> bool {
                self.1.read_only
            }

            /// Whether it was closed, or its runtime ended.
            pub fn is_closed(&self) -> bool {
                self.0.is_closed()
            }
        }
    };
}

pub(crate) use disk_types;
