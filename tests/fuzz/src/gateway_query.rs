//! The query of a list's URL: any is answered or refused, alike by all calls that take one, but for pages.

use super::gateway::Stage;

pub fn gateway_query(data: &[u8]) {
    thread_local!(static STAGE: Stage = Stage::new());

    let Ok(query) = std::str::from_utf8(data) else { return };
    STAGE.with(|stage| {
        let answer = |path: &str| stage.answer("GET", &format!("/v1{path}?{query}"), b"");
        let Some((status, list)) = answer("/conversations") else { return };
        let (of_totals, totals) = answer("/totals").unwrap();
        assert!(matches!(status, 200 | 400), "{status}");
        // Totals refuse what asks for a page, and nothing else that a list takes.
        assert!(of_totals == status || (status, of_totals) == (200, 400), "{status}, {of_totals}");
        if of_totals == 200 {
            let data = &list["data"];
            let (rows, all) = (data["conversationList"].as_array().unwrap(), &data["totals"]);
            assert_eq!(*all, totals["data"]["totals"]);
            assert!(rows.len() as u64 <= all["conversations"].as_u64().unwrap());
        }
    });
}
