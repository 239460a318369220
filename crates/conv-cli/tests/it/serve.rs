//! `conv serve`: a process that serves devices, and how it ends.

use std::{
    io::{BufReader, Read, Write},
    net::TcpStream,
    process::Command,
    time::Duration,
};

use conv_api::{
    Timestamp, UserSigSigner,
    sync::{UserSigError, UserSigVerifier},
};
use serde_json::{Value, json};

use crate::{
    emulate::{line, shell},
    support::{ACCOUNT, Cloud, Ended, KEY, Running, conv, run, until},
};

/// A running server, with the addresses that it printed.
struct Served {
    running: Running,
    public: String,
    private: String,
}

/// The answer of a server.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

const FREE_PORTS: [&str; 4] = ["--listen", "127.0.0.1:0", "--private-listen", "127.0.0.1:0"];

impl Served {
    fn of(command: &mut Command) -> Self {
        let mut running = Running::of(command.args(FREE_PORTS));
        let mut out = BufReader::new(running.0.stdout.take().unwrap());
        let [public, private] = ["listening on http://", "private port on http://"].map(|prefix| {
            let line = line(&mut out);
            let address = line.strip_prefix(prefix);
            address.unwrap_or_else(|| panic!("{prefix}: {line}")).to_owned()
        });
        Self { running, public, private }
    }

    fn on(cloud: &Cloud, arguments: &[&str]) -> Self {
        Self::of(&mut cloud.conv(&[&["serve"], arguments].concat()))
    }

    fn probe(&self, path: &str) -> u16 {
        ask(&self.private, "GET", path, "", "").map_or(0, |reply| reply.status)
    }

    fn post(&self, path: &str, token: &str, body: &Value) -> Reply {
        let headers =
            format!("Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n");
        ask(&self.public, "POST", path, &headers, &body.to_string()).expect("an answer")
    }

    fn login(&self, sig: &str) -> String {
        let reply = self.post("/v1/login", "", &json!({"userID": ACCOUNT, "userSig": sig}));
        reply.data()["accessToken"].as_str().unwrap().to_owned()
    }

    fn end(self) -> Ended {
        self.running.end()
    }
}

impl Reply {
    #[track_caller]
    fn data(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        let json: Value = serde_json::from_str(&self.body).unwrap();
        json["data"].clone()
    }
}

/// One request on a connection of its own; `None` if there is no such port, or no whole answer.
fn ask(address: &str, method: &str, path: &str, headers: &str, body: &str) -> Option<Reply> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n\
         {headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().unwrap();
    Some(Reply { status, head: head.to_lowercase(), body: body.to_owned() })
}

fn is_pinned(cloud: &Cloud, id: &str) -> bool {
    let rows = cloud.emulator.world().listing(ACCOUNT).unwrap();
    rows.iter().any(|row| row.id == id && row.pinned)
}

fn user_sig(cloud: &Cloud, key: &str) -> String {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let signer = UserSigSigner::new(ACCOUNT, key);
    let sig = signer.sign(
        cloud.emulator.sdk_app_id(),
        Timestamp::from_secs(now),
        Duration::from_secs(3600),
    );
    sig.unwrap().expose().to_owned()
}

