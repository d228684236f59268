//! What a service's metadata may look like.

use proconsul_msgpack::GoStr;
use proconsul_structs::service::ServiceKind;
use std::collections::BTreeMap;

/// Pairs of metadata that one service may have.
pub const META_PAIRS_MAX: usize = 64;
/// Bytes that a key of metadata may have.
pub const META_KEY_BYTES_MAX: usize = 128;
/// Bytes that a value of metadata may have.
pub const META_VALUE_BYTES_MAX: usize = 512;
/// Keys that begin so are for servers' own use.
const RESERVED_PREFIX: &str = "consul-";
/// The one reserved key that a mesh gateway may set.
const MESH_GATEWAY_KEY: &str = "consul-wan-federation";

/// Checks a service's metadata. The error is Consul's text; of several faults it names the one that sorts first.
pub(super) fn validate(kind: &ServiceKind, meta: &BTreeMap<GoStr, GoStr>) -> Result<(), String> {
    if meta.len() > META_PAIRS_MAX {
        return Err(format!("Node metadata cannot contain more than {META_PAIRS_MAX} key/value pairs"));
    }
    let allowed = |key: &GoStr| *kind == ServiceKind::MeshGateway && *key == MESH_GATEWAY_KEY;
    for (key, value) in meta {
        if let Err(fault) = validate_pair(key, value, allowed(key)) {
            return Err(format!("Couldn't load metadata pair ('{key}', '{value}'): {fault}"));
        }
    }
    Ok(())
}

fn validate_pair(key: &GoStr, value: &GoStr, may_be_reserved: bool) -> Result<(), String> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if key.is_empty() {
        return Err("Key cannot be blank".into());
    }
    if !key.iter().all(plain) {
        return Err("Key contains invalid characters".into());
    }
    if key.len() > META_KEY_BYTES_MAX {
        return Err(format!("Key is too long (limit: {META_KEY_BYTES_MAX} characters)"));
    }
    if key.starts_with(RESERVED_PREFIX.as_bytes()) && !may_be_reserved {
        return Err(format!("Key prefix '{RESERVED_PREFIX}' is reserved for internal use"));
    }
    if value.len() > META_VALUE_BYTES_MAX {
        return Err(format!("Value is too long (limit: {META_VALUE_BYTES_MAX} characters)"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_held_to_consuls_rules() {
        let check = |kind: ServiceKind, key: &str, value: &str, expected: &str| {
            let meta = [(GoStr::from(key), GoStr::from(value))].into();
            assert_eq!(validate(&kind, &meta).err().unwrap_or_default(), expected);
        };
        let pair = |key: &str, fault: &str| format!("Couldn't load metadata pair ('{key}', 'v'): {fault}");
        check(ServiceKind::Typical, "a-_1", "v", "");
        check(ServiceKind::Typical, "", "v", &pair("", "Key cannot be blank"));
        check(ServiceKind::Typical, "a b", "v", &pair("a b", "Key contains invalid characters"));
        let long = "k".repeat(META_KEY_BYTES_MAX + 1);
        check(ServiceKind::Typical, &long, "v", &pair(&long, "Key is too long (limit: 128 characters)"));
        let reserved = "Key prefix 'consul-' is reserved for internal use";
        check(ServiceKind::Typical, MESH_GATEWAY_KEY, "v", &pair(MESH_GATEWAY_KEY, reserved));
        check(ServiceKind::MeshGateway, MESH_GATEWAY_KEY, "v", "");
        let long = "v".repeat(META_VALUE_BYTES_MAX + 1);
        let expected =
            format!("Couldn't load metadata pair ('k', '{long}'): Value is too long (limit: 512 characters)");
        check(ServiceKind::Typical, "k", &long, &expected);
        let many = (0..=META_PAIRS_MAX).map(|n| (GoStr::from(n.to_string()), GoStr::EMPTY)).collect();
        let expected = "Node metadata cannot contain more than 64 key/value pairs";
        assert_eq!(validate(&ServiceKind::Typical, &many), Err(expected.into()));
    }
}
