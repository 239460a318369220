//! One server.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use redis::{Client, Cmd, Connection, FromRedisValue};
use tempfile::TempDir;

use super::{TestError, program};

/// Longer than any server takes to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// The options with which a server is started.
#[derive(Clone, Debug, Default)]
pub struct NodeOptions {
    /// Lines of its configuration, such as `maxmemory 10mb`.
    pub config: Vec<String>,
    /// Its password.
    pub password: Option<String>,
    /// The folder of `ca.crt`, `redis.crt` and `redis.key`: it is reached through TLS alone. Needs
    /// the feature `tls`.
    pub tls: Option<String>,
}

/// A server on a free port of loopback. It ends when this is dropped, or the process ends.
#[derive(Debug)]
pub struct TestNode {
    port: u16,
    options: NodeOptions,
    folder: TempDir,
    running: Option<Running>,
}

/// A shell that starts the server, and kills it when its own standard input is closed: so it ends
/// with the test whatever becomes of that.
#[derive(Debug)]
struct Running {
    shell: Child,
    server: u32,
}

impl TestNode {
    /// Starts a server, and waits until it answers.
    ///
    /// # Errors
    /// If it did not start.
    pub fn start(options: NodeOptions) -> Result<Self, TestError> {
        let mut last = TestError::from("no free port");
        for _ in 0..10 {
            let mut node = Self::new(options.clone())?;
            match node.run() {
                Ok(()) => return Ok(node),
                // Another process may have taken the port.
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn new(options: NodeOptions) -> Result<Self, TestError> {
        Ok(Self { port: free_port()?, options, folder: TempDir::new()?, running: None })
    }

    /// Returns the port of the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address, with the password.
    pub fn url(&self) -> String {
        let password = self.options.password.as_ref().map(|word| format!(":{word}@"));
        let scheme = if self.options.tls.is_some() { "rediss" } else { "redis" };
        format!("{scheme}://{}127.0.0.1:{}", password.unwrap_or_default(), self.port)
    }

    /// Makes a call on a connection of its own.
    ///
    /// # Errors
    /// If the server answers with an error, or cannot be reached.
    pub fn call<T: FromRedisValue>(&self, words: &[&str]) -> Result<T, TestError> {
        let mut command = Cmd::new();
        command.arg(words);
        Ok(command.query(&mut self.connect()?)?)
    }

    /// A connection of one's own.
    ///
    /// # Errors
    /// That it cannot be reached.
    pub fn connect(&self) -> Result<Connection, TestError> {
        Ok(self.client()?.get_connection_with_timeout(PATIENCE)?)
    }

    #[cfg(feature = "tls")]
    fn client(&self) -> Result<Client, TestError> {
        let Some(folder) = &self.options.tls else { return Ok(Client::open(self.url())?) };
        crate::server::provide();
        let folder = std::path::Path::new(folder);
        let read = |name: &str| std::fs::read(folder.join(name));
        let client = redis::ClientTlsConfig {
            client_cert: read("redis.crt")?,
            client_key: read("redis.key")?,
        };
        let certificates =
            redis::TlsCertificates { client_tls: Some(client), root_cert: Some(read("ca.crt")?) };
        Ok(Client::build_with_tls(self.url(), certificates)?)
    }

    #[cfg(not(feature = "tls"))]
    fn client(&self) -> Result<Client, TestError> {
        Ok(Client::open(self.url())?)
    }

    /// Kills it at once, as `kill -9` does. Data that was not written is lost.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Starts it again after it was killed, with what it had written to its disk.
    ///
    /// # Errors
    /// If it did not start.
    pub fn restart(&mut self) -> Result<(), TestError> {
        self.kill();
        self.run()
    }

    /// Stops it in its tracks without ending it, as a machine that hangs does.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    /// Returns true if it runs.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Returns the resident memory of the server, in bytes.
    pub fn resident_bytes(&self) -> Option<u64> {
        let server = self.running.as_ref()?.server;
        let status = std::fs::read_to_string(format!("/proc/{server}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
    }

    fn run(&mut self) -> Result<(), TestError> {
        self.running = Some(Running::start(&self.arguments(), &self.folder)?);
        let begun = Instant::now();
        loop {
            match self.call::<String>(&["PING"]) {
                Ok(_) => return Ok(()),
                Err(error) if begun.elapsed() > PATIENCE || !self.is_alive() => {
                    self.running = None;
                    return Err(error);
                }
                // A server that reads a certificate refuses at first.
                Err(_) => sleep(Duration::from_millis(10)),
            }
        }
    }

    fn arguments(&self) -> Vec<String> {
        let port = self.port.to_string();
        let ports = match &self.options.tls {
            None => format!("--port {port}"),
            Some(folder) => format!(
                "--port 0 --tls-port {port} --tls-auth-clients no --tls-ca-cert-file {folder}/ca.crt \
                 --tls-cert-file {folder}/redis.crt --tls-key-file {folder}/redis.key"
            ),
        };
        let fixed =
            "--bind 127.0.0.1 --save  --appendonly no --daemonize no --enable-debug-command yes";
        let mut words: Vec<String> = Vec::new();
        for part in fixed.split(' ').chain(ports.split(' ')) {
            words.push(part.to_owned());
        }
        if let Some(password) = &self.options.password {
            let both = ["--requirepass", password, "--masterauth", password];
            words.extend(both.map(str::to_owned));
        }
        for line in &self.options.config {
            let (name, value) = line.split_once(' ').unwrap_or((line, ""));
            words.extend([format!("--{name}"), value.to_owned()]);
        }
        words
    }

    fn is_alive(&self) -> bool {
        self.signal("-0")
    }

    /// Sends a signal; returns true if it arrived.
    fn signal(&self, signal: &str) -> bool {
        self.running.as_ref().is_some_and(|running| {
            let server = running.server.to_string();
            let sent = Command::new("kill").args([signal, &server]).stderr(Stdio::null()).status();
            sent.is_ok_and(|status| status.success())
        })
    }
}

impl Running {
    fn start(arguments: &[String], folder: &TempDir) -> Result<Self, TestError> {
        let script = r#""$@" >log 2>&1 & echo $!; read -r _; kill -9 $!"#;
        let mut shell = Command::new("sh")
            .args(["-c", script, "sh", &program()])
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        let stdout = shell.stdout.take().ok_or("a shell that says nothing")?;
        BufReader::new(stdout).read_line(&mut line)?;
        Ok(Self { shell, server: line.trim().parse()? })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // The shell may wait for a server that is stopped; a kill reaches it all the same.
        let _ = self.shell.wait();
    }
}

/// Returns an unused port, low enough that the cluster's own port above it exists.
fn free_port() -> Result<u16, TestError> {
    for _ in 0..1000 {
        let port = fastrand::u16(20_000..50_000);
        let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if is_free(port) && is_free(port + 10_000) {
            return Ok(port);
        }
    }
    Err("no free port".into())
}
