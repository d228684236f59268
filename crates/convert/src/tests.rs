//! Every recorded structure that has a message, there and back.

mod rules; // what the recordings do not show

use std::{collections::BTreeSet, fmt::Debug, fs, path::PathBuf};

use bytes::Bytes;
use proconsul_msgpack::{Shaped, from_slice, to_vec};
use proconsul_proto::{pbcommon, pbconfigentry, pbconnect, pbservice};
use proconsul_structs::{
    config_entry::*,
    connect_ca::{CaRoot, IndexedCaRoots, IssuedCert},
    health::IndexedCheckServiceNodes,
    json::{self, Form},
    protobuf::ProtoMessage,
    query::{QueryMeta, QueryOptions, WriteRequest},
    raft::RaftIndex,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{ConvertError, Mirror, Reason};

/// One recorded encoding.
struct Recorded {
    name: String,
    case: String,
    bytes: Vec<u8>,
}

fn recorded() -> Vec<Recorded> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/wire/encodings.jsonl");
    let file = fs::read_to_string(path).expect("the golden file is part of the repository");
    let of = |line: &str| -> Option<Recorded> {
        let line: Value = serde_json::from_str(line).expect("recorded lines are JSON");
        let hex = line["msgpack_hex"].as_str().or(line["protobuf_hex"].as_str())?;
        let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("recorded hex is hex");
        let bytes = (0..hex.len()).step_by(2).map(digits).collect();
        Some(Recorded { name: line["type"].as_str()?.to_owned(), case: line["case"].to_string(), bytes })
    };
    file.lines().filter_map(of).collect()
}

/// Converts every line of a type there and back, and asserts that exactly the fields in `lost` were ever different after that.
/// Some recorded numbers are larger than their message allows: `field > type` in `lost`; they are made smaller for the rest.
fn there_and_back<T, C, P>(name: &str, lost: &[&str], convert: impl Fn(T) -> C) -> usize
where
    T: DeserializeOwned + Shaped,
    C: Mirror<P> + Serialize + PartialEq + Debug,
    P: Clone + PartialEq + Debug,
{
    let (mut lines, mut different) = (0, BTreeSet::new());
    for line in recorded().iter().filter(|line| line.name == name) {
        let what = format!("{name} {}", line.case);
        let mut bytes = line.bytes.clone();
        let (ours, proto) = loop {
            let ours = convert(from_slice(&bytes).unwrap_or_else(|error| panic!("{what}: {error}")));
            match ours.to_proto() {
                Ok(proto) => break (ours, proto),
                Err(ConvertError { path, reason: Reason::Range(of) }) => {
                    assert!(different.insert(format!("{} > {of}", path[0])), "{what}: it is small now");
                    let mut json = json::from_wire(T::shape(), Form::Wire, &bytes).expect("it is read by its shape");
                    shrink(&mut json, &path[0].replace('_', ""));
                    bytes = json::to_wire(T::shape(), Form::Wire, &json).expect("it has an encoding");
                }
                Err(error) => panic!("{what}: {error}"),
            }
        };
        let back = C::from_proto(proto.clone()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(back.to_proto().as_ref(), Ok(&proto), "{what}: the message is the same after one more turn");
        compare("", &shown::<T>(&ours), &shown::<T>(&back), &mut different);
        lines += 1;
    }
    assert!(lines > 0, "{name} is recorded");
    let different: Vec<_> = different.iter().map(String::as_str).collect();
    assert_eq!(different, lost, "{name}: what is lost");
    lines
}

/// Keeps the lower bits of the numbers in fields of a name.
fn shrink(json: &mut Value, field: &str) {
    match json {
        Value::Array(list) => list.iter_mut().for_each(|value| shrink(value, field)),
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_i64() {
                    Some(number) if key.eq_ignore_ascii_case(field) => *value = (number & 0xffff).into(),
                    _ => shrink(value, field),
                }
            }
        }
        _ => {}
    }
}

/// As the wire's JSON.
fn shown<T: Shaped>(value: &impl Serialize) -> Value {
    let bytes = to_vec(value).expect("it has an encoding");
    json::from_wire(T::shape(), Form::Wire, &bytes).expect("it is read by its shape")
}

