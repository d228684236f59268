use super::*;

/// What can be selected from a value of this kind, in the words of `fields.txt`.
fn describe(row: &str, path: &str, kind: &Kind, out: &mut Vec<String>) {
    let word = match kind {
        Kind::Str => "str",
        Kind::Int(64) => "int",
        Kind::Bool => "bool",
        Kind::Map(_) => "map",
        Kind::List(of) if of.is_primitive() => "texts",
        Kind::List(_) => "list",
        Kind::Struct(_) => "struct",
        other => panic!("no field of Consul's is {other:?}"),
    };
    if !path.is_empty() {
        out.push(format!("{row} {path} {word}"));
    }
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match kind {
        Kind::Map(of) => describe(row, &below("*"), of, out),
        Kind::Struct(fields) | Kind::List(Kind::Struct(fields)) => {
            fields.iter().for_each(|field| describe(row, &below(field.name), &field.kind, out));
        }
        _ => {}
    }
}

#[test]
fn the_fields_are_those_that_consul_lets_select() {
    let mut ours = Vec::new();
    describe("Node", "", &<Node as Selectable<Consul>>::KIND, &mut ours);
    describe("ServiceNode", "", &<ServiceNode as Selectable<Consul>>::KIND, &mut ours);
    describe("NodeService", "", &<NodeService as Selectable<Consul>>::KIND, &mut ours);
    describe("HealthCheck", "", &<HealthCheck as Selectable<Consul>>::KIND, &mut ours);
    for (name, kind) in [("Node", "struct"), ("Service", "struct"), ("Checks", "list")] {
        ours.push(format!("CheckServiceNode {name} {kind}"));
    }
    ours.sort();
    let mut recorded: Vec<&str> = include_str!("fields.txt").lines().filter(|line| !line.starts_with('#')).collect();
    recorded.sort_unstable();
    assert!(recorded.len() > 80);
    assert_eq!(ours, recorded);
}

fn instance() -> ServiceNode {
    ServiceNode {
        node: "n1".into(),
        service_kind: ServiceKind::ConnectProxy,
        service_tags: Some(vec!["a".into(), "b".into()]),
        service_meta: Some(BTreeMap::from([("k".into(), "v".into())])),
        service_tagged_addresses: Some(BTreeMap::from([(
            "lan".into(),
            ServiceAddress { address: "10.0.0.1".into(), port: 80 },
        )])),
        service_port: 7,
        service_weights: Weights { passing: 3, warning: 0 },
        service_proxy: ConnectProxyConfig {
            upstreams: Some(vec![
                Upstream { destination_name: "db".into(), local_bind_port: 1, ..Upstream::default() },
                Upstream { destination_name: "cache".into(), local_bind_port: 2, ..Upstream::default() },
            ]),
            ..ConnectProxyConfig::default()
        },
        ..ServiceNode::default()
    }
}

fn keeps(row: &ServiceNode, expression: &str) -> bool {
    let filter = RowFilter::new(&expression.into()).unwrap_or_else(|fault| panic!("{expression}: {fault}"));
    filter.keep(Some(vec![row]), |row| *row).unwrap().is_some_and(|rows| !rows.is_empty())
}

#[test]
fn an_expression_sees_what_is_in_the_fields() {
    let row = instance();
    for so in [
        "",
        "Node == n1",
        "ServiceKind == `connect-proxy`",
        "ServiceTags contains b",
        "ServiceMeta.k == v",
        "k in ServiceMeta",
        "ServiceMeta.absent != v",
        "ServiceTaggedAddresses.lan.Port == 80",
        "ServicePort == 7 and ServiceWeights.Passing == 3",
        "ServiceProxy.Upstreams.DestinationName == cache",
        "ServiceProxy.Upstreams is not empty",
        "ServiceConnect.Native == false",
    ] {
        assert!(keeps(&row, so), "{so}");
    }
    for not in [
        "Node == n2",
        "ServiceKind == ``",
        "c in ServiceTags",
        "ServiceMeta.k == w",
        "ServiceTaggedAddresses.wan.Port == 80",
        "ServiceProxy.Upstreams.LocalBindPort == 3",
        "ServiceProxy.MeshGateway.Mode != ``",
    ] {
        assert!(!keeps(&row, not), "{not}");
    }
}

