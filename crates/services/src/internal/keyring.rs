//! `Internal.KeyringOperation`.
use std::collections::BTreeMap;

use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_structs::{
    Secret,
    internal::{KeyringOp, KeyringRequest, KeyringResponse, KeyringResponses},
};
use proconsul_types::WireText;

use crate::{Access, Caller};

/// Answers for the pools of a server that is alone and encrypts no gossip: there are no keys to list or change.
///
/// The request may name any datacenter: Consul passes it on by itself, and says nothing of leaders.
pub(super) fn operate(
    Caller { context, rights }: Caller<'_>,
    request: KeyringRequest,
) -> Result<KeyringResponses, Fault> {
    let lists = request.operation == KeyringOp::List;
    if request.local_only && !lists {
        return Err(WireText::LOCAL_ONLY_IS_FOR_LISTS.into());
    }
    let message = match request.operation {
        KeyringOp::List => rights.demand(Access::KeyringRead).map(|()| "Keyring is empty (encryption not enabled)"),
        KeyringOp::Install | KeyringOp::Use | KeyringOp::Remove => {
            rights.demand(Access::KeyringWrite).map(|()| "No keyring to modify (encryption not enabled)")
        }
        // Consul stops altogether.
        KeyringOp::Unknown(_) => Err(Fault::answer("Invalid keyring operation")),
    }?;
    let key = if lists { &GoStr::EMPTY } else { request.key.reveal() };
    let pool = |wan: bool| {
        let name = if wan { format!("{}.{}", context.node, context.datacenter) } else { context.node.to_string() };
        let answered = match stray_in_base64(key) {
            None => reported(name.into(), message),
            Some(place) => not_asked(place),
        };
        KeyringResponse { wan, datacenter: context.datacenter.clone(), ..answered }
    };
    let one_pool = request.local_only || request.forwarded;
    let responses = if one_pool { vec![pool(false)] } else { vec![pool(true), pool(false)] };
    Ok(KeyringResponses { responses: Some(responses), ..KeyringResponses::default() })
}

/// The server asked itself, and reports that it cannot.
fn reported(node: GoStr, message: &'static str) -> KeyringResponse {
    KeyringResponse {
        messages: Some(BTreeMap::from([(node, GoStr::from_static(message))])),
        keys: Secret::new(Some(BTreeMap::new())),
        // It encrypts with no key, which Serf counts as a key without a name.
        primary_keys: Secret::new(Some(BTreeMap::from([(GoStr::EMPTY, 1)]))),
        num_nodes: 1,
        error: GoStr::from_static("1/1 nodes reported failure"),
        ..KeyringResponse::default()
    }
}

/// What was given is no key, and nobody was asked.
fn not_asked(place: usize) -> KeyringResponse {
    KeyringResponse {
        messages: Some(BTreeMap::new()),
        keys: Secret::new(Some(BTreeMap::new())),
        primary_keys: Secret::new(Some(BTreeMap::new())),
        error: format!("illegal base64 data at input byte {place}").into(),
        ..KeyringResponse::default()
    }
}

/// Where a text stops being base64, as Go's `encoding/base64` counts: line breaks are passed over, padding is a must.
fn stray_in_base64(text: &[u8]) -> Option<usize> {
    let places: Vec<usize> = (0..text.len()).filter(|place| !matches!(text[*place], b'\n' | b'\r')).collect();
    for quantum in places.chunks(4) {
        let padding = quantum.iter().position(|place| text[*place] == b'=');
        let stray = quantum[..padding.unwrap_or(quantum.len())].iter().find(|place| !is_base64(text[**place]));
        if let Some(stray) = stray {
            return Some(*stray);
        }
        match padding {
            None if quantum.len() == 4 => {}
            // Go tells where the last, unfinished group of four began, counting back from the end.
            None => return Some(text.len() - quantum.len()),
            Some(at @ (0 | 1)) => return Some(quantum[at]),
            Some(2) if quantum.len() < 4 => return Some(text.len()),
            Some(2) if text[quantum[3]] != b'=' => return Some(quantum[3] - 1),
            Some(_) => return text.get(quantum[quantum.len() - 1] + 1..).and_then(|rest| first_behind(text, rest)),
        }
    }
    None
}

/// Where what is behind the padding begins.
fn first_behind(text: &[u8], rest: &[u8]) -> Option<usize> {
    let garbage = rest.iter().position(|byte| !matches!(byte, b'\n' | b'\r'))?;
    Some(text.len() - rest.len() + garbage)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Go 1.24's `base64.StdEncoding.DecodeString` says.
    #[test]
    fn a_key_that_is_none_is_refused_where_go_stops() {
        for (text, place) in [
            ("", None),
            ("pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=", None),
            ("TWFu\nTWE=\r\n", None),
            ("not a key", Some(3)),
            ("abc", Some(0)),
            ("TWFuTWE", Some(4)),
            ("TWFuT===", Some(5)),
            ("=", Some(0)),
            ("TQ=", Some(3)),
            ("TQ=x", Some(2)),
            ("TQ==x", Some(4)),
            ("TWE=TWE=", Some(4)),
        ] {
            assert_eq!(stray_in_base64(text.as_bytes()), place, "{text:?}");
        }
    }
}