#[test]
fn a_user_reads_and_changes_his_list_and_finds_it_after_a_restart() {
    let cloud = Cloud::of(30);
    let sig = user_sig(&cloud, KEY);
    let served = Served::on(&cloud, &["--origin", "https://chat.example.com", "--retention", "30"]);
    let token = served.login(&sig);
    let list = || served.post("/v1/conversations/list", &token, &Value::Null).data();
    until("the list is whole", || list()["isSyncCompleted"] == true);
    assert_eq!(list()["conversationList"].as_array().unwrap().len(), 30);
    assert_eq!(list()["report"]["limit"], json!([{"retention": 2_592_000}]));
    let id = cloud.truth().pop().unwrap();
    let pin = json!({"conversationID": id, "isPinned": true});
    served.post("/v1/conversations/pin", &token, &pin).data();
    until("the cloud has the change", || is_pinned(&cloud, &id));

    let origin = |origin: &str| {
        let headers = format!("Origin: https://{origin}.example.com\r\n");
        ask(&served.public, "GET", "/v1/totals", &headers, "").unwrap().head
    };
    assert!(origin("chat").contains("access-control-allow-origin: https://chat.example.com"));
    assert!(!origin("evil").contains("access-control-allow-origin"));
    for private in ["/metrics", "/stats", "/readyz", "/livez"] {
        assert_eq!(served.probe(private), 200, "{private}");
        assert_eq!(ask(&served.public, "GET", private, "", "").unwrap().status, 404, "{private}");
    }
    assert_eq!(ask(&served.private, "GET", "/v1/totals", "", "").unwrap().status, 404);

    served.running.interrupt();
    served.running.interrupt();
    assert_eq!(served.end().code, Some(0));
    let again = Served::on(&cloud, &[]);
    // Of the same app, so the token is good, and the list is there at once.
    let list = again.post("/v1/conversations/list", &token, &Value::Null).data();
    assert_eq!(list["conversationList"].as_array().unwrap().len(), 30);
    let rows = list["conversationList"].as_array().unwrap();
    let row = rows.iter().find(|row| row["conversationID"] == id.as_str()).unwrap();
    assert_eq!(row["isPinned"], true);
}

#[test]
fn sigterm_warns_the_balancer_then_closes_the_ports_and_ends_well() {
    let cloud = Cloud::of(3);
    let served = Served::on(&cloud, &["--drain-pre-stop", "3", "--drain-hard-end", "20"]);
    assert_eq!((served.probe("/readyz"), served.probe("/livez")), (200, 200));
    served.running.terminate();
    until("not ready", || served.probe("/readyz") == 503);
    // Balancers do not know yet: everything is served as before.
    served.login(&user_sig(&cloud, KEY));
    assert_eq!(served.probe("/livez"), 200);
    until("closed", || TcpStream::connect(&served.public).is_err());
    let ended = served.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.err, "conv: draining: the ports close in 3 s\n");
}

#[test]
fn a_second_signal_does_not_wait_and_a_request_in_work_may_end() {
    let cloud = Cloud::of(3);
    let served = Served::on(&cloud, &["--drain-pre-stop", "3600", "--drain-hard-end", "3600"]);
    // A request whose body is still on its way.
    let body = json!({"userID": ACCOUNT, "userSig": user_sig(&cloud, KEY)}).to_string();
    let (sent, rest) = body.split_at(10);
    let mut stream = TcpStream::connect(&served.public).unwrap();
    let head = format!(
        "POST /v1/login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: {}",
        body.len()
    );
    stream.write_all(format!("{head}\r\n\r\n{sent}").as_bytes()).unwrap();
    served.running.terminate();
    until("not ready", || served.probe("/readyz") == 503);
    served.running.terminate();
    until("closed", || TcpStream::connect(&served.public).is_err());
    assert_eq!(served.probe("/livez"), 200);
    stream.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(served.end().code, Some(0));
}

#[test]
fn a_cloud_out_of_reach_takes_neither_readiness_nor_logins_away() {
    let cloud = Cloud::of(3);
    let url = ("CONV_BASE_URL", "http://127.0.0.1:1");
    let served = Served::of(cloud.conv(&["serve"]).env(url.0, url.1));
    assert_eq!(served.probe("/readyz"), 200);
    let token = served.login(&user_sig(&cloud, KEY));
    let list = served.post("/v1/conversations/list", &token, &Value::Null).data();
    assert_eq!(list["isSyncCompleted"], false);
    assert_eq!(served.probe("/readyz"), 200);
}

