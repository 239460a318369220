//! A running emulator.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, PoisonError},
};

use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    Builder, Calls, Churn, Error, Faults, World,
    server::Shared,
    wire::{self, Switches},
};

/// The emulated cloud, listening on loopback until it is stopped or dropped.
#[derive(Debug)]
pub struct Emulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    switches: Switches,
    task: Option<JoinHandle<()>>,
}

impl Emulator {
    /// Returns the settings for a new emulator.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) async fn listen(port: u16, shared: Shared) -> Result<Self, Error> {
        let failed = |source| Error::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(shared);
        let switches = Switches::default();
        let task = tokio::spawn(wire::listen(listener, switches.clone(), Arc::clone(&shared)));
        Ok(Self { address, shared, switches, task: Some(task) })
    }

    /// Returns `http://127.0.0.1:PORT`, to use in place of `https://` and a region's host.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns the SDKAppID.
    pub fn sdk_app_id(&self) -> u32 {
        self.shared.credentials.sdk_app_id
    }

    /// Returns the app's administrator, the only permitted caller.
    pub fn identifier(&self) -> &str {
        &self.shared.credentials.identifier
    }

    /// Returns the key that UserSigs are signed with.
    pub fn secret_key(&self) -> &str {
        &self.shared.credentials.secret_key
    }

    /// Returns a UserSig for this identifier, valid for 180 days from now.
    pub fn user_sig(&self, identifier: &str) -> String {
        self.shared.credentials.user_sig(identifier, self.shared.sig_now())
    }

    /// Returns the URL of a command such as `recentcontact/get_list`, with a query string signed by
    /// the administrator.
    pub fn signed_url(&self, command: &str) -> String {
        let identifier = self.identifier();
        format!(
            "{}/v4/{command}?sdkappid={}&identifier={}&usersig={}&random=1&contenttype=json",
            self.base_url(),
            self.sdk_app_id(),
            encoded(identifier),
            self.user_sig(identifier)
        )
    }

    /// Returns the world behind the protocol.
    pub fn world(&self) -> World {
        self.shared.world.clone()
    }

    /// Returns the script of faults.
    pub fn faults(&self) -> Faults {
        self.shared.faults.clone()
    }

    /// Sets how the world changes while it is read, from now on.
    pub fn set_churn(&self, churn: Churn) {
        *self.shared.churn.lock().unwrap_or_else(PoisonError::into_inner) = churn;
    }

    /// Returns the calls since the start or the last reset.
    pub fn calls(&self) -> Calls {
        self.shared.calls.read()
    }

    /// Resets the counts of calls.
    pub fn reset_calls(&self) {
        self.shared.calls.reset();
    }

    /// Stops listening and closes all connections. The port is free when this returns.
    pub async fn stop(mut self) {
        let task = self.task.take();
        if let Some(task) = &task {
            task.abort();
        }
        self.switches.cut_all();
        if let Some(task) = task {
            // The only possible error is the cancellation that this requested.
            drop(task.await);
        }
        self.switches.cut_all();
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        self.switches.cut_all();
    }
}

/// Percent-encodes all characters except those that are safe everywhere in a URL.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
