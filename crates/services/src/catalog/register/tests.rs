use proconsul_structs::{
    GoDuration,
    check::HealthCheckDefinition,
    service::{NodeService, ServiceKind},
};

use super::*;
use crate::{Context, Rights, silent::context};

/// Somebody who may do everything.
fn caller(context: &Context) -> Caller<'_> {
    static ALL: std::sync::LazyLock<Rights> = std::sync::LazyLock::new(Rights::default);
    Caller { context, rights: &ALL }
}

fn node() -> RegisterRequest {
    RegisterRequest { node: "n".into(), address: "10.0.0.1".into(), ..RegisterRequest::default() }
}

fn with(service: NodeService) -> RegisterRequest {
    RegisterRequest { service: Some(service), ..node() }
}

fn service(name: &str) -> NodeService {
    NodeService { service: name.into(), ..NodeService::default() }
}

fn check(id: &str) -> HealthCheck {
    HealthCheck { check_id: id.into(), ..HealthCheck::default() }
}

/// What the log would be given, or the text of the refusal.
fn prepared(request: RegisterRequest) -> Result<RegisterRequest, String> {
    match prepare(caller(&context()), request) {
        Ok(Entry::Register(request)) => Ok(*request),
        Err(Err(fault)) => Err(fault.to_string()),
        other => panic!("a registration is written or refused, not {other:?}"),
    }
}

fn refusal(request: RegisterRequest) -> String {
    prepared(request).map_or_else(|text| text, |_| "accepted".to_owned())
}

#[test]
fn a_node_needs_a_name_then_a_good_id_then_an_address() {
    let bad_id = |id: &str| RegisterRequest { id: id.into(), address: GoStr::EMPTY, ..node() };
    let check = |request: RegisterRequest, expected: &str| assert_eq!(refusal(request), expected);
    check(RegisterRequest { id: "x".into(), ..RegisterRequest::default() }, "Must provide node");
    check(bad_id("not-a-uuid"), "Bad node ID: uuid string is wrong length");
    check(bad_id("0000000000000-0000-0000-000000000000"), "Bad node ID: uuid is improperly formatted");
    check(bad_id("0000000g-0000-0000-0000-000000000000"), "Bad node ID: encoding/hex: invalid byte: U+0067 'g'");
    check(bad_id("0000000-0000-0000-0000-000000000000-"), "Bad node ID: uuid is improperly formatted");
    check(bad_id("00000000-0000-0000-0000-000000000000"), "Must provide address if SkipNodeUpdate is not set");
    check(RegisterRequest { skip_node_update: true, address: GoStr::EMPTY, ..node() }, "accepted");
    check(node(), "accepted");
}

#[test]
fn a_stray_byte_in_an_id_is_named_as_go_names_it() {
    assert_eq!(go_character(b'z'), "U+007A 'z'");
    assert_eq!(go_character(b'\n'), "U+000A");
    assert_eq!(go_character(0xe4), "U+00E4 'ä'");
    assert_eq!(go_character(0x80), "U+0080");
}

#[test]
fn a_service_is_checked_in_consuls_order() {
    let check = |service: NodeService, expected: &str| assert_eq!(refusal(with(service)), expected);
    check(NodeService::default(), "Must provide service name (Service.Service)");
    check(
        NodeService { id: "i".into(), ..NodeService::default() },
        "Must provide service name (Service.Service) when service ID is provided",
    );
    check(
        NodeService { kind: ServiceKind::MeshGateway, ..NodeService::default() },
        "1 error occurred:\n\t* Port must be non-zero for a mesh-gateway\n\n",
    );
    check(
        NodeService { address: "0.0.0.0".into(), ..service("a_b") },
        "Service name a_b contains invalid characters. Valid characters include all alpha-numerics and dashes.",
    );
    for any in ["0.0.0.0", "::", "[::]"] {
        check(NodeService { address: any.into(), ..service("web") }, "Invalid service address");
    }
    check(service(r"we\b-1"), "accepted");
}