/// Without `-v`: an operator sees that an account's list is stale, and since when.
#[test]
fn an_outage_is_one_line_of_the_log_and_its_end_another() {
    let cloud = Cloud::of(10);
    let sig = user_sig(&cloud, KEY);
    let served = Served::on(&cloud, &["--cloud-calls-per-minute", "1000"]);
    let token = served.login(&sig);
    let count = |path: &str| {
        let text = ask(&served.private, "GET", "/metrics", "", "").unwrap().body;
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{path} ")));
        line.unwrap_or("0").parse::<u64>().unwrap()
    };
    let refresh = || served.post("/v1/conversations/refresh", &token, &json!({})).data();
    refresh();
    until("a pass", || count("conv_passes_finished_total") > 0);
    cloud.emulator.faults().push("code=70003".parse().unwrap());
    for failed in 1..=3 {
        refresh();
        until("a failed pass", || count("conv_passes_failed_total") >= failed);
    }
    cloud.emulator.faults().clear();
    let finished = count("conv_passes_finished_total");
    refresh();
    until("a pass", || count("conv_passes_finished_total") > finished);
    served.running.terminate();
    let log = served.end().err;
    let tag = conv_api::AccountTag::of(&ACCOUNT.parse().unwrap());
    for (level, words) in [
        ("WARN", format!("passes of an account fail account={tag} class=\"auth\" code=70003")),
        ("INFO", format!("passes of an account succeed again account={tag}")),
    ] {
        let lines: Vec<_> = log.lines().filter(|line| line.contains(&words)).collect();
        assert!(lines.len() == 1 && lines[0].contains(level), "{words}: {log}");
    }
    assert_eq!(log.matches("passes of an account").count(), 2, "{log}");
}

#[test]
fn no_log_shows_a_secret_or_a_user() {
    let cloud = Cloud::of(5);
    let [sig, wrong] =
        [KEY, "another key that was never the app's"].map(|key| user_sig(&cloud, key));
    let mut command = cloud.conv(&["serve", "-vv"]);
    let served = Served::of(command.env("RUST_LOG", "trace"));
    let token = served.login(&sig);
    let refused = json!({"userID": ACCOUNT, "userSig": wrong});
    assert_eq!(served.post("/v1/login", "", &refused).status, 401);
    assert_eq!(served.post("/v1/login", "", &json!({"userID": 1, "userSig": sig})).status, 400);
    served.post("/v1/login/renew", &token, &json!({})).data();
    let list = || served.post("/v1/conversations/list", &token, &Value::Null).data();
    until("the list is whole", || list()["isSyncCompleted"] == true);
    let id = cloud.truth().pop().unwrap();
    let pin = json!({"conversationID": id, "isPinned": true});
    served.post("/v1/conversations/pin", &token, &pin).data();
    until("the cloud has the change", || is_pinned(&cloud, &id));
    let metrics = ask(&served.private, "GET", "/metrics", "", "").unwrap().body;
    assert!(metrics.contains("conv_logins_total{outcome=\"refused\"} 1"), "{metrics}");
    served.running.interrupt();
    served.running.interrupt();
    let ended = served.end();
    assert!(ended.err.contains("request_id=") && ended.err.contains("rest_call"), "{ended:?}");
    for secret in [KEY, &sig, &wrong, &token, ACCOUNT, &id] {
        assert!(!ended.err.contains(secret), "{secret}: {}", ended.err);
        assert!(!metrics.contains(secret), "{secret}: {metrics}");
    }
}

