//! What carries entries: how their kind gets to the reader, and what becomes of kinds and fields that nobody here knows.

use proconsul_msgpack::{GoStr, Value, from_slice, to_vec};

use super::*;
use crate::{Nested, query::QueryMeta};

/// A raw that holds these values one after another.
fn raw(values: &[&[u8]]) -> Vec<u8> {
    to_vec(&Value::Bytes(values.concat().into())).expect("a raw has an encoding")
}

fn map(entries: &[(&str, Value)]) -> Value {
    Value::Map(entries.iter().map(|(key, value)| ((*key).into(), value.clone())).collect())
}

fn write<T: serde::Serialize>(value: T) -> Vec<u8> {
    to_vec(&value).expect("it has an encoding")
}

fn resolver(name: &'static str) -> ServiceResolver {
    ServiceResolver { name: name.into(), ..ServiceResolver::default() }
}

fn request(entry: impl Into<ConfigEntry>) -> ConfigEntryRequest {
    ConfigEntryRequest { op: ConfigEntryOp::Upsert, entry: entry.into(), ..ConfigEntryRequest::default() }
}

fn again<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    from_slice(&to_vec(value).expect("it has an encoding")).expect("we read what we write")
}

#[test]
fn an_entry_says_its_kind_once_it_is_one() {
    let entry = ConfigEntry::from(resolver("web"));
    let ConfigEntry::ServiceResolver(inner) = &entry else { panic!("{entry:?}") };
    assert_eq!(inner.kind, ConfigEntryKind::ServiceResolver);
    assert_eq!((entry.kind(), entry.name()), (ConfigEntryKind::ServiceResolver, &"web".into()));

    let proxy = ConfigEntry::from(ProxyDefaults { name: "global".into(), ..ProxyDefaults::default() });
    assert_eq!((proxy.kind(), proxy.name()), (ConfigEntryKind::ProxyDefaults, &"global".into()));
    assert_eq!(ConfigEntry::from(Mesh::default()).name(), "mesh");
}

#[test]
fn every_kind_comes_back_from_a_request_a_reply_and_a_list() {
    let entries = ConfigEntryKind::KNOWN.iter().map(|kind| {
        let empty = raw(&[&write(GoStr::from(kind)), &write(Value::Nil), &write(QueryMeta::default())]);
        from_slice::<ConfigEntryResponse>(&empty).expect("nil is an empty entry").entry.expect("there is one")
    });
    let entries: Vec<_> = entries.collect();
    for (entry, kind) in entries.iter().zip(ConfigEntryKind::KNOWN) {
        assert_eq!(entry.kind(), *kind);
        let sent = request(entry.clone());
        assert_eq!(again(&sent), sent, "{kind}");
        let found = ConfigEntryResponse { entry: Some(entry.clone()), ..ConfigEntryResponse::default() };
        assert_eq!(again(&found), found, "{kind}");
        let list = IndexedConfigEntries {
            kind: kind.clone(),
            entries: Some(vec![entry.clone(), entry.clone()]),
            ..IndexedConfigEntries::default()
        };
        assert_eq!(again(&list), list, "{kind}");
    }
    let mixed = IndexedGenericConfigEntries { entries, ..IndexedGenericConfigEntries::default() };
    assert_eq!(again(&mixed), mixed);
}

#[test]
fn an_entry_of_a_newer_kind_passes_through_unchanged() {
    let entry = map(&[("Kind", "moon".into()), ("Name", "full".into()), ("Phases", Value::List(vec![Value::Int(-3)]))]);
    let fields =
        map(&[("Datacenter", "dc1".into()), ("Entry", entry.clone()), ("Op", "upsert".into()), ("Token", "".into())]);
    let sent = raw(&[&write("moon"), &write(&fields)]);
    let read: ConfigEntryRequest = from_slice(&sent).expect("it is read");
    let ConfigEntry::Unknown(unknown) = &read.entry else { panic!("{read:?}") };
    assert_eq!((&unknown.kind, &unknown.content), (&"moon".into(), &entry));
    assert_eq!((read.entry.kind(), read.entry.name()), (ConfigEntryKind::Unknown("moon".into()), &"full".into()));
    assert_eq!(to_vec(&read).expect("it has an encoding"), sent);

    let list = raw(&[&write(1), &write("moon"), &write(&entry), &write(QueryMeta::default())]);
    let read: IndexedGenericConfigEntries = from_slice(&list).expect("it is read");
    assert_eq!(to_vec(&read).expect("it has an encoding"), list);
}

/// `value` with one more field in every map that has a `Kind`, a `Mode` or a `Name`: what a newer server might send.
fn newer(value: Value) -> Value {
    match value {
        Value::Map(fields) => {
            let structure = fields.iter().any(|(key, _)| ["Kind", "Mode", "Name"].iter().any(|known| key == *known));
            let mut fields: Vec<_> = fields.into_iter().map(|(key, value)| (key, newer(value))).collect();
            if structure {
                fields.push(("ZZ".into(), Value::List(vec![Value::Int(-9), "new".into()])));
            }
            Value::Map(fields)
        }
        Value::List(items) => Value::List(items.into_iter().map(newer).collect()),
        other => other,
    }
}

