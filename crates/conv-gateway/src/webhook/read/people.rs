//! Events of users and of the app.

use std::sync::Arc;

use super::{Body, Fields, Read, account};
use crate::webhook::{EventKind, Oddity};

/// The maximum bytes of a command's name in an alert.
const MAX_WORD: usize = 64;

pub(super) fn profile(body: &mut Body<'_, '_>) -> Read {
    let user = body.account("From_Account")?;
    let items = body.items("ProfileItem", |item| {
        let fields = Fields::of_item(item)?;
        // Values of an app's own tags may be numbers: they are no name.
        Some((fields.text("Tag")?, fields.text("Value")))
    });
    let value = |tag: &str| -> Option<Arc<str>> {
        let (_, value) = items.iter().rfind(|(of, _)| of == tag)?;
        value.as_deref().map(Into::into)
    };
    let (name, avatar) = (value("Tag_Profile_IM_Nick"), value("Tag_Profile_IM_Image"));
    Ok(EventKind::ProfileChanged { user, name, avatar })
}

pub(super) fn state(body: &Body<'_, '_>) -> Read {
    let info = body.fields.object("Info").ok_or(Oddity::Field("Info"))?;
    let user = info.text("To_Account").and_then(|user| account(&user));
    let user = user.ok_or(Oddity::Field("To_Account"))?;
    Ok(EventKind::StateChanged { user, is_login: info.text("Action").as_deref() == Some("Login") })
}

pub(super) fn over_limit(body: &Body<'_, '_>) -> Read {
    let word = |name: &'static str| -> Result<Arc<str>, Oddity> {
        let word = body.fields.text(name).filter(|word| word.len() <= MAX_WORD);
        word.map(Into::into).ok_or(Oddity::Field(name))
    };
    Ok(EventKind::OverLimit {
        service: word("ServiceName")?,
        command: word("Command")?,
        limit: body.fields.number("Limit"),
    })
}
