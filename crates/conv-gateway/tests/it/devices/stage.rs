//! The three parties, and the wire between device and gateway.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::StatusCode,
    response::IntoResponse,
};
use conv_api::{
    AccountId, Accounts, All, BaseUrl, Conversations, MemoryDatabase, RestSource, Timestamp,
    UserSigSigner, sync::SendOptions,
};
use conv_emulator::Emulator;
use conv_gateway::{AccessTokens, Drain, Gateway, GatewaySource, GatewaySourceBuilder, Host};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};
use tower::ServiceExt;

pub struct Stage {
    pub cloud: Emulator,
    pub accounts: Mutex<Accounts>,
    database: Mutex<Arc<MemoryDatabase>>,
    router: Arc<Mutex<Router>>,
    /// The calls that the gateway got.
    calls: Arc<Mutex<Vec<String>>>,
    /// The keys and bodies of the changes that the gateway got.
    keyed: Arc<Mutex<Vec<(String, String)>>>,
    /// Of the gateway.
    options: SendOptions,
    /// The path whose next answer gets lost.
    lost: Arc<Mutex<Option<&'static str>>>,
    pub wire: Wire,
}

/// The network between: counts bytes, and can be cut.
#[derive(Clone)]
pub struct Wire {
    pub address: SocketAddr,
    pub down: Arc<AtomicU64>,
    pub up: Arc<AtomicU64>,
    online: Arc<AtomicBool>,
    cut: watch::Sender<u64>,
}

