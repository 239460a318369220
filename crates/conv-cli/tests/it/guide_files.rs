//! The files of the guide for operators. Neither nginx nor docker runs here: what these files name is
//! compared with the tree and with the server. `.ci/nginx` calls a server through nginx.

use std::{fs, path::PathBuf, time::Duration};

use conv_gateway::HostOptions;

use crate::support::{conv, run};

/// The pause between heartbeats of a quiet stream.
const HEARTBEAT: u64 = 20;
/// The time for which nginx keeps an idle connection to conv, if not set otherwise.
const NGINX_KEEPS: Duration = Duration::from_secs(60);

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn example(name: &str) -> String {
    fs::read_to_string(root().join("docs/examples").join(name)).unwrap()
}

/// The value of a key of `serve.toml`, also of one in a comment.
fn served(key: &str) -> String {
    let text = example("serve.toml");
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
    line.unwrap_or_else(|| panic!("{key}")).to_owned()
}

/// One statement of nginx, with the blocks around it.
#[derive(Debug, PartialEq)]
struct Statement {
    within: Vec<String>,
    words: Vec<String>,
}

/// Reads a configuration by the grammar of nginx: words, and `;` or a block behind them.
fn nginx() -> Vec<Statement> {
    let text = example("nginx.conf");
    let text: Vec<_> = text.lines().map(|line| line.split('#').next().unwrap()).collect();
    let (mut within, mut statement, mut all) = (Vec::new(), String::new(), Vec::new());
    let mut is_quoted = false;
    for c in text.join("\n").chars() {
        is_quoted ^= c == '"';
        let words = || statement.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        match c {
            ';' if !is_quoted => {
                assert!(words().len() > 1, "a statement without a value: {statement:?}");
                all.push(Statement { within: within.clone(), words: words() });
            }
            '{' if !is_quoted => {
                assert!(!words().is_empty(), "a block without a name");
                within.push(words().join(" "));
            }
            '}' if !is_quoted => {
                assert!(words().is_empty(), "no `;` behind {statement:?}");
                assert!(within.pop().is_some(), "one `}}` too many");
            }
            c => {
                statement.push(c);
                continue;
            }
        }
        statement.clear();
    }
    assert!(within.is_empty() && statement.trim().is_empty() && !is_quoted, "{within:?}");
    all
}

#[test]
fn nginx_passes_streams_on_as_they_come_and_waits_longer_than_a_heartbeat() {
    let all = nginx();
    let of = |within: &[&str], name: &str| {
        let mut found = all.iter().filter(|it| it.within == within && it.words[0] == name);
        let words =
            found.next().unwrap_or_else(|| panic!("{name} in {within:?}")).words[1..].join(" ");
        (words, found.count())
    };
    let calls = ["server", "location /v1/"];
    for (name, value) in [
        ("proxy_pass", "http://conv"),
        ("proxy_http_version", "1.1"),
        ("proxy_buffering", "off"),
        ("gzip", "off"),
    ] {
        assert_eq!(of(&calls, name), (value.to_owned(), 0), "{name}");
    }
    let (timeout, _) = of(&calls, "proxy_read_timeout");
    let timeout: u64 = timeout.strip_suffix('s').unwrap().parse().unwrap();
    assert!(timeout >= 2 * HEARTBEAT, "{timeout}");
    let (body, _) = of(&calls, "client_max_body_size");
    assert_eq!(body, "1m", "above the 64 KiB that conv takes, and below what floods it");
    // With `proxies = 1` conv takes the last address, which nginx adds.
    assert_eq!(served("proxies"), "1");
    let forwarded = ["proxy_set_header", "X-Forwarded-For", "$proxy_add_x_forwarded_for"];
    assert!(all.iter().any(|it| it.within == calls && it.words == forwarded), "{all:?}");

    let listen = served("listen");
    assert_eq!(format!("\"{}\"", of(&["upstream conv"], "server").0), listen);
    assert!(HostOptions::default().idle_timeout > NGINX_KEEPS);
    let host = of(&["server"], "server_name").0;
    assert_eq!(served("origin"), format!("[\"https://{host}\"]"));
    let hosts: Vec<_> =
        ["serve.toml", "nginx.conf"].map(example).join("\n").lines().map(str::to_owned).collect();
    for line in hosts.iter().filter(|line| line.contains("example.com")) {
        assert!(line.contains(&host), "another host than {host}: {line}");
    }
}

/// What is on the page for other proxies holds for nginx as well.
#[test]
fn the_page_names_what_the_nginx_file_sets() {
    let page = fs::read_to_string(root().join("docs/serving-devices.md")).unwrap();
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains("`proxy_buffering off` and `gzip off` in nginx"));
    assert!(page.contains(&format!("Its read timeout must exceed {HEARTBEAT} seconds")));
}

#[test]
fn the_dockerfile_builds_from_what_is_there_and_starts_a_server() {
    let file = example("Dockerfile");
    let lines: Vec<_> = file.lines().map(str::trim).collect();
    let install = lines.iter().find(|line| line.starts_with("RUN cargo install")).unwrap();
    let words: Vec<_> = install.split_whitespace().collect();
    let after = |name: &str| words[words.iter().position(|word| *word == name).unwrap() + 1];
    let manifest = fs::read_to_string(root().join(after("--path")).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    assert!(manifest["features"].get(after("--features")).is_some(), "{install}");
    assert!(words.contains(&"--locked") && root().join("Cargo.lock").is_file());
    let binary = manifest["bin"][0]["name"].as_str().unwrap();
    let installed = format!("{}/bin/{binary}", after("--root"));
    assert!(lines.contains(&&*format!("COPY --from=build {installed} {installed}")), "{installed}");
    assert!(lines.contains(&&*format!("ENTRYPOINT [\"{binary}\"]")));
    assert!(lines.contains(&"CMD [\"serve\"]"));
    assert_eq!(run(&mut conv(["serve", "--help"])).code, Some(0));
    let build = lines.iter().find(|line| line.contains("docker build -f ")).unwrap();
    let path = build.split("-f ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(root().join(path).is_file(), "{path}");
    // The ports that are open are those that it listens on.
    let exposed = lines.iter().find_map(|line| line.strip_prefix("EXPOSE ")).unwrap();
    for (port, variable) in exposed.split(' ').zip(["CONV_LISTEN", "CONV_PRIVATE_LISTEN"]) {
        assert!(file.contains(&format!("{variable}=0.0.0.0:{port}")), "{variable} {port}");
    }
    assert!(lines.contains(&"STOPSIGNAL SIGTERM"));
}