#[test]
fn each_line_of_the_demo_works_when_pasted() {
    let mut command = conv(["serve", "--demo"]);
    // The app's own key is nothing for a demo, which prints what it signs.
    let mut running = Running::of(command.args(FREE_PORTS).env("CONV_SECRET_KEY", KEY));
    let mut out = BufReader::new(running.0.stdout.take().unwrap());
    assert!(line(&mut out).starts_with("listening on http://127.0.0.1:"));
    assert!(line(&mut out).starts_with("private port on http://127.0.0.1:"));
    let inbox = line(&mut out);
    assert!(inbox.starts_with("inbox at http://127.0.0.1:"), "{inbox}");
    assert!(inbox.contains("/inbox/#userID=user_0001&userSig="), "{inbox}");
    let mut calls = Vec::new();
    while calls.last().is_none_or(|last: &String| !last.ends_with("/metrics")) {
        calls.push(line(&mut out));
    }
    let printed = calls.join("\n");
    assert!(printed.starts_with("TOKEN=$(curl ") && calls.len() > 15, "{printed}");
    let sig = calls[0].split("\"userSig\":\"").nth(1).unwrap().split('"').next().unwrap();
    let now = Timestamp::from_secs(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs());
    let verified = UserSigVerifier::new(1_400_000_000, KEY).verify(sig, ACCOUNT, now);
    assert_eq!(verified.unwrap_err(), UserSigError::BadSignature);
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("no curl: the lines were not pasted");
        return;
    }
    let pasted = shell(&printed, None);
    assert_eq!(pasted.code, Some(0), "{pasted:?}");
    let (answers, private) = pasted.out.split_at(pasted.out.find("\nok\n").unwrap());
    for answer in answers.lines() {
        assert!(answer.starts_with("{\"code\":0,\"data\":"), "{answer}");
    }
    assert_eq!(answers.lines().count(), calls.len() - 3);
    assert!(private.contains("conv_requests_total{route=\"/v1/conversations/pin\""), "{private}");
    assert!(private.contains("conv_logins_total{outcome=\"accepted\"} 1"), "{private}");
    // A message comes by itself.
    let list = calls.iter().find(|call| call.contains("limit=3")).unwrap();
    let list = format!("{}\n{list}", calls[0]);
    until("a message", || {
        // Few enough to stay within an account's calls.
        std::thread::sleep(Duration::from_millis(300));
        shell(&list, None).out.contains("message 0")
    });
    running.interrupt();
    running.interrupt();
    assert_eq!(running.end().code, Some(0));
}

#[cfg(feature = "redis")]
#[test]
fn a_store_out_of_reach_is_not_ready_until_it_is_back() {
    use conv_store_redis::testing::{self, NodeOptions, TestNode};

    if !testing::is_there() {
        return;
    }
    let cloud = Cloud::of(3);
    let node = TestNode::start(NodeOptions::default()).unwrap();
    let served = Served::on(&cloud, &["--store", &node.url()]);
    assert_eq!(served.probe("/readyz"), 200);
    node.pause();
    until("not ready", || served.probe("/readyz") == 503);
    assert_eq!(served.probe("/livez"), 200);
    node.resume();
    until("ready", || served.probe("/readyz") == 200);
}

#[test]
fn json_has_the_addresses_in_one_document() {
    let mut running = Running::of(conv(["serve", "--demo", "--json"]).args(FREE_PORTS));
    let mut out = BufReader::new(running.0.stdout.take().unwrap());
    let data = serde_json::from_str::<Value>(&line(&mut out)).unwrap()["data"].clone();
    assert_eq!(data["demo"]["userID"], ACCOUNT);
    let [public, private] = ["url", "privateUrl"]
        .map(|name| data[name].as_str().unwrap().strip_prefix("http://").unwrap().to_owned());
    assert_eq!(ask(&private, "GET", "/readyz", "", "").unwrap().status, 200);
    let inbox = format!("http://{public}/inbox/#userID={ACCOUNT}&userSig=");
    assert!(data["inboxUrl"].as_str().unwrap().starts_with(&inbox), "{data}");
    assert_eq!(ask(&public, "GET", "/inbox/", "", "").unwrap().status, 200);
    let login = json!({"userID": ACCOUNT, "userSig": data["demo"]["userSig"]}).to_string();
    let json = "Content-Type: application/json\r\n";
    assert_eq!(ask(&public, "POST", "/v1/login", json, &login).unwrap().status, 200);
}

