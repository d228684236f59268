//! Whether names, metadata and tokens are such. Texts are Consul's.
use std::{collections::BTreeMap, net::SocketAddr};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use tonic::Status;

/// How many pairs metadata may have, and how long keys and values may be: Consul's bounds.
const META_PAIRS_MAX: usize = 64;
const META_KEY_BYTES_MAX: usize = 128;
const META_VALUE_BYTES_MAX: usize = 512;

/// That no partition is named, for there are none but the default one.
pub(super) fn partition(partition: &str) -> Result<(), Status> {
    match partition {
        "" | "default" => Ok(()),
        _ => Err(Status::invalid_argument("Partitions are a Consul Enterprise feature")),
    }
}

/// That no namespace is named, for there are none but the default one.
pub(super) fn namespace(namespace: &str) -> Result<(), Status> {
    match namespace {
        "" | "default" => Ok(()),
        _ => Err(Status::invalid_argument("Namespaces are a Consul Enterprise feature")),
    }
}

/// That a peer's name is a DNS label without capitals.
pub(super) fn name(name: &str) -> Result<(), String> {
    let ends = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = name.as_bytes();
    let inner = bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-');
    if ends(bytes.first()) && ends(bytes.last()) && inner && bytes.len() <= 63 {
        return Ok(());
    }
    Err(format!(
        "{name} is not a valid peer name: a valid peering name must consist of lower case alphanumeric characters or '-', and \
         must start and end with an alphanumeric character"
    ))
}

/// That metadata is within Consul's bounds.
pub(super) fn metadata(meta: &BTreeMap<String, String>) -> Result<(), String> {
    let failed = |why: String| Err(format!("meta tags failed validation: {why}"));
    if meta.len() > META_PAIRS_MAX {
        return failed(format!("Node metadata cannot contain more than {META_PAIRS_MAX} key/value pairs"));
    }
    for (key, value) in meta {
        let why = if key.is_empty() {
            "Key cannot be blank".to_owned()
        } else if !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
            "Key contains invalid characters".to_owned()
        } else if key.len() > META_KEY_BYTES_MAX {
            format!("Key is too long (limit: {META_KEY_BYTES_MAX} characters)")
        } else if key.starts_with("consul-") {
            "Key prefix 'consul-' is reserved for internal use".to_owned()
        } else if value.len() > META_VALUE_BYTES_MAX {
            format!("Value is too long (limit: {META_VALUE_BYTES_MAX} characters)")
        } else {
            continue;
        };
        return failed(format!("Couldn't load metadata pair ('{key}', '{value}'): {why}"));
    }
    Ok(())
}

/// What a peering token has that is checked.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Token {
    #[serde(rename = "CA")]
    ca: Option<Vec<String>>,
    manual_server_addresses: Option<Vec<String>>,
    server_addresses: Option<Vec<String>>,
    server_name: String,
    #[serde(rename = "PeerID")]
    peer_id: String,
}

/// That a peering token says where and who the other side is. Its certificates are not looked into yet.
pub(super) fn token(text: &str) -> Result<(), String> {
    let json = STANDARD.decode(text).map_err(|error| format!("failed to decode token: {error}"))?;
    let token: Token = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
    let addresses = || {
        let manual = token.manual_server_addresses.iter().flatten();
        manual.chain(token.server_addresses.iter().flatten())
    };
    if addresses().next().is_none() {
        return Err("peering token server addresses value is empty".to_owned());
    }
    if let Some(address) = addresses().find(|address| !has_port(address)) {
        return Err(format!("{address} is not a valid peering server address"));
    }
    if token.ca.is_some_and(|ca| !ca.is_empty()) && token.server_name.is_empty() {
        return Err("peering token server name value is empty".to_owned());
    }
    if token.peer_id.is_empty() {
        return Err("peering token peer ID value is empty".to_owned());
    }
    Ok(())
}

fn has_port(address: &str) -> bool {
    let port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    address.parse::<SocketAddr>().is_ok_and(|address| address.port() > 0)
        || address.rsplit_once(':').is_some_and(|(host, digits)| !host.contains(':') && port(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_named_like_a_dns_label() {
        for good in ["a", "0", "peer-1", &"a".repeat(63)] {
            assert_eq!(name(good), Ok(()));
        }
        for bad in ["", "-a", "a-", "A", "a_b", "a.b", &"a".repeat(64)] {
            assert!(name(bad).is_err_and(|text| text.starts_with(&format!("{bad} is not a valid peer name: "))));
        }
    }

    #[test]
    fn a_token_says_where_and_who() {
        let of = |json: &str| token(&STANDARD.encode(json));
        assert_eq!(of(r#"{"ServerAddresses":["1.2.3.4:8503"],"PeerID":"x"}"#), Ok(()));
        assert_eq!(of("{}"), Err("peering token server addresses value is empty".into()));
        assert_eq!(
            of(r#"{"ServerAddresses":["1.2.3.4"]}"#),
            Err("1.2.3.4 is not a valid peering server address".into())
        );
        assert_eq!(
            of(r#"{"ServerAddresses":["a.b:80"],"CA":["x"]}"#),
            Err("peering token server name value is empty".into())
        );
        assert_eq!(of(r#"{"ServerAddresses":["a.b:80"]}"#), Err("peering token peer ID value is empty".into()));
        assert!(token("!").is_err_and(|text| text.starts_with("failed to decode token: ")));
    }

    #[test]
    fn metadata_has_bounds() {
        let one = |key: &str, value: &str| metadata(&BTreeMap::from([(key.to_owned(), value.to_owned())]));
        assert_eq!(one("a", "b"), Ok(()));
        assert!(one("", "b").is_err_and(|text| text.ends_with("('', 'b'): Key cannot be blank")));
        assert!(one("consul-x", "").is_err_and(|text| text.ends_with("reserved for internal use")));
        assert!(one("a b", "").is_err_and(|text| text.ends_with("Key contains invalid characters")));
    }
}