/// An instance with its checks is asked through its node, its service, and any of its checks.
#[test]
fn an_expression_leads_through_what_is_shared() {
    let check = |id: &str, status: &str| {
        Shared::from(HealthCheck { check_id: id.into(), status: status.into(), ..HealthCheck::default() })
    };
    let service = NodeService {
        service: "web".into(),
        port: 80,
        weights: Some(Weights { passing: 3, warning: 1 }),
        tags: Some(vec!["a".into()]),
        ..NodeService::default()
    };
    let one = CheckServiceNode {
        node: Some(Shared::from(Node { node: "n1".into(), ..Node::default() })),
        service: Some(Shared::from(service.clone())),
        checks: Some(vec![check("c1", "passing"), check("c2", "critical")]),
    };
    let keeps = |one: &CheckServiceNode, expression: &str| {
        let filter = RowFilter::new(&expression.into()).unwrap_or_else(|fault| panic!("{expression}: {fault}"));
        filter.matches(one).unwrap()
    };
    for so in [
        "Node.Node == n1",
        "Service.Port == 80 and Service.Weights.Passing == 3",
        "a in Service.Tags",
        "Checks.Status == critical",
        "Checks.CheckID == c1 and Checks.Status != critical",
        "Checks is not empty",
    ] {
        assert!(keeps(&one, so), "{so}");
    }
    for not in ["Node.Node == n2", "Checks.Status == warning", "Service.Tags is empty", "Checks.ExposedPort == 1"] {
        assert!(!keeps(&one, not), "{not}");
    }
    let unchecked = CheckServiceNode { checks: None, ..one };
    assert!(keeps(&unchecked, "Checks is empty") && !keeps(&unchecked, "Checks.Status == critical"));
    let info = NodeInfo { services: Some(vec![Shared::from(service)]), ..NodeInfo::default() };
    assert!(RowFilter::new(&"Services.Service == web".into()).unwrap().matches(&info).unwrap());
    // What Consul would fall over is refused.
    let nothing = CheckServiceNode::default();
    let filter = RowFilter::<CheckServiceNode>::new(&"Node.Node == n1".into()).unwrap();
    assert!(filter.matches(&nothing).is_err());
}

#[test]
fn a_nil_list_or_map_is_an_empty_one() {
    let row = ServiceNode::default();
    assert!(row.service_tags.is_none() && row.service_meta.is_none() && row.service_tagged_addresses.is_none());
    for so in [
        "ServiceTags is empty",
        "ServiceMeta is empty",
        "k not in ServiceMeta",
        "ServiceMeta.k != v",
        "ServiceTaggedAddresses is empty",
        "ServiceProxy.Upstreams is empty",
        "ServiceProxy.EnvoyExtensions.Name != x or ServiceProxy.EnvoyExtensions is empty",
    ] {
        assert!(keeps(&row, so), "{so}");
    }
    for not in ["a in ServiceTags", "ServiceMeta.k == v", "ServiceProxy.Upstreams.DestinationName == db"] {
        assert!(!keeps(&row, not), "{not}");
    }
}

#[test]
fn every_kind_of_service_has_its_word() {
    for kind in ServiceKind::KNOWN {
        let row = ServiceNode { service_kind: kind.clone(), ..ServiceNode::default() };
        assert!(keeps(&row, &format!("ServiceKind == `{kind}`")), "{kind:?}");
    }
    let row = ServiceNode { service_kind: ServiceKind::Unknown("weird".into()), ..ServiceNode::default() };
    assert!(keeps(&row, "ServiceKind == weird"));
}

#[test]
fn what_is_not_text_equals_nothing_and_harms_nobody() {
    let row = ServiceNode { node: GoStr::from(&b"n\xff"[..]), ..ServiceNode::default() };
    assert!(keeps(&row, "Node != n") && !keeps(&row, "Node == n") && !keeps(&row, "Node matches n"));
}

#[test]
fn a_list_stays_as_it_is_without_an_expression_and_is_never_nil_with_one() {
    let none = RowFilter::<Node>::new(&GoStr::EMPTY).unwrap();
    assert_eq!(none.keep(None::<Vec<Node>>, |row| row).unwrap(), None);
    assert_eq!(none.keep(Some(Vec::<Node>::new()), |row| row).unwrap(), Some(vec![]));
    let some = RowFilter::<Node>::new(&"Node == x".into()).unwrap();
    assert_eq!(some.keep(None::<Vec<Node>>, |row| row).unwrap(), Some(vec![]));
}

/// Golden cases options/filter-syntax-error, catalog/service-nodes-errors.
#[test]
fn errors_are_in_consuls_words() {
    let error = |expression: &str| RowFilter::<Node>::new(&expression.into()).err().map(|fault| fault.to_string());
    let prefix = "Failed to create boolean expression evaluator: ";
    assert_eq!(error("Nope == x"), Some(format!("{prefix}Selector \"Nope\" is not valid")));
    assert_eq!(
        error("Node contains x and"),
        Some(format!("{prefix}1:20 (19): no match found, expected: [ \\t\\r\\n]"))
    );
    assert_eq!(error("ID == x"), None);
}