#[test]
fn missing_options_and_taken_ports_are_named() {
    let cloud = Cloud::of(1);
    let served = Served::on(&cloud, &[]);
    let second = run(cloud.conv(&["serve", "--json"]).args(FREE_PORTS));
    assert_eq!(second.failed(9), "store");
    assert!(second.out.contains("is in use by process"), "{second:?}");
    if cfg!(target_os = "linux") {
        let outbox = cloud.run(&["outbox", "list"]);
        assert_eq!(outbox.code, Some(9), "{outbox:?}");
        let words = "which serves it: call its API instead, such as GET /v1/changes";
        assert!(outbox.err.contains(words), "{outbox:?}");
    }
    let taken = run(cloud
        .conv(&["serve", "--store", "memory:", "--listen", &served.public])
        .args(&FREE_PORTS[2..]));
    assert_eq!(taken.code, Some(9), "{taken:?}");
    let words = format!("conv: cannot listen on {}: ", served.public);
    assert!(taken.err.starts_with(&words), "{taken:?}");
    let unnamed = run(&mut conv(["serve", "--store", "memory:"]));
    assert_eq!(unnamed.code, Some(2));
    assert!(unnamed.err.contains("expected a cloud: --region or --base-url; or --demo"));
    let mut keyless = cloud.conv(&["serve", "--store", "memory:"]);
    let keyless = run(keyless.env_remove("CONV_SECRET_KEY"));
    assert_eq!(keyless.code, Some(2));
    assert!(keyless.err.contains("CONV_SECRET_KEY"), "{keyless:?}");
}

#[test]
fn webhooks_are_let_in_by_their_token_and_counted() {
    let cloud = Cloud::of(3);
    let folder = tempfile::tempdir().unwrap();
    let (token, secret) = (folder.path().join("token"), folder.path().join("secret"));
    std::fs::write(&token, "xxxxyyyy\nthe token before it\n").unwrap();
    std::fs::write(&secret, "7c1e\n").unwrap();
    let files = [token.to_str().unwrap(), secret.to_str().unwrap()];
    let served = Served::on(
        &cloud,
        &["--webhook-token-file", files[0], "--webhook-path-secret-file", files[1]],
    );
    // Its time has passed long ago; one that is signed now is the library's to test.
    let query = "SdkAppid=1400000000&CallbackCommand=C2C.CallbackAfterSendMsg&RequestTime=1669872112\
        &Sign=17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061";
    for (path, status) in [("", 403), ("/7c1f", 403), ("/7c1e", 401)] {
        let reply = served.post(&format!("/v1/hooks/tencent{path}?{query}"), "", &json!({}));
        assert_eq!(reply.status, status, "{path}: {}", reply.body);
    }
    let numbers = ask(&served.private, "GET", "/metrics", "", "").unwrap().body;
    let count =
        |reason: &str| format!("conv_webhooks_total{{command=\"refused\",outcome=\"{reason}\"}}");
    assert!(numbers.contains(&format!("{} 2", count("path"))), "{numbers}");
    drop(served);
}

#[test]
fn without_a_token_there_are_no_webhooks_and_a_lone_path_secret_is_refused() {
    let cloud = Cloud::of(3);
    let served = Served::on(&cloud, &[]);
    assert_eq!(served.post("/v1/hooks/tencent", "", &json!({})).status, 404);
    drop(served);
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "7c1e\n").unwrap();
    let ended = cloud.run(&["serve", "--webhook-path-secret-file", secret.to_str().unwrap()]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("--webhook-token-file") && !ended.err.contains("7c1e"), "{ended:?}");
}

#[test]
fn a_level_of_trust_is_one_of_three_and_needs_webhooks() {
    let cloud = Cloud::of(3);
    for (args, word) in [
        (["--webhook-trust", "bump"].as_slice(), "--webhook-token-file"),
        (&["--unsigned-webhooks", "--webhook-trust", "all"], "preview"),
    ] {
        let ended = cloud.run(&[&["serve"], args].concat());
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.err.contains(word), "{ended:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("serve.toml");
    std::fs::write(&config, "unsigned-webhooks = true\nwebhook-trust = \"bump\"\n").unwrap();
    let served = Served::on(&cloud, &["--config", config.to_str().unwrap()]);
    let query = "SdkAppid=1400000000&CallbackCommand=State.StateChange";
    let reply = served.post(&format!("/v1/hooks/tencent?{query}"), "", &json!({}));
    assert_eq!(reply.status, 200, "{}", reply.body);
}
