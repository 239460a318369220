//! Marks that can be waited for, and marks during a pass.

use conv_api::SyncMark;

use super::*;

#[tokio::test(start_paused = true)]
async fn pulling_the_list_down_ends_with_a_list_as_fresh_as_that() {
    let names = names(1);
    let clouds = Clouds::new(&names, 25);
    let accounts = builder(&clouds).build();
    let watch = accounts.watch(&names[0], WatchLevel::Visible).await.unwrap();
    for round in 1..20 {
        clouds.touch(&names[0], round % 25, round as u64 * 50);
        let mark = watch.refresh().unwrap();
        assert!(watch.newest_reached() < mark);
        watch.reached(mark).await.unwrap();
        assert!(watch.newest_reached() >= mark);
        assert_eq!(shown(watch.list()), clouds.truth(&names[0]), "{round}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_during_a_pass_is_in_the_next_one() {
    let names = names(1);
    let clouds = Clouds::new(&names, 25);
    let accounts = builder(&clouds).build();
    let watch = accounts.watch(&names[0], WatchLevel::Visible).await.unwrap();
    fresh(std::slice::from_ref(&watch)).await;
    clouds.trouble(&names[0], Trouble::Gated);
    let first = watch.refresh().unwrap();
    let calls = clouds.calls().len();
    while clouds.calls().len() == calls {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The page is read, and its answer is on its way.
    pass_time(1).await;
    clouds.touch(&names[0], 20, 900);
    let second = watch.refresh().unwrap();
    clouds.gate.add_permits(1_000);
    watch.reached(first).await.unwrap();
    assert!(watch.newest_reached() < second);
    watch.reached(second).await.unwrap();
    assert_eq!(shown(watch.list()), clouds.truth(&names[0]));
}

#[tokio::test(start_paused = true)]
async fn impatience_costs_a_pass_per_interval() {
    let names = names(1);
    let clouds = Clouds::new(&names, 2);
    let accounts = builder(&clouds).build();
    let watch = accounts.watch(&names[0], WatchLevel::Visible).await.unwrap();
    fresh(std::slice::from_ref(&watch)).await;
    let before = accounts.stats().passes_finished;
    for _ in 0..1_000 {
        let _ = watch.refresh().unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let passes = accounts.stats().passes_finished - before;
    assert!((8..=11).contains(&passes), "{passes}");
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_pulls_after_a_mark_spares_its_pass() {
    let names = names(1);
    let clouds = Clouds::new(&names, 2);
    let accounts = builder(&clouds).build();
    let watch = accounts.watch(&names[0], WatchLevel::Visible).await.unwrap();
    fresh(std::slice::from_ref(&watch)).await;
    pass_time(5).await;
    let before = accounts.stats().passes_finished;
    accounts.mark(&names[0], Work::Listing);
    watch.list().sync().await.unwrap();
    pass_time(10).await;
    assert_eq!(accounts.stats().passes_finished - before, 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_account_says_why_and_is_tried_by_the_next_mark() {
    let names = names(1);
    let clouds = Clouds::new(&names, 2);
    let accounts = builder(&clouds).build();
    let watch = accounts.watch(&names[0], WatchLevel::Visible).await.unwrap();
    clouds.trouble(&names[0], Trouble::Refused);
    let error = watch.reached(watch.refresh().unwrap()).await.unwrap_err();
    assert_eq!(error.code(), 70003);
    clouds.trouble(&names[0], Trouble::None);
    accounts.mark(&names[0], Work::Listing);
    pass_time(10).await;
    assert_eq!(shown(watch.list()), clouds.truth(&names[0]));
}

#[tokio::test(start_paused = true)]
async fn the_marks_of_finished_passes_can_be_followed() {
    let names = names(1);
    let clouds = Clouds::new(&names, 2);
    let accounts = builder(&clouds).build();
    let watch = accounts.watch(&names[0], WatchLevel::Visible).await.unwrap();
    let first = watch.reached_after(SyncMark::default()).await.unwrap();
    accounts.mark(&names[0], Work::Listing);
    let second = watch.reached_after(first).await.unwrap();
    assert!(second > first && watch.newest_reached() == second);
    watch.list().close().await.unwrap();
    assert!(watch.reached_after(second).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_account_that_was_pulled_before_is_pulled_at_once() {
    let names = names(1);
    let clouds = Clouds::new(&names, 2);
    let accounts = builder(&clouds).build();
    let list = accounts.open(&names[0]).await.unwrap();
    list.sync().await.unwrap();
    let begun = tokio::time::Instant::now();
    let watch = accounts.watch(&names[0], WatchLevel::Visible).await.unwrap();
    watch.reached_after(SyncMark::default()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
}