#[test]
fn a_service_without_id_goes_by_its_name() {
    assert_eq!(prepared(with(service("web"))).unwrap().service.unwrap().id, "web");
    let named = prepared(with(NodeService { id: "w1".into(), ..service("web") })).unwrap();
    assert_eq!(named.service.unwrap().id, "w1");
}

#[test]
fn nobody_registers_for_a_peered_cluster() {
    let peer = || GoStr::from("other");
    let text = "cannot register requests with PeerName in them";
    assert_eq!(refusal(RegisterRequest { peer_name: peer(), ..RegisterRequest::default() }), text);
    assert_eq!(refusal(with(NodeService { peer_name: peer(), ..service("web") })), text);
    let foreign = || HealthCheck { peer_name: peer(), ..check("c") };
    assert_eq!(refusal(RegisterRequest { check: Some(foreign()), ..node() }), text);
    assert_eq!(refusal(RegisterRequest { checks: Some(vec![check("a"), foreign()]), ..node() }), text);
}

#[test]
fn checks_are_gathered_and_completed() {
    let named = HealthCheck {
        name: "disk".into(),
        definition: HealthCheckDefinition { ttl: GoDuration(1), ..HealthCheckDefinition::default() },
        ..HealthCheck::default()
    };
    let single = HealthCheck { check_type: "kept".into(), node: "N".into(), ..check("single") };
    let entry = prepared(RegisterRequest { check: Some(single), checks: Some(vec![named]), ..node() }).unwrap();
    assert_eq!(entry.check, None);
    let checks = entry.checks.unwrap();
    let facts: Vec<_> = checks.iter().map(|c| [&c.node, &c.check_id, &c.check_type].map(ToString::to_string)).collect();
    assert_eq!(facts, [["n", "disk", "ttl"], ["N", "single", "kept"]], "the single one comes last");
}

#[test]
fn a_check_is_of_the_node_and_of_a_service_that_is_known() {
    let of = |service: &str| HealthCheck { service_id: service.into(), ..check("c") };
    let elsewhere = HealthCheck { node: "other".into(), ..check("c") };
    assert_eq!(
        refusal(RegisterRequest { check: Some(elsewhere), ..node() }),
        "Node 'other' for check 'c' doesn't match register request node 'n'"
    );
    assert_eq!(
        refusal(RegisterRequest { check: Some(of("web")), ..node() }),
        "Unknown service ID 'web' for check ID 'c'"
    );
    assert_eq!(refusal(RegisterRequest { check: Some(of("web")), ..with(service("web")) }), "accepted");
    // Letter case counts for ids, though the store would find it.
    assert_eq!(
        refusal(RegisterRequest { check: Some(of("WEB")), ..with(service("web")) }),
        "Unknown service ID 'WEB' for check ID 'c'"
    );
}

#[test]
fn a_check_may_be_of_a_service_that_was_registered_before() {
    let context = context();
    let id = "11111111-2222-3333-4444-555555555555";
    let existing = RegisterRequest { id: id.into(), ..with(NodeService { id: "w1".into(), ..service("web") }) };
    context.store.apply(1, &Entry::Register(Box::new(existing)));
    let answer = |node_name: &str, service: &str| {
        let of = HealthCheck { service_id: service.into(), ..check("c") };
        let request = RegisterRequest { node: node_name.into(), check: Some(of), ..node() };
        prepare(caller(&context), request)
            .map_or_else(|refused| refused.unwrap_err().to_string(), |_| "accepted".to_owned())
    };
    assert_eq!(answer("n", "w1"), "accepted");
    assert_eq!(answer("N", "w1"), "accepted");
    assert_eq!(answer("n", "W1"), "Unknown service ID 'W1' for check ID 'c'");
    assert_eq!(answer("n", "web"), "Unknown service ID 'web' for check ID 'c'");
    for part in ["1111", id] {
        assert_eq!(answer(part, "w1"), "accepted", "the node is found by its id, as in Consul; the store decides");
    }
    assert_eq!(answer("m", "w1"), "Unknown service ID 'w1' for check ID 'c'");
}
