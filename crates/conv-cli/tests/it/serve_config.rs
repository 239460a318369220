//! The configuration of `conv serve`: the command line over variables over a file.

use std::{fs, path::PathBuf};

use crate::support::{Cloud, KEY, conv, run};

/// Returns the error of a server that does not start with this file and these options. It never
/// opens a port.
fn refusal(file: &str, options: &[&str]) -> String {
    let cloud = Cloud::of(1);
    let path: PathBuf = cloud.store().with_extension("toml");
    fs::write(&path, file).unwrap();
    // A server that did start would fail at this port.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let all = ["serve", "--store", "memory:", "--private-listen", &taken];
    let mut command = cloud.conv(&[&all, options].concat());
    let ended = run(command.env("CONV_CONFIG", &path));
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{ended:?}");
    ended.err
}

#[test]
fn the_command_line_wins_over_variables_and_these_over_the_file() {
    let cloud = Cloud::of(1);
    // Of three ports that are taken, the message names the one that was chosen.
    let ports = [(); 3].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let [file, variable, line] = ports.each_ref().map(|port| port.local_addr().unwrap());
    let path = cloud.store().with_extension("toml");
    fs::write(&path, format!("store = 'memory:'\nlisten = '{file}'")).unwrap();
    let chosen = |has_variable: bool, arguments: &[&str]| {
        let mut command = cloud.conv(&[&["serve"], arguments].concat());
        command.env("CONV_CONFIG", &path).env_remove("CONV_STORE");
        if has_variable {
            command.env("CONV_LISTEN", variable.to_string());
        }
        let ended = run(&mut command);
        assert_eq!(ended.code, Some(9), "{ended:?}");
        ended.err.split(' ').nth(4).unwrap().trim_end_matches(':').to_owned()
    };
    let line = line.to_string();
    assert_eq!(chosen(false, &[]), file.to_string());
    assert_eq!(chosen(true, &[]), variable.to_string());
    assert_eq!(chosen(true, &["--listen", &line]), line);
    assert_eq!(chosen(false, &["--listen", &line]), line);
}

#[test]
fn a_wrong_file_is_refused_in_clear_text() {
    for (file, words) in [
        ("lisen = '127.0.0.1:1'", "unknown key \"lisen\""),
        ("secret-key = 'x'", "unknown key \"secret-key\""),
        ("config = 'other.toml'", "unknown key \"config\""),
        ("help = true", "unknown key \"help\""),
        ("json = true", "key \"json\" cannot be in the file: give --json, or set CONV_JSON"),
        ("color = 'never'", "give --color, or set CONV_COLOR"),
        ("verbose = 2", "give --verbose, or set CONV_VERBOSE"),
        ("[limits]\nconnections = 1", "unknown key \"limits\""),
        ("listen = { port = 1 }", "listen: expected a text, a number, true, false or a list"),
        ("proxies = 'many'", "invalid value 'many' for '--proxies <N>'"),
        ("origin = ['https://a.example', '*']", "invalid value '*' for '--origin <ORIGIN>'"),
        ("listen = 'localhost'", "expected an IP address and a port, such as 127.0.0.1:8690"),
        ("proxies = 1\nproxies = 2", "line 2: "),
        ("proxies", "line 1: "),
    ] {
        let said = refusal(file, &[]);
        assert!(said.contains("configuration file /") && said.contains(words), "{file}: {said}");
    }
    // A line that does not parse may hold anything. `refusal` looks for the key as well.
    let said = refusal(&format!("secret-key = {KEY} oops"), &[]);
    assert!(said.contains("line 1: "), "{said}");
    let missing = refusal("", &["--config", "/nowhere/serve.toml"]);
    assert!(missing.contains("configuration file /nowhere/serve.toml: "), "{missing}");
}

#[test]
fn the_file_starts_a_server() {
    let cloud = Cloud::of(1);
    let path = cloud.store().with_extension("toml");
    let key = cloud.store().with_extension("key");
    fs::write(&key, KEY).unwrap();
    let (sdkappid, url) = (cloud.emulator.sdk_app_id(), cloud.emulator.base_url());
    // All that it needs, and a port that is taken: it fails at the port.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let file = format!(
        "listen = '{listen}'\nstore = 'memory:'\nbase-url = '{url}'\nsdkappid = {sdkappid}\n\
         secret-key-file = '{}'\ndrain-pre-stop = 0\nany-user = true\nfacets = ['none']",
        key.display()
    );
    fs::write(&path, file).unwrap();
    let mut command = conv(["serve", "--config", path.to_str().unwrap()]);
    let ended = run(&mut command);
    assert_eq!(ended.code, Some(9), "{ended:?}");
    assert!(ended.err.starts_with(&format!("conv: cannot listen on {listen}: ")), "{ended:?}");
}

#[test]
fn the_files_of_the_guide_fit_the_command() {
    let examples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples");
    let help = run(&mut conv(["serve", "--help"])).out;
    let mut variables = 0;
    for name in ["Dockerfile", "conv-serve.service"] {
        let text = fs::read_to_string(examples.join(name)).unwrap();
        for word in text.split(|c: char| !c.is_ascii_uppercase() && c != '_') {
            if word.starts_with("CONV_") {
                assert!(help.contains(&format!("[env: {word}=")), "{name}: {word}");
                variables += 1;
            }
        }
    }
    assert!(variables > 5, "{variables}");
    // All of the file is read before the port turns out to be taken.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let file = examples.join("serve.toml");
    let arguments = ["serve", "--store", "memory:", "--listen", &listen, "--config"];
    let mut command = conv(arguments.into_iter().chain([file.to_str().unwrap()]));
    let ended = run(command.env("CONV_SECRET_KEY", KEY));
    assert!(ended.err.starts_with(&format!("conv: cannot listen on {listen}: ")), "{ended:?}");
}
