//! Rules that hold for every field of a kind.

use bytes::Bytes;
use proconsul_msgpack::{GoStr, Offset, Time, Value};
use proconsul_proto::{pbcommon, pbconfigentry, pbservice};
use proconsul_structs::{
    GoDuration, List,
    config_entry::{ConfigEntry, GatewayTlsConfig, HttpPathMatch, HttpPathMatchType, ServiceDefaults, UpstreamLimits},
    intention::IntentionAction,
    node::Node,
    proxy::{ConnectProxyConfig, Opaque, Upstream},
    query::QueryOptions,
    raft::RaftIndex,
    service::{NodeService, ServiceConnect, ServiceDefinition},
};
use proptest::prelude::*;
use prost_types::{Duration, Struct, Timestamp};

use crate::{Mirror, Reason};

#[test]
fn an_error_names_the_field_and_not_the_value() {
    let upstream = Upstream { local_bind_port: 1 << 40, ..Upstream::default() };
    let proxy = ConnectProxyConfig { upstreams: Some(vec![upstream]), ..ConnectProxyConfig::default() };
    let service = NodeService { proxy, ..NodeService::default() };
    let error = Mirror::<pbservice::NodeService>::to_proto(&service).expect_err("the port is too large");
    let said = "proxy.upstreams.local_bind_port cannot be converted: the number is outside the range of i32";
    assert_eq!(error.to_string(), said);

    let node = Node { address: GoStr::from(Bytes::from_static(b"\xff")), ..Node::default() };
    let error = Mirror::<pbservice::Node>::to_proto(&node).expect_err("it is not UTF-8");
    assert_eq!((error.path, error.reason), (vec!["address"], Reason::NotUtf8));
}

#[test]
fn lists_of_messages_come_back_empty_and_those_of_text_nil() {
    let service = NodeService::from_proto(pbservice::NodeService {
        proxy: Some(pbservice::ConnectProxyConfig::default()),
        ..pbservice::NodeService::default()
    })
    .expect("it converts");
    assert_eq!((service.tags, service.meta), (None, None));
    assert_eq!(service.tagged_addresses, Some([].into()));
    assert_eq!((service.proxy.upstreams, service.proxy.envoy_extensions), (Some(vec![]), Some(vec![])));
    assert_eq!((service.proxy.expose.paths, service.proxy.config), (None, None), "its message is absent, too");

    let tls = GatewayTlsConfig::from_proto(pbconfigentry::GatewayTlsConfig::default()).expect("it converts");
    assert_eq!(tls.cipher_suites, Some(vec![]));
}

#[test]
fn what_protobuf_does_not_tell_from_nothing_comes_back_as_zero() {
    let limits = UpstreamLimits { max_connections: Some(5), ..UpstreamLimits::default() };
    let proto: pbconfigentry::UpstreamLimits = limits.to_proto().expect("it converts");
    let back = UpstreamLimits::from_proto(proto).expect("it converts");
    assert_eq!((back.max_connections, back.max_pending_requests), (Some(5), Some(0)));
}

#[test]
fn an_absent_timestamp_is_the_epoch_and_an_absent_optional_one_is_absent() {
    assert_eq!(Time::from_proto(None::<Timestamp>), Ok(Time::from_unix(0, 0)));
    assert_eq!(Option::<Time>::from_proto(None::<Timestamp>), Ok(None));
    let east = Time::from_unix(5, 6).with_offset(Offset::East(3600));
    let proto: Timestamp = east.to_proto().expect("it converts");
    assert_eq!(Time::from_proto(proto), Ok(Time::from_unix(5, 6)), "the zone is lost");
    let zero: Timestamp = Time::ZERO.to_proto().expect("it converts");
    assert_eq!(Time::from_proto(zero), Ok(Time::ZERO));
    for nanos in [-1, 1_000_000_000] {
        let error = Time::from_proto(Timestamp { seconds: 0, nanos }).expect_err("not within a second");
        assert_eq!(error.reason, Reason::Timestamp);
    }
}

#[test]
fn durations_beyond_gos_become_the_longest() {
    for (seconds, nanos) in [(i64::MAX, i64::MAX), (i64::MIN, i64::MIN)] {
        assert_eq!(GoDuration::from_proto(Duration { seconds, nanos: 0 }), Ok(GoDuration(nanos)));
    }
}

#[test]
fn an_action_left_to_permissions_has_no_number_and_becomes_deny() {
    assert_eq!(IntentionAction::ByPermissions.to_proto(), Ok(0));
    assert_eq!(IntentionAction::from_proto(0), Ok(IntentionAction::Deny));
    assert_eq!(IntentionAction::Allow.to_proto(), Ok(1));
    let newer = IntentionAction::Unknown("ask".into()).to_proto().expect_err("it has no number");
    assert_eq!(newer.reason, Reason::UnknownWord("IntentionAction"));
    let newer = IntentionAction::from_proto(7).expect_err("it has no word");
    assert_eq!(newer.reason, Reason::UnknownNumber("IntentionAction", 7));
}

