//! Arguments with something missing or wrong.
use proconsul_msgpack::Value;

/// A map of these.
pub(crate) fn map(entries: &[(&str, Value)]) -> Value {
    Value::Map(entries.iter().map(|(key, value)| ((*key).into(), value.clone())).collect())
}

/// A recorded request with what would be refused in it replaced, so that changes to the rest of it come to matter. It waits
/// for an index above `past`, if it can.
pub(crate) fn acceptable(value: &Value, past: u64, filter: &str) -> Value {
    let replaced = |key: &str, part: &Value| match key {
        "Datacenter" => "dc1".into(),
        "ID" => "11111111-2222-3333-4444-555555555555".into(),
        "Node" if !matches!(part, Value::Map(_)) => "n".into(),
        "Vec" => Value::List(vec![Value::F64(1.0); proconsul_structs::coordinate::DIMENSIONS]),
        "Operation" => "list".into(),
        "Service" if !matches!(part, Value::Map(_)) => "web".into(),
        "ServiceName" | "Key" => "web".into(),
        "Op" if *part == "create".into() => part.clone(),
        "Op" => "set".into(),
        "Filter" => filter.into(),
        "TagFilter" => Value::Bool(false),
        "SamenessGroup" => "".into(),
        "TTL" if matches!(part, Value::Str(_)) => "30s".into(),
        "Checks" if matches!(part, Value::List(checks) if matches!(checks.first(), Some(Value::Str(_)))) => Value::Nil,
        "NodeChecks" | "ServiceChecks" => Value::Nil,
        "ManualVIPs" => Value::List(vec!["10.0.0.1".into()]),
        "MinQueryIndex" => past.into(),
        "Kind" | "PeerName" | "ServiceID" | "ServiceAddress" | "ServiceTag" => "".into(),
        "SidecarService" | "NodeMetaFilters" | "ServiceTags" => Value::Nil,
        _ => acceptable(part, past, filter),
    };
    match value {
        Value::Map(entries) => {
            Value::Map(entries.iter().map(|(key, part)| (key.clone(), replaced(&key.to_str_lossy(), part))).collect())
        }
        Value::List(items) => Value::List(items.iter().map(|item| acceptable(item, past, filter)).collect()),
        other => other.clone(),
    }
}

/// What may stand in any place.
fn strangers() -> Vec<Value> {
    vec![
        Value::Nil,
        Value::Bool(true),
        Value::Int(-1),
        Value::Uint(u64::MAX),
        Value::F64(1.5),
        Value::from(""),
        Value::Str(b"\xff\xfe".as_slice().into()),
        Value::List(vec![]),
        Value::List(vec![Value::Nil]),
        Value::Map(vec![]),
        Value::Map(vec![("".into(), Value::Nil)]),
    ]
}

/// The value itself, and with each of its parts, however deep, left out or replaced.
pub(crate) fn variants(value: &Value) -> Vec<Value> {
    let mut all = vec![value.clone()];
    vary(value, &mut |variant| all.push(variant));
    all
}

fn vary(value: &Value, take: &mut dyn FnMut(Value)) {
    strangers().into_iter().for_each(&mut *take);
    match value {
        Value::Map(entries) => {
            for (at, (key, part)) in entries.iter().enumerate() {
                let with = |part: Option<Value>| {
                    let mut entries = entries.clone();
                    match part {
                        Some(part) => entries[at] = (key.clone(), part),
                        None => drop(entries.remove(at)),
                    }
                    Value::Map(entries)
                };
                take(with(None));
                vary(part, &mut |part| take(with(Some(part))));
            }
        }
        Value::List(items) => {
            for (at, part) in items.iter().enumerate() {
                let with = |part: Value| {
                    let mut items = items.clone();
                    items[at] = part;
                    Value::List(items)
                };
                vary(part, &mut |part| take(with(part)));
            }
        }
        _ => {}
    }
}

/// The value with each of its texts in turn, however deep, replaced by this.
pub(crate) fn with_each_text(value: &Value, stranger: &Value) -> Vec<Value> {
    match value {
        Value::Str(_) => vec![stranger.clone()],
        Value::Map(entries) => {
            let changed = |(at, (_, part)): (usize, &(_, Value))| {
                let with = move |part| {
                    let mut entries = entries.clone();
                    entries[at].1 = part;
                    Value::Map(entries)
                };
                with_each_text(part, stranger).into_iter().map(with)
            };
            entries.iter().enumerate().flat_map(changed).collect()
        }
        Value::List(items) => {
            let changed = |(at, part): (usize, &Value)| {
                let with = move |part| {
                    let mut items = items.clone();
                    items[at] = part;
                    Value::List(items)
                };
                with_each_text(part, stranger).into_iter().map(with)
            };
            items.iter().enumerate().flat_map(changed).collect()
        }
        _ => vec![],
    }
}
