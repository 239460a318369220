//! The configuration of `conv serve`: the command line over variables over a file.

use std::{fs, path::PathBuf};

use crate::support::{Cloud, KEY, run};

/// Why a server with this file, and these options, does not start. It never gets to a port.
fn refusal(file: &str, options: &[&str], variables: &[(&str, &str)]) -> String {
    let cloud = Cloud::of(1);
    let path: PathBuf = cloud.store().with_extension("toml");
    fs::write(&path, file).unwrap();
    let mut command = cloud.conv(&[&["serve", "--store", "memory:"], options].concat());
    command.envs(variables.iter().copied()).env("CONV_CONFIG", &path);
    let ended = run(&mut command);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{ended:?}");
    ended.err
}

#[test]
fn the_command_line_wins_over_variables_and_these_over_the_file() {
    let file = "listen = '127.0.0.1:1'\norigin = ['https://a.example', 'https://b.example']\n\
                proxies = 2\nany-user = true\nregion = \"file\"";
    let named = refusal(file, &[], &[]);
    assert!(named.contains(".toml: invalid value 'file' for '--region <NAME>'"), "{named}");
    // The same option from elsewhere: the file's value is not looked at.
    let other = refusal(file, &[], &[("CONV_REGION", "variable")]);
    assert!(other.contains("invalid value 'variable'") && !other.contains(".toml"), "{other}");
    let other = refusal(file, &["--region", "line"], &[("CONV_REGION", "variable")]);
    assert!(other.contains("invalid value 'line'"), "{other}");
}

#[test]
fn a_wrong_file_is_refused_in_clear_text() {
    for (file, words) in [
        ("lisen = '127.0.0.1:1'", "unknown key \"lisen\""),
        ("secret-key = 'x'", "unknown key \"secret-key\""),
        ("config = 'other.toml'", "unknown key \"config\""),
        ("help = true", "unknown key \"help\""),
        ("[limits]\nconnections = 1", "unknown key \"limits\""),
        ("listen = { port = 1 }", "listen: expected a text, a number, true, false or a list"),
        ("proxies = 'many'", "invalid value 'many' for '--proxies <N>'"),
        ("origin = ['https://a.example', '*']", "invalid value '*' for '--origin <ORIGIN>'"),
        ("listen = 'localhost'", "expected an IP address and a port, such as 127.0.0.1:8690"),
        ("proxies = 1\nproxies = 2", "line 2: "),
        ("proxies", "line 1: "),
    ] {
        let said = refusal(file, &[], &[]);
        assert!(said.contains("configuration file /") && said.contains(words), "{file}: {said}");
    }
    // A line that does not parse may hold anything. `refusal` looks for the key as well.
    let said = refusal(&format!("secret-key = {KEY} oops"), &[], &[]);
    assert!(said.contains("line 1: "), "{said}");
    let missing = refusal("", &["--config", "/nowhere/serve.toml"], &[]);
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
    let mut command = crate::support::conv(["serve", "--config", path.to_str().unwrap()]);
    let ended = run(&mut command);
    assert_eq!(ended.code, Some(9), "{ended:?}");
    assert!(ended.err.starts_with(&format!("conv: cannot listen on {listen}: ")), "{ended:?}");
}
