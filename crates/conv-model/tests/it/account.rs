use conv_model::{AccountId, AccountIdError, testing};
use proptest::prelude::*;

#[test]
fn an_account_id_has_1_to_255_bytes() {
    let parse = |text: &str| text.parse::<AccountId>().map(|_| ());
    assert_eq!(parse(""), Err(AccountIdError::Empty));
    assert_eq!(parse(&"a".repeat(255)), Ok(()));
    assert_eq!(parse(&"a".repeat(256)), Err(AccountIdError::TooLong));
    assert_eq!(parse(&"李".repeat(86)), Err(AccountIdError::TooLong), "bytes, not characters");
    assert!(serde_json::from_str::<AccountId>("\"\"").is_err());
}

proptest! {
    #[test]
    fn an_account_id_is_kept_byte_for_byte(account in testing::account_ids()) {
        prop_assert_eq!(&account.to_string().parse::<AccountId>().unwrap(), &account);
        let json = serde_json::to_string(&account).unwrap();
        prop_assert_eq!(serde_json::from_str::<AccountId>(&json).unwrap(), account);
    }
}
