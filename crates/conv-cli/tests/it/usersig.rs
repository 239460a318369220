//! `conv usersig`.

use crate::support::{Ended, conv, run};

const K1: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const K3: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// UserSigs that Tencent's own package made at 1700000000: app, identifier, lifetime, key, text.
const VECTORS: [(&str, &str, &str, &str, &str); 6] = [
    (
        "1400000000",
        "administrator",
        "15552000",
        K1,
        "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwokpuZl5mcUlRYkl*UVQBcUp2YkFBZkpSlaGJgZQAJEpycxNVbIyNEcVTa0oyCwCiZuamhrBRYsz05WslLycqyoS89ws-EJCIhJLTXK1jTIsy8vM0yO98ir9sotzDSpyDf1cI0KNzE1slWoBQr40pw__",
    ),
    (
        "1400000000",
        "user_0001",
        "604800",
        K1,
        "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwqXFqUXxBgYGhlDJ4pTsxIKCzBQlK0MTAyiAyJRk5qYqWRmao4qmVhRkFqUqWZkZmFjAxIoz05WslLwLDSsrq5J9kwu1vdz8zUxSUquiynyNLT3SUvw99E0rLF0MCitLI0Kz8j1tlWoBWIcxwg__",
    ),
    (
        "88888888",
        "admin",
        "86400",
        K3,
        "eJw1yV0LgjAUxvHvcq5Dtl7XoJvWXYKRMetysKOdajJ0qCB990DX-*75PSPc0jzpsAEJy4TBYtpksQ5U0sTGOqrj0dq38Z4sSBGbPZBDkHzHYrPi4KlBkGK7-lNLFUhAe6zU6mNOfu*y*0ZonmeP8FQFu*jXVae6LygI1fFzf4DvD1A8ME4_",
    ),
    (
        "1400000001",
        "a",
        "1",
        K1,
        "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwolQweKU7MSCgswUJStDEwMIMITIlGTmpipZGZpDRQ0goqkVBZlFIHGo9sx0JSslw6qskDS-fKfIiuwss6JIk6QUl2zzUN-ilPBUX0vtfLOgQB*f8IBgp2DLYlulWgD2Ny4d",
    ),
    (
        "20000001",
        "user name+/=~",
        "3600",
        "k",
        "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwqXFqUUKeYm5qdr6tnVQBcUp2YkFBZkpSlZGBmBgCBEvycxNVbIyNDeAAohoakVBZlGqkpWxGUykODMdZKFjYUCuY7lrUElRVLB*RL5BSLpzWmRFhUewcVBlhKO7sUVJqWtEmEl*WKCtUi0AvoUykA__",
    ),
    (
        "1600000000",
        "12345678901234567890123456789012",
        "15552000",
        K1,
        "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwoZGxiamZuYWlgbYWVA9xSnZiQUFmSlKVoZmBlAAkSnJzE1VsjI0RxVNrSjILAKJm5qaGsFFizPTlayUig2NA7Uzo3Kyc6PywlLCjcMtU82T-DxDLN3KEvMrTP1Djf3dEo380ypc8m2VagHE4zWC",
    ),
];

#[track_caller]
fn usersig(key: &str, arguments: &[&str]) -> Ended {
    run(conv(["usersig"]).args(arguments).env("CONV_SECRET_KEY", key))
}

#[test]
fn usersigs_of_tencents_own_package_are_good() {
    for (app, identifier, _, key, sig) in VECTORS {
        let who = ["verify", "--sdkappid", app, "--identifier", identifier];
        let good = usersig(key, &[&who[..], &["--now", "1700000000", sig]].concat());
        assert_eq!(good.code, Some(0), "{good:?}");
    }
}

#[test]
fn a_usersig_is_bad_for_another_app_user_key_or_time() {
    let (app, identifier, _, key, sig) = VECTORS[0];
    let verify = |key, app, identifier, now, sig| {
        let who = ["verify", "--json", "--sdkappid", app, "--identifier", identifier];
        let ended = usersig(key, &[&who[..], &["--now", now, sig]].concat());
        assert_eq!(ended.failed(4), "auth");
        assert_eq!(ended.err, "");
        ended.json()["code"].as_i64().unwrap()
    };
    assert_eq!(verify(key, app, identifier, "1715552000", sig), 70001);
    assert_eq!(verify(K3, app, identifier, "1700000000", sig), 70009);
    assert_eq!(verify(key, app, "somebody", "1700000000", sig), 70013);
    assert_eq!(verify(key, "1400000001", identifier, "1700000000", sig), 70014);
    assert_eq!(verify(key, app, identifier, "1700000000", "eJyrVgrx"), 70003);
}

#[test]
fn a_usersig_that_was_made_is_good_until_it_expires() {
    for (app, identifier, expire, key, _) in VECTORS {
        let who = ["--sdkappid", app, "--identifier", identifier, "--now", "1700000000"];
        let make = [&["make", "--expire", expire][..], &who].concat();
        let made = usersig(key, &make);
        let sig = made.out.trim();
        assert_eq!((made.code, made.out.lines().count()), (Some(0), 1));
        assert_eq!(usersig(key, &make).out, made.out);
        let verify = ["verify", "--sdkappid", app, "--identifier", identifier, "--now"];
        let last = (1_700_000_000 + expire.parse::<u64>().unwrap() - 1).to_string();
        assert_eq!(usersig(key, &[&verify[..], &[&last, sig]].concat()).code, Some(0));
        let end = (1_700_000_000 + expire.parse::<u64>().unwrap()).to_string();
        assert_eq!(usersig(key, &[&verify[..], &[&end, sig]].concat()).code, Some(4));
    }
}

#[test]
fn a_usersig_needs_a_key_and_a_lifetime() {
    let who = ["--json", "--sdkappid", "1", "--identifier", "a"];
    let make = [&["make"], &who[..]].concat();
    assert_eq!(usersig("", &make).failed(2), "invalid_argument");
    let dead = [&make[..], &["--expire", "0"]].concat();
    assert_eq!(usersig("k", &dead).failed(2), "invalid_argument");
    let data = usersig("k", &make).data();
    assert_eq!((&data["expire"], &data["identifier"]), (&15_552_000.into(), &"a".into()));
}
