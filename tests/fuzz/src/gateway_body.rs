//! Bodies of requests: any is answered or refused, and an answered one may be sent again.
//!
//! The first line of the input names the call, the rest is the body.

use super::gateway::Stage;

pub fn gateway_body(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (call, body) = (&data[..end], data.get(end + 1..).unwrap_or_default());
    let Ok(call) = std::str::from_utf8(call) else { return };
    let stage = Stage::new();
    let Some((status, _)) = stage.answer("POST", &format!("/v1/{call}"), body) else { return };
    let (again, _) = stage.answer("POST", &format!("/v1/{call}"), body).unwrap();
    // What is not JSON, or not what the call takes, stays so.
    assert_eq!(status == 400, again == 400, "{status} {again}");
}