/// Collects the paths of what differs; nil and empty do not, as `rules` has them.
fn compare(path: &str, ours: &Value, back: &Value, different: &mut BTreeSet<String>) {
    let none = |value: &Value| match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    match (ours, back) {
        (Value::Object(ours), Value::Object(back)) => {
            for key in ours.keys().chain(back.keys()) {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                compare(&path, &of(ours), &of(back), different);
            }
        }
        (Value::Array(ours), Value::Array(back)) if ours.len() == back.len() => {
            ours.iter().zip(back).for_each(|(ours, back)| compare(&format!("{path}[]"), ours, back, different));
        }
        _ if ours == back || none(ours) && none(back) => {}
        _ => {
            different.insert(path.to_owned());
        }
    }
}

fn same<T>(value: T) -> T {
    value
}

#[test]
fn recorded_common_structures_survive_but_for_what_has_no_field() {
    let lines = there_and_back::<RaftIndex, _, pbcommon::RaftIndex>("structs.RaftIndex", &[], same)
        + there_and_back::<WriteRequest, _, pbcommon::WriteRequest>("structs.WriteRequest", &[], same)
        + there_and_back::<QueryMeta, _, pbcommon::QueryMeta>("structs.QueryMeta", &["Backend", "NotModified"], same)
        + there_and_back::<QueryOptions, _, pbcommon::QueryOptions>("structs.QueryOptions", &[], same);
    assert_eq!(lines, 3 + 3 + 3 + 2);
}

#[test]
fn recorded_roots_and_certificates_survive_but_for_what_has_no_field() {
    let meta = &["Backend", "NotModified", "private_key_bits > i32"];
    let lines = there_and_back::<CaRoot, _, pbconnect::CaRoot>("structs.CARoot", &[], same)
        + there_and_back::<IndexedCaRoots, _, pbconnect::CaRoots>("structs.IndexedCARoots", meta, same)
        + there_and_back::<IssuedCert, _, pbconnect::IssuedCert>("structs.IssuedCert", &[], same);
    assert_eq!(lines, 9);
}

#[test]
fn recorded_instances_survive_but_for_what_has_no_field() {
    // Settings of free form lose what JSON does not have: whole numbers, and bytes (`b`).
    let lost = &[
        "Backend",
        "ConsistencyLevel",
        "KnownLeader",
        "LastContact",
        "Nodes[].Service.Connect.SidecarService.Proxy.Config.b",
        "Nodes[].Service.Proxy.Config.b",
        "Nodes[].Service.Proxy.Config.int",
        "Nodes[].Service.Proxy.Config.list[]",
        "Nodes[].Service.Proxy.Config.neg",
        "Nodes[].Service.Proxy.EnvoyExtensions[].Arguments.b",
        "Nodes[].Service.Proxy.MutualTLSMode",
        "Nodes[].Service.Proxy.Upstreams[].Config.b",
        "Nodes[].Service.Proxy.Upstreams[].IngressHosts",
        "NotModified",
        "output_max_size > i32",
        "success_before_passing > i32",
    ];
    let lines = there_and_back::<IndexedCheckServiceNodes, _, pbservice::IndexedCheckServiceNodes>(
        "structs.IndexedCheckServiceNodes",
        lost,
        same,
    );
    assert_eq!(lines, 3);
}

#[test]
fn recorded_entries_survive_but_for_what_has_no_field() {
    fn entry<T: Into<ConfigEntry> + DeserializeOwned + Shaped>(name: &str, lost: &[&str]) -> usize {
        there_and_back::<T, ConfigEntry, pbconfigentry::ConfigEntry>(name, lost, T::into)
    }
    let settings = &[
        "EnvoyExtensions[].Arguments.b",
        "EnvoyExtensions[].Arguments.int",
        "EnvoyExtensions[].Arguments.list[]",
        "EnvoyExtensions[].Arguments.neg",
        "requests_max_burst > u32",
        "requests_per_second > u32",
    ];
    let lines = [
        entry::<Mesh>("structs.MeshConfigEntry", &[]),
        entry::<ServiceResolver>("structs.ServiceResolverConfigEntry", &[]),
        entry::<IngressGateway>("structs.IngressGatewayConfigEntry", &[]),
        entry::<ServiceIntentions>("structs.ServiceIntentionsConfigEntry", &[]),
        entry::<ServiceDefaults>("structs.ServiceConfigEntry", settings),
        entry::<ApiGateway>("structs.APIGatewayConfigEntry", &[]),
        entry::<BoundApiGateway>("structs.BoundAPIGatewayConfigEntry", &[]),
        entry::<TcpRoute>("structs.TCPRouteConfigEntry", &[]),
        entry::<HttpRoute>("structs.HTTPRouteConfigEntry", &[]),
        entry::<InlineCertificate>("structs.InlineCertificateConfigEntry", &[]),
        entry::<FileSystemCertificate>("structs.FileSystemCertificateConfigEntry", &[]),
        entry::<SamenessGroup>("structs.SamenessGroupConfigEntry", &[]),
        entry::<JwtProvider>("structs.JWTProviderConfigEntry", &[]),
        entry::<ExportedServices>("structs.ExportedServicesConfigEntry", &[]),
    ];
    assert_eq!((lines.len(), lines.iter().sum::<usize>()), (14, 39), "kinds and recorded lines");
}

