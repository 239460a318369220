use std::process::{Command, Output};

fn run(ids: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ids-only"))
        .args(ids)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn its_own_samples_are_ids() {
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout).lines().count(), 5);
}

#[test]
fn an_id_is_described_by_its_peer() {
    let output = run(&["C2CGROUPy", "GROUP@TGS#_123@TOPIC#_news", "@TIM#SYSTEM"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        text(&output.stdout),
        "\"C2CGROUPy\": user GROUPy\n\
         \"GROUP@TGS#_123@TOPIC#_news\": topic news of community @TGS#_123\n\
         \"@TIM#SYSTEM\": system notifications\n"
    );
}

#[test]
fn a_refused_id_is_told_with_its_reason_and_the_rest_is_read() {
    let output = run(&["c2c_alice", "C2Cbob"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "\"C2Cbob\": user bob\n");
    assert!(text(&output.stderr).contains("native spelling"));
}
