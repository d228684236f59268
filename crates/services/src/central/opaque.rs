//! Settings that only proxies understand: maps of anything, put together as Go's `mergo` does.
use std::collections::BTreeMap;

use proconsul_msgpack::{GoStr, Value};
use proconsul_structs::proxy::{MeshGatewayConfig, Opaque};
use serde::Serialize;

/// Under which how traffic leaves the datacenter stands among the settings of an upstream.
pub(super) const MESH_GATEWAY: GoStr = GoStr::from_static("mesh_gateway");
/// Under which the protocol stands.
pub(super) const PROTOCOL: GoStr = GoStr::from_static("protocol");

/// The settings of one upstream.
pub(super) type Settings = BTreeMap<GoStr, Value>;

/// Fills what is missing or empty from other settings, map by map.
pub(super) fn fill(settings: &mut Opaque, from: &Opaque) {
    if let Some(from) = from {
        let own = settings.get_or_insert_default();
        from.iter().for_each(|(key, value)| fill_one(own, key, value));
    }
}

fn fill_one(own: &mut Settings, key: &GoStr, value: &Value) {
    match (own.get_mut(key), value) {
        (_, Value::Nil) => {}
        (Some(Value::Map(own)), Value::Map(from)) => fill_map(own, from),
        (Some(own), value) if is_empty(own) => *own = value.clone(),
        (Some(_), _) => {}
        (None, value) => {
            own.insert(key.clone(), value.clone());
        }
    }
}

/// The same a level below. Settings come in with a bound on how deep they are nested, see `DEPTH_MAX`.
fn fill_map(own: &mut Vec<(GoStr, Value)>, from: &[(GoStr, Value)]) {
    for (key, value) in from {
        match (own.iter_mut().rev().find(|(name, _)| name == key), value) {
            (_, Value::Nil) => {}
            (Some((_, Value::Map(own))), Value::Map(from)) => fill_map(own, from),
            (Some((_, own)), value) if is_empty(own) => *own = value.clone(),
            (Some(_), _) => {}
            (None, value) => own.push((key.clone(), value.clone())),
        }
    }
}

/// What Go calls a value's zero, or a list or map with nothing in it.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::Bool(value) => !value,
        Value::Int(value) => *value == 0,
        Value::Uint(value) => *value == 0,
        Value::F32(value) => *value == 0.0,
        Value::F64(value) => *value == 0.0,
        Value::Str(value) => value.is_empty(),
        Value::Bytes(value) => value.is_empty(),
        Value::List(value) => value.is_empty(),
        Value::Map(value) => value.is_empty(),
        Value::Ext { .. } => false,
    }
}

/// A structure as settings hold it: as the value that it is on the wire. Nothing where it has none.
pub(super) fn as_value(structure: &impl Serialize) -> Option<Value> {
    let encoded = proconsul_msgpack::to_vec(structure).ok()?;
    proconsul_msgpack::from_slice(&encoded).ok()
}

/// How traffic leaves the datacenter, by settings. Go reads them without regard to letter case.
pub(super) fn mesh_gateway_in(settings: &Settings) -> MeshGatewayConfig {
    let Some(Value::Map(fields)) = settings.get(&MESH_GATEWAY) else { return MeshGatewayConfig::default() };
    let mode = fields.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(b"mode"));
    match mode {
        Some((_, Value::Str(mode))) => MeshGatewayConfig { mode: mode.clone().into() },
        _ => MeshGatewayConfig::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map<const N: usize>(entries: [(&'static str, Value); N]) -> Vec<(GoStr, Value)> {
        entries.into_iter().map(|(key, value)| (GoStr::from_static(key), value)).collect()
    }

    #[test]
    fn what_is_missing_or_empty_is_filled_in_at_every_level() {
        let own = map([
            ("kept", Value::Int(1)),
            ("empty", Value::Str(GoStr::EMPTY)),
            ("below", Value::Map(map([("kept", Value::Bool(true)), ("empty", Value::Bool(false))]))),
        ]);
        let from = map([
            ("kept", Value::Int(2)),
            ("empty", Value::Int(2)),
            ("new", Value::Int(2)),
            ("nil", Value::Nil),
            ("below", Value::Map(map([("kept", Value::Int(2)), ("empty", Value::Int(2)), ("new", Value::Int(2))]))),
        ]);
        let below = map([("kept", Value::Bool(true)), ("empty", Value::Int(2)), ("new", Value::Int(2))]);
        let filled = map([
            ("kept", Value::Int(1)),
            ("empty", Value::Int(2)),
            ("new", Value::Int(2)),
            ("below", Value::Map(below)),
        ]);
        let as_settings = |map: Vec<_>| Some(Settings::from_iter(map));
        let mut settings = as_settings(own);
        fill(&mut settings, &as_settings(from));
        assert_eq!(settings, as_settings(filled));
        let mut none = None;
        fill(&mut none, &None);
        assert_eq!(none, None);
        fill(&mut none, &as_settings(Vec::new()));
        assert_eq!(none, as_settings(Vec::new()), "an empty map is not nil");
    }
}
