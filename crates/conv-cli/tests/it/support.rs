//! A cloud on loopback, and the binary run against it.

use std::{
    path::PathBuf,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

use conv_emulator::{Builder, Emulator};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const ACCOUNT: &str = "user_0001";
pub(crate) const LIST: &str = "recentcontact/get_list";
/// No output of any run may hold it.
pub(crate) const KEY: &str = "a-made-up-key-that-stays-secret-0123456789";

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap());

/// Runs a future of the libraries.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

/// The binary, with nothing of the environment that it would listen to.
pub(crate) fn conv<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conv"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CONV_")
            || ["NO_COLOR", "COLUMNS"].contains(&&*name)
            || name.starts_with("CLICOLOR")
        {
            command.env_remove(&*name);
        }
    }
    command.args(arguments).stdin(Stdio::null()).env("TERM", "xterm");
    command
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        let out = String::from_utf8(output.stdout).unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(!out.contains(KEY) && !err.contains(KEY), "the key is shown: {out}\n{err}");
        Self { code: output.status.code(), out, err }
    }

    /// Standard output as the one JSON document that it is.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same, of a run that went well.
    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        let json = self.json();
        assert_eq!(json["code"], 0, "{self:?}");
        json["data"].clone()
    }

    /// The class of a run that failed, after a look at its shape.
    #[track_caller]
    pub(crate) fn failed(&self, exit: i32) -> String {
        self.failed_with(exit, &["class", "code", "message"])
    }

    /// The `data` of a run that failed after it found something.
    #[track_caller]
    pub(crate) fn failed_data(&self, exit: i32, class: &str) -> Value {
        assert_eq!(self.failed_with(exit, &["class", "code", "data", "message"]), class);
        self.json()["data"].clone()
    }

    #[track_caller]
    fn failed_with(&self, exit: i32, known: &[&str]) -> String {
        assert_eq!(self.code, Some(exit), "{self:?}");
        let json = self.json();
        let mut members: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        members.sort();
        assert_eq!(members, known, "{self:?}");
        assert!(json["code"].as_i64().unwrap() != 0 && json["message"].is_string(), "{self:?}");
        json["class"].as_str().unwrap().to_owned()
    }
}

#[track_caller]
pub(crate) fn run(command: &mut Command) -> Ended {
    Ended::of(command.output().unwrap())
}

/// A cloud on loopback, and a folder for stores.
pub(crate) struct Cloud {
    pub(crate) emulator: Emulator,
    folder: TempDir,
}

impl Cloud {
    pub(crate) fn of(conversations: usize) -> Self {
        Self::with(Emulator::builder().conversations(conversations))
    }

    pub(crate) fn with(builder: Builder) -> Self {
        let builder = builder.account(ACCOUNT).secret_key(KEY).plan_limit(500);
        let emulator = block_on(builder.start()).unwrap();
        Self { emulator, folder: tempfile::tempdir().unwrap() }
    }

    /// The folder of the store.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// The binary with a command, on this cloud and this store.
    pub(crate) fn conv(&self, arguments: &[&str]) -> Command {
        let mut command = conv(arguments.iter().copied());
        command
            .env("CONV_SECRET_KEY", KEY)
            .env("CONV_BASE_URL", self.emulator.base_url())
            .env("CONV_SDKAPPID", self.emulator.sdk_app_id().to_string())
            .env("CONV_ACCOUNT", ACCOUNT)
            .env("CONV_PLAN_LIMIT", "500")
            .env("CONV_STORE", self.store());
        command
    }

    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run(&mut self.conv(arguments))
    }

    /// The IDs of the cloud's list, in list order.
    pub(crate) fn truth(&self) -> Vec<String> {
        let rows = self.emulator.world().listing(ACCOUNT).unwrap();
        rows.iter().map(|row| row.id.clone()).collect()
    }
}

/// A pulled list, and a conversation with a user that is not pinned.
pub(crate) fn pulled(conversations: usize) -> (Cloud, String) {
    let cloud = Cloud::of(conversations);
    cloud.run(&["sync", "--json"]).data();
    let id = cloud.truth().into_iter().rfind(|id| id.starts_with("C2C")).unwrap();
    (cloud, id)
}

/// The same command without a cloud.
#[track_caller]
pub(crate) fn offline(cloud: &Cloud, arguments: &[&str]) -> Ended {
    let mut command = cloud.conv(arguments);
    run(command.env_remove("CONV_BASE_URL").env_remove("CONV_SECRET_KEY"))
}

/// The IDs of a list's `data`.
#[track_caller]
pub(crate) fn ids(data: &Value) -> Vec<String> {
    let rows = data["conversationList"].as_array().unwrap();
    rows.iter().map(|row| row["conversationID"].as_str().unwrap().to_owned()).collect()
}

/// The rows of a list's `data`, but for when their names were read.
pub(crate) fn rows(data: &Value) -> Vec<Value> {
    let mut rows = data["conversationList"].as_array().unwrap().clone();
    rows.iter_mut().for_each(|row| drop(row.as_object_mut().unwrap().remove("profileReadAt")));
    rows
}

/// A process that is ended, whatever becomes of its test.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    #[track_caller]
    pub(crate) fn of(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// As Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    }

    pub(crate) fn kill(mut self) -> ExitStatus {
        self.0.kill().unwrap();
        self.0.wait().unwrap()
    }

    #[track_caller]
    pub(crate) fn end(mut self) -> Ended {
        use std::io::Read;

        let (mut out, mut err) = (Vec::new(), Vec::new());
        self.0.stdout.take().map(|mut pipe| pipe.read_to_end(&mut out).unwrap());
        self.0.stderr.take().map(|mut pipe| pipe.read_to_end(&mut err).unwrap());
        Ended::of(Output { status: self.0.wait().unwrap(), stdout: out, stderr: err })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until something holds; a minute is for ever.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Compares with a committed file; with `CONV_BLESS` set it is written instead.
#[track_caller]
pub(crate) fn committed(file: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
    if std::env::var_os("CONV_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(known, text, "{file} differs; CONV_BLESS=1 cargo test takes the new one");
}
