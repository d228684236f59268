//! A resource's data as its message.
use proconsul_types::GoQuoted;
use prost::Message;
use prost_types::Any;

use crate::go_status::UNREADABLE;

/// Whether data is of the message with this full name, wherever its definition is said to be.
pub(super) fn is_of(data: &Any, name: &str) -> bool {
    data.type_url.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// The message in data.
///
/// # Errors
/// There is none, or another: what Go's library says then.
pub(super) fn unpack<M: Message + Default>(data: Option<&Any>, name: &str) -> Result<M, String> {
    let data = data.ok_or_else(|| "proto:\u{a0}invalid nil source message".to_owned())?;
    if !is_of(data, name) {
        let (got, want) = (GoQuoted(name), GoQuoted(message_name(&data.type_url)));
        return Err(format!("proto:\u{a0}mismatched message type: got {got}, want {want}"));
    }
    M::decode(&*data.value).map_err(|cause| {
        // Go's library tells this one from all others.
        if cause.to_string().contains("UTF-8") { "string field contains invalid UTF-8" } else { UNREADABLE }.to_owned()
    })
}

/// The same, as Consul's own types say it.
pub(super) fn parse<M: Message + Default>(data: Option<&Any>, name: &str) -> Result<M, String> {
    unpack(data, name).map_err(|cause| format!("error parsing resource data as type {}: {cause}", GoQuoted(name)))
}

/// The name in a type URL; empty if it is none.
fn message_name(url: &str) -> &str {
    let name = url.rsplit_once('/').map_or(url, |(_, name)| name);
    let is_part = |part: &str| {
        let mut letters = part.bytes();
        letters.next().is_some_and(|first| first == b'_' || first.is_ascii_alphabetic())
            && letters.all(|letter| letter == b'_' || letter.is_ascii_alphanumeric())
    };
    if name.split('.').all(is_part) { name } else { "" }
}
