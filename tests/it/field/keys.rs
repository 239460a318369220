//! A secret key as files and environments hand it over, and page keys as URLs do.

use std::num::NonZeroUsize;

use conv_api::{All, PageKey, UserSigSigner};
use conv_tests::online::{builder, cloud, source_with, synced};

#[tokio::test]
async fn a_secret_key_with_a_newline_or_a_byte_order_mark_serves() {
    let cloud = cloud(5).await;
    let key = cloud.secret_key();
    for key in [format!("{key}\n"), format!("\u{feff}{key}"), format!(" {key}\r\n")] {
        let source = source_with(&cloud, UserSigSigner::new(cloud.identifier(), key));
        let conversations = builder(&cloud).source(source).build().await.unwrap();
        conversations.sync().await.unwrap();
    }
}

#[tokio::test]
async fn a_secret_key_in_quotes_serves_or_is_called_odd() {
    let cloud = cloud(5).await;
    let key = format!("\"{}\"", cloud.secret_key());
    let source = source_with(&cloud, UserSigSigner::new(cloud.identifier(), key));
    let conversations = builder(&cloud).source(source).build().await.unwrap();
    if let Err(error) = conversations.sync().await {
        let mut causes = vec![error.to_string()];
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        let text = causes.join(": ");
        assert!(text.contains("quot"), "{text}");
        assert!(!text.contains(cloud.secret_key()));
    }
}

#[tokio::test]
async fn a_page_key_is_safe_in_a_url_and_no_part_of_one_is_a_key() {
    let cloud = cloud(60).await;
    let conversations = synced(&cloud).await;
    let (one, mut after, mut seen) = (NonZeroUsize::MIN, None::<PageKey>, Vec::new());
    loop {
        let page = conversations.page(All, one, after.as_ref());
        seen.extend(page.rows.iter().map(|row| row.id.clone()));
        let Some(next) = page.next else { break };
        let text = next.to_string();
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)), "{text}");
        for cut in 0..text.len() {
            assert!(text[..cut].parse::<PageKey>().is_err(), "{text} cut to {cut}");
        }
        after = Some(text.parse().unwrap());
    }
    let rows = conversations.get_conversation_list(All).await.unwrap();
    assert_eq!(seen, rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>());
}
