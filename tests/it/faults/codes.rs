//! The class and the number of an error stay what the cloud said.

use conv_api::ErrorClass;
use conv_emulator::{Fault, Rule};
use conv_tests::online::{cloud, prompt};

#[tokio::test]
async fn an_error_code_of_the_cloud_keeps_its_number_and_gets_its_class() {
    let cases = [
        (50001, ErrorClass::NotFound),
        (50004, ErrorClass::Transient),
        (60007, ErrorClass::RateLimited),
        (60008, ErrorClass::Transient),
        (60010, ErrorClass::Auth),
        (70003, ErrorClass::Auth),
    ];
    for (code, class) in cases {
        let cloud = cloud(10).await;
        cloud.faults().push(Rule::always(Fault::Code(code)));
        let conversations = prompt(&cloud).build().await.unwrap();
        let error = conversations.sync().await.unwrap_err();
        assert_eq!((error.cloud_code(), error.class()), (Some(code as i32), class), "{error}");
    }
}