fn now() -> Timestamp {
    Timestamp::from_secs(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs())
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(hasty()).await
    }

    /// With other options of the gateway.
    pub async fn with(options: SendOptions) -> Self {
        let cloud = Emulator::builder().seed(7).conversations(12).account("alice");
        let cloud = cloud.start().await.unwrap();
        cloud.world().set_now(now().as_secs());
        let database = Arc::new(MemoryDatabase::new());
        let (accounts, gateway) = gateway(&cloud, &database, &options);
        let router = Arc::new(Mutex::new(gateway));
        let calls = Arc::<Mutex<Vec<String>>>::default();
        let keyed = Arc::<Mutex<Vec<_>>>::default();
        let lost = Arc::<Mutex<Option<&'static str>>>::default();
        let (current, noted) = (Arc::clone(&router), Arc::clone(&calls));
        let (keys, losing) = (Arc::clone(&keyed), Arc::clone(&lost));
        let front = Router::new().fallback(async move |request: Request| {
            let path = request.uri().path().to_owned();
            noted.lock().unwrap().push(path.clone());
            let (head, body) = request.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            if let Some(key) = head.headers.get("idempotency-key") {
                let body = String::from_utf8(body.to_vec()).unwrap();
                keys.lock().unwrap().push((key.to_str().unwrap().to_owned(), body));
            }
            let router = current.lock().unwrap().clone();
            let answer = router.oneshot(Request::from_parts(head, Body::from(body))).await;
            match losing.lock().unwrap().take_if(|lost| path.ends_with(*lost)) {
                Some(_) => StatusCode::BAD_GATEWAY.into_response(),
                None => answer.into_response(),
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wire = Wire::to(listener.local_addr().unwrap()).await;
        tokio::spawn(async move { Host::new(front).serve(listener, &Drain::new()).await });
        let (accounts, database) = (Mutex::new(accounts), Mutex::new(database));
        Self { cloud, accounts, database, router, calls, keyed, options, lost, wire }
    }

    /// With the gateway's list pulled.
    pub async fn pulled() -> Self {
        Self::pulled_with(hasty()).await
    }

    pub async fn pulled_with(options: SendOptions) -> Self {
        let stage = Self::with(options).await;
        stage.pull().await;
        stage
    }

    /// Has the gateway read the cloud, as it is now: a pass that was under way has begun before.
    pub async fn pull(&self) {
        let list = self.list().await;
        for _ in 0..20 {
            list.sync().await.unwrap();
            if ids(&list).await == self.ids() {
                return;
            }
        }
        panic!("the gateway does not see the cloud's list");
    }

    /// Another process of the gateway, on the same store or on a new one.
    pub fn restart(&self, keeps_store: bool) {
        if !keeps_store {
            *self.database.lock().unwrap() = Arc::new(MemoryDatabase::new());
        }
        let (accounts, router) =
            gateway(&self.cloud, &self.database.lock().unwrap(), &self.options);
        *self.accounts.lock().unwrap() = accounts;
        *self.router.lock().unwrap() = router;
    }

    /// A source with the UserSig of alice.
    pub fn source(&self) -> GatewaySource {
        self.source_builder().build()
    }

    pub fn source_builder(&self) -> GatewaySourceBuilder {
        let (app, key) = (self.cloud.sdk_app_id(), self.cloud.secret_key().to_owned());
        let url = format!("http://{}/", self.wire.address);
        let user_sig = move |account: AccountId| {
            let signer = UserSigSigner::new(account.as_str(), key.as_str());
            async move { signer.sign(app, now(), Duration::from_secs(3_600)) }
        };
        GatewaySource::builder(&url, user_sig).unwrap()
    }

    pub async fn device(&self) -> Conversations {
        self.device_with(MemoryDatabase::new()).await
    }

    pub async fn device_with(
        &self,
        database: impl conv_api::store::ConversationDatabase,
    ) -> Conversations {
        self.device_of(database, self.source()).await
    }

    pub async fn device_of(
        &self,
        database: impl conv_api::store::ConversationDatabase,
        source: GatewaySource,
    ) -> Conversations {
        let builder = Conversations::builder("alice").database(database).send_options(hasty());
        builder.source(source.clone()).writer(source).build().await.unwrap()
    }

    /// Takes the paths that were called since the last time, but for logins.
    pub fn take_calls(&self) -> Vec<String> {
        let calls = std::mem::take(&mut *self.calls.lock().unwrap());
        calls.into_iter().filter(|path| !path.contains("/login")).collect()
    }

    /// Loses the next answer of a call, after the gateway has made it.
    pub fn lose(&self, path: &'static str) {
        *self.lost.lock().unwrap() = Some(path);
    }

    /// Waits until such an answer was lost.
    pub async fn has_lost(&self) {
        while self.lost.lock().unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The keys of the changes so far whose body names a text.
    pub fn keys_of(&self, text: &str) -> Vec<String> {
        let keyed = self.keyed.lock().unwrap();
        let of_it = keyed.iter().filter(|(_, body)| body.contains(text));
        of_it.map(|(key, _)| key.clone()).collect()
    }

    /// The gateway's list.
    pub async fn list(&self) -> Conversations {
        let accounts = self.accounts.lock().unwrap().clone();
        accounts.open(&"alice".parse().unwrap()).await.unwrap()
    }

    /// The IDs of the cloud's list.
    pub fn ids(&self) -> Vec<String> {
        let rows = self.cloud.world().listing("alice").unwrap();
        let mut ids: Vec<_> = rows.into_iter().map(|row| row.id).collect();
        ids.sort();
        ids
    }
}

pub async fn ids(device: &Conversations) -> Vec<String> {
    let list = device.get_conversation_list(All).await.unwrap();
    let mut ids: Vec<_> = list.iter().map(|row| row.id.to_string()).collect();
    ids.sort();
    ids
}

/// Of a cloud that shows at once what it acknowledged.
fn hasty() -> SendOptions {
    SendOptions::default().with_settle_after(Duration::from_millis(200))
}

fn gateway(
    cloud: &Emulator,
    database: &Arc<MemoryDatabase>,
    options: &SendOptions,
) -> (Accounts, Router) {
    let signer = UserSigSigner::new(cloud.identifier(), cloud.secret_key());
    let url: BaseUrl = cloud.base_url().parse().unwrap();
    let rest = Arc::new(RestSource::new(url, cloud.sdk_app_id(), signer));
    let database = Arc::clone(database);
    let accounts = Accounts::builder(database, Arc::clone(&rest)).writer(rest);
    let accounts = accounts.send_options(options.clone()).build();
    let tokens = AccessTokens::new(cloud.sdk_app_id(), cloud.secret_key()).unwrap();
    let router = Gateway::builder(accounts.clone(), tokens).build().router();
    (accounts, router)
}

impl Wire {
    pub async fn to(server: SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Self {
            address: listener.local_addr().unwrap(),
            down: Arc::default(),
            up: Arc::default(),
            online: Arc::new(AtomicBool::new(true)),
            cut: watch::Sender::new(0),
        };
        let own = wire.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                if own.online.load(SeqCst) {
                    tokio::spawn(own.clone().carry(client, server));
                }
            }
        });
        wire
    }

    async fn carry(self, client: TcpStream, server: SocketAddr) {
        let mut cut = self.cut.subscribe();
        let server = TcpStream::connect(server).await.unwrap();
        let ((from_client, to_client), (from_server, to_server)) =
            (client.into_split(), server.into_split());
        tokio::select! {
            () = copy(from_client, to_server, &self.up) => {}
            () = copy(from_server, to_client, &self.down) => {}
            _ = cut.changed() => {}
        }
    }

    /// Cuts all connections, and makes none until it is mended.
    pub fn cut(&self) {
        self.online.store(false, SeqCst);
        self.cut.send_modify(|cuts| *cuts += 1);
    }

    pub fn mend(&self) {
        self.online.store(true, SeqCst);
    }

    /// Takes the bytes up and down since the last time.
    pub fn take_bytes(&self) -> (u64, u64) {
        (self.up.swap(0, SeqCst), self.down.swap(0, SeqCst))
    }
}

async fn copy(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    count: &AtomicU64,
) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        count.fetch_add(read as u64, SeqCst);
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