#[test]
fn what_a_newer_server_adds_to_an_entry_is_written_back() {
    let path = HttpPathMatch { value: "/v2".into(), ..HttpPathMatch::default() };
    let header = HttpHeaderMatch { name: "x".into(), ..HttpHeaderMatch::default() };
    let matching = HttpMatch { path, headers: Some(vec![header]), ..HttpMatch::default() };
    let services = Some(vec![HttpService { name: "api".into(), ..HttpService::default() }]);
    let rule = HttpRouteRule { matches: Some(vec![matching]), services, ..HttpRouteRule::default() };
    let route = HttpRoute { name: "web".into(), rules: Some(vec![rule]), ..HttpRoute::default() };
    let plain = from_slice(&to_vec(&route).expect("it has an encoding")).expect("it is a value");
    let sent = to_vec(&newer(plain)).expect("it has an encoding");
    let read: HttpRoute = from_slice(&sent).expect("it is read");
    assert_eq!(read.rest.len(), 1);
    assert_eq!(
        read.rules.as_ref().expect("they are there")[0].services.as_ref().expect("there is one")[0].rest.len(),
        1
    );
    assert_eq!(to_vec(&read).expect("it has an encoding"), sent);
}

#[test]
fn what_a_newer_server_adds_survives_in_the_nested_raw_of_proxy_defaults() {
    let policy = Some(FailoverPolicy::default());
    let known = ProxyDefaults { failover_policy: policy, ..ProxyDefaults::default() };
    let plain = from_slice(&to_vec(&known).expect("it has an encoding")).expect("it is a value");
    let Value::Map(fields) = plain else { panic!("{plain:?}") };
    // The gateways' and logs' settings are shared with registrations, and keep nothing.
    let add = |(key, value): (GoStr, Value)| match key == "FailoverPolicy" {
        true => (key, newer(value)),
        false => (key, value),
    };
    let mut fields: Vec<_> = fields.into_iter().map(add).collect();
    fields.push(("ZZ".into(), Value::Int(9)));
    let sent = raw(&[&write(Value::Map(fields))]);
    let read: Nested<ProxyDefaults> = from_slice(&sent).expect("it is read");
    assert_eq!((read.rest.len(), read.failover_policy.as_ref().map(|policy| policy.rest.len())), (1, Some(1)));
    assert_eq!(to_vec(&read).expect("it has an encoding"), sent);
}

#[test]
fn a_request_and_its_entry_may_come_as_lists_in_order_of_declaration() {
    let entry = Value::List(vec![Value::List(vec![true.into()]), true.into()]);
    let fields = Value::List(vec!["delete".into(), "dc1".into(), entry, "secret".into()]);
    let read: ConfigEntryRequest = from_slice(&raw(&[&write("mesh"), &write(&fields)])).expect("it is read");
    let mesh = Mesh {
        transparent_proxy: TransparentProxyMeshConfig { mesh_destinations_only: true, ..Default::default() },
        allow_enabling_permissive_mutual_tls: true,
        ..Mesh::default()
    };
    assert_eq!((&read.op, &read.datacenter), (&ConfigEntryOp::Delete, &"dc1".into()));
    assert_eq!(read.entry, ConfigEntry::from(mesh));
    assert_eq!(read.write_request.token.reveal(), "secret");
}

#[test]
fn what_has_no_kind_is_no_entry() {
    let error = to_vec(&ConfigEntryRequest::default()).expect_err("there is no entry");
    assert_eq!(error.to_string(), "a config entry without a kind has no encoding");

    let fields = map(&[("Entry", map(&[]))]);
    let error = from_slice::<ConfigEntryRequest>(&raw(&[&write(""), &write(&fields)])).expect_err("no kind");
    assert_eq!(error.wire_text(), "invalid config entry kind: ");

    let none = raw(&[&write(""), &write(QueryMeta::default())]);
    assert_eq!(from_slice::<ConfigEntryResponse>(&none).expect("it is read"), ConfigEntryResponse::default());
}

#[test]
fn how_many_entries_are_claimed_costs_nothing() {
    let claim = raw(&[&write(i64::MAX), &write("mesh"), &write(map(&[]))]);
    assert!(from_slice::<IndexedGenericConfigEntries>(&claim).is_err(), "the claim is not kept");
    let list: IndexedConfigEntries = from_slice(&claim).expect("the list itself counts");
    assert_eq!(list.entries, None);
}

#[test]
fn debug_of_a_certificate_hides_its_key() {
    let entry = InlineCertificate { private_key: crate::Secret::new("PEM"), ..InlineCertificate::default() };
    let shown = format!("{:?}", request(entry));
    assert!(shown.contains("<hidden>") && !shown.contains("PEM"), "{shown}");
}