#[test]
fn recorded_messages_in_raw_values_survive() {
    use proconsul_proto::pbautoconf;
    use proconsul_structs::auto_config::{AutoConfigRequest, AutoConfigResponse};

    let name = "pbautoconf.AutoConfigRequest";
    let lines = there_and_back::<AutoConfigRequest, _, pbautoconf::AutoConfigRequest>(name, &[], same);
    let name = "pbautoconf.AutoConfigResponse";
    let lines = lines + there_and_back::<AutoConfigResponse, _, pbautoconf::AutoConfigResponse>(name, &[], same);
    assert_eq!(lines, 6);
}

#[test]
fn recorded_messages_of_the_log_survive_byte_for_byte() {
    use proconsul_proto::{pbpeering, pbstorage};
    use proconsul_structs::peering::*;

    fn raw<T: From<Bytes> + ProtoMessage + Mirror<P>, P>(name: &str) -> usize {
        let lines: Vec<_> = recorded().into_iter().filter(|line| line.name == name).collect();
        for line in &lines {
            let bytes = Bytes::from(line.bytes.clone());
            let proto = T::from(bytes.clone()).to_proto().unwrap_or_else(|error| panic!("{name}: {error}"));
            let back = T::from_proto(proto).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(*back.message(), bytes, "{name} {}", line.case);
        }
        lines.len()
    }
    let lines = [
        raw::<PeeringWriteRequest, pbpeering::PeeringWriteRequest>("pbpeering.PeeringWriteRequest"),
        raw::<PeeringDeleteRequest, pbpeering::PeeringDeleteRequest>("pbpeering.PeeringDeleteRequest"),
        raw::<PeeringTerminateByIdRequest, pbpeering::PeeringTerminateByIdRequest>(
            "pbpeering.PeeringTerminateByIDRequest",
        ),
        raw::<PeeringTrustBundleWriteRequest, pbpeering::PeeringTrustBundleWriteRequest>(
            "pbpeering.PeeringTrustBundleWriteRequest",
        ),
        raw::<PeeringTrustBundleDeleteRequest, pbpeering::PeeringTrustBundleDeleteRequest>(
            "pbpeering.PeeringTrustBundleDeleteRequest",
        ),
        raw::<SecretsWriteRequest, pbpeering::SecretsWriteRequest>("pbpeering.SecretsWriteRequest"),
        raw::<StorageLog, pbstorage::Log>("pbstorage.Log"),
    ];
    assert_eq!(lines, [3, 3, 2, 3, 3, 3, 3]);

    let torn = SecretsWriteRequest::from(Bytes::from_static(b"\x0a\xff"));
    let error = Mirror::<pbpeering::SecretsWriteRequest>::to_proto(&torn).expect_err("it ends too early");
    assert_eq!(error.reason, Reason::NotAMessage(SecretsWriteRequest::FULL_NAME));
}

#[test]
fn entries_of_kinds_without_a_message_are_refused() {
    let entries: [ConfigEntry; 5] = [
        ProxyDefaults::default().into(),
        ServiceRouter::default().into(),
        ServiceSplitter::default().into(),
        TerminatingGateway::default().into(),
        ConfigEntry::default(),
    ];
    for entry in entries {
        let error = Mirror::<pbconfigentry::ConfigEntry>::to_proto(&entry).expect_err("it has no message");
        assert_eq!(error.reason, Reason::Kind, "{entry:?}");
    }
}