#[test]
fn the_numbers_of_words_are_those_of_the_messages() {
    let regex = HttpPathMatch { matching: HttpPathMatchType::RegularExpression, ..HttpPathMatch::default() };
    let proto: pbconfigentry::HttpPathMatch = regex.to_proto().expect("it converts");
    assert_eq!(proto.r#match, 3);
    assert_eq!(HttpPathMatch::from_proto(proto), Ok(regex));
}

#[test]
fn an_option_of_queries_that_consul_leaves_out_is_left_out() {
    let options = QueryOptions { stale_if_error: GoDuration(5), filter: "f".into(), ..QueryOptions::default() };
    let proto: pbcommon::QueryOptions = options.to_proto().expect("it converts");
    assert_eq!((proto.stale_if_error, proto.filter.as_str()), (None, "f"));
}

#[test]
fn settings_are_json() {
    let map = Value::Map(vec![("a".into(), Value::Nil), ("b".into(), Value::Bytes(Bytes::from_static(b"hi")))]);
    let list = Value::List(vec![Value::Int(-3), Value::Uint(4), Value::F32(0.5), true.into(), "t".into(), map]);
    let settings: Opaque = Some([("list".into(), list)].into());
    let proto: Option<Struct> = settings.to_proto().expect("it converts");
    let map = Value::Map(vec![("a".into(), Value::Nil), ("b".into(), "aGk=".into())]);
    let list = Value::List(vec![Value::F64(-3.0), Value::F64(4.0), Value::F64(0.5), true.into(), "t".into(), map]);
    assert_eq!(Opaque::from_proto(proto), Ok(Some([("list".into(), list)].into())));

    let none: Opaque = Some([].into());
    assert_eq!(Mirror::<Option<Struct>>::to_proto(&none), Ok(None));
    let odd: Opaque = Some([("x".into(), Value::Ext { tag: 9, data: Bytes::from_static(b"x") })].into());
    let error = Mirror::<Option<Struct>>::to_proto(&odd).expect_err("JSON has no extensions");
    assert_eq!(error.reason, Reason::Extension);
}

#[test]
fn a_service_within_a_service_within_a_service_survives() {
    let inner = ServiceConnect { native: true, ..ServiceConnect::default() };
    let sidecar = ServiceDefinition { name: "inner".into(), connect: Some(inner), ..ServiceDefinition::default() };
    let connect = ServiceConnect { sidecar_service: Some(Box::new(sidecar)), ..ServiceConnect::default() };
    let proto: pbservice::ServiceConnect = connect.to_proto().expect("it converts");
    let back = ServiceConnect::from_proto(proto).expect("it converts").sidecar_service.expect("it is there");
    assert_eq!(back.name, "inner");
    assert!(back.connect.is_some_and(|connect| connect.native));
}

#[test]
fn an_entry_gets_its_name_and_index_from_around_it() {
    let raft_index = RaftIndex { create_index: 3, modify_index: 4 };
    let defaults = ServiceDefaults { name: "web".into(), raft_index, ..ServiceDefaults::default() };
    let proto: pbconfigentry::ConfigEntry = ConfigEntry::from(defaults).to_proto().expect("it converts");
    assert_eq!((proto.kind(), proto.name.as_str()), (pbconfigentry::Kind::ServiceDefaults, "web"));
    let back = ConfigEntry::from_proto(proto).expect("it converts");
    assert_eq!((back.name(), back.raft_index()), (&"web".into(), Some(raft_index)));

    let error = ConfigEntry::from_proto(pbconfigentry::ConfigEntry::default()).expect_err("there is no entry");
    assert_eq!(error.reason, Reason::Missing("Entry"));
}

proptest! {
    #[test]
    fn every_duration_survives(nanos in any::<i64>()) {
        let proto: Duration = GoDuration(nanos).to_proto().expect("it converts");
        prop_assert_eq!(GoDuration::from_proto(proto), Ok(GoDuration(nanos)));
    }

    #[test]
    fn every_instant_survives(seconds in any::<i64>(), nanos in 0u32..1_000_000_000) {
        let time = Time::from_unix(seconds, nanos);
        let proto: Timestamp = time.to_proto().expect("it converts");
        prop_assert_eq!(Time::from_proto(proto), Ok(time));
    }

    #[test]
    fn every_number_in_range_survives_and_no_other_converts(number in any::<i64>()) {
        let proto: Result<i32, _> = number.to_proto();
        match i32::try_from(number) {
            Ok(small) => prop_assert_eq!(proto, Ok(small)),
            Err(_) => prop_assert_eq!(proto.expect_err("too large").reason, Reason::Range("i32")),
        }
    }

    #[test]
    fn every_list_of_text_survives_but_an_empty_one(list in proptest::collection::vec(".*", 0..4)) {
        let ours: List<GoStr> = Some(list.iter().map(|text| GoStr::from(text.as_str())).collect());
        let proto: Vec<String> = ours.to_proto().expect("it converts");
        prop_assert_eq!(&proto, &list);
        prop_assert_eq!(List::<GoStr>::from_proto(proto), Ok(ours.filter(|list| !list.is_empty())));
    }
}
