//! The catalog and health: edges of arguments, what is imported, what waits.
use proconsul_msgpack::Value;
use proconsul_state::Entry;
use proconsul_structs::{
    catalog::{DeregisterRequest, RegisterRequest},
    check::HealthCheck,
    config_entry::{ConfigEntryOp, ConfigEntryRequest, LinkedService, TerminatingGateway},
    kvs::{DirEntry, KvOp, KvsRequest},
    service::NodeService,
};

use crate::{
    mutate::map,
    server::{Called, Server},
};

type Argument = Vec<(&'static str, Value)>;

fn text(key: &'static str, value: &str) -> (&'static str, Value) {
    (key, value.into())
}

async fn ask(server: &Server, method: &str, argument: &[(&str, Value)]) -> Value {
    proconsul_msgpack::from_slice(&server.send(method, &map(argument)).await.replied()).unwrap()
}

fn registration(node: &str, service: &str, status: &str) -> RegisterRequest {
    let check = HealthCheck {
        node: node.into(),
        check_id: "c".into(),
        status: status.into(),
        service_id: service.into(),
        ..HealthCheck::default()
    };
    RegisterRequest {
        node: node.into(),
        address: "10.0.0.1".into(),
        service: Some(NodeService { id: service.into(), service: service.into(), ..NodeService::default() }),
        check: Some(check),
        ..RegisterRequest::default()
    }
}

/// Every edge of an argument has an answer: a refusal in Consul's words, or that there is nothing.
#[tokio::test]
async fn edges_of_arguments_are_answered_as_consul_answers_them() {
    let server = Server::new();
    server.log(Entry::Register(Box::new(registration("n", "web", "purple"))));
    let bad = |expression: &str| text("Filter", expression);
    let no_match = "Failed to create boolean expression evaluator: ";
    let web = || text("ServiceName", "web");
    let node = || text("Node", "n");
    let refused: Vec<(&str, Argument, String)> = vec![
        ("Catalog.NodeServices", vec![], "Must provide node".into()),
        ("Catalog.NodeServices", vec![bad("Nope == x")], "Must provide node".into()),
        ("Catalog.NodeServices", vec![node(), bad("Nope == x")], format!("{no_match}Selector \"Nope\" is not valid")),
        (
            "Catalog.NodeServiceList",
            vec![node(), bad("ServiceName == x")],
            format!("{no_match}Selector \"ServiceName\" is not valid"),
        ),
        ("Health.ServiceNodes", vec![], "Must provide service name".into()),
        ("Health.ServiceNodes", vec![text("ServiceAddress", "10.0.0.1")], "Must provide service name".into()),
        (
            "Health.ServiceNodes",
            vec![web(), bad("Service.Nope == x")],
            format!("{no_match}Selector \"Service.Nope\" is not valid"),
        ),
        ("Health.ServiceNodes", vec![web(), bad("Status == x")], format!("{no_match}Selector \"Status\" is not valid")),
        (
            "Health.ServiceNodes",
            vec![web(), text("SamenessGroup", "g")],
            "sameness groups are not supported in consul CE".into(),
        ),
        ("Health.ServiceChecks", vec![web(), ("TagFilter", true.into())], "Tag filtering is not supported".into()),
        (
            "Health.ServiceChecks",
            vec![web(), bad("Definition is empty")],
            format!("{no_match}Selector \"Definition\" is not valid"),
        ),
        (
            "Health.ChecksInState",
            vec![bad("CreateIndex == 1")],
            format!("{no_match}Selector \"CreateIndex\" is not valid"),
        ),
        ("Health.NodeChecks", vec![node(), text("Datacenter", "dc9")], "No path to datacenter".into()),
    ];
    for (method, argument, expected) in refused {
        assert_eq!(server.send(method, &map(&argument)).await.refused(), expected, "{method} {argument:?}");
    }
    let stray = || ("Node", Value::Str(b"n\xff\0".as_slice().into()));
    let strange = || ("ServiceName", Value::Str(b"\0\0\xff".as_slice().into()));
    let nothing: Vec<(&str, Argument, &str, Value)> = vec![
        ("Catalog.NodeServices", vec![stray()], "NodeServices", Value::Nil),
        ("Catalog.NodeServices", vec![text("Node", "x")], "NodeServices", Value::Nil),
        ("Catalog.GatewayServices", vec![strange()], "Services", Value::List(vec![])),
        ("Catalog.ServiceList", vec![text("PeerName", "nobody")], "Services", Value::List(vec![])),
        ("Health.NodeChecks", vec![stray()], "HealthChecks", Value::Nil),
        ("Health.NodeChecks", vec![], "HealthChecks", Value::Nil),
        ("Health.NodeChecks", vec![stray(), bad("Name == x")], "HealthChecks", Value::List(vec![])),
        ("Health.ServiceChecks", vec![strange()], "HealthChecks", Value::Nil),
        ("Health.ChecksInState", vec![text("State", "bogus")], "HealthChecks", Value::Nil),
        ("Health.ChecksInState", vec![text("State", "")], "HealthChecks", Value::Nil),
        ("Health.ChecksInState", vec![text("State", "ANY")], "HealthChecks", Value::Nil),
        ("Health.ServiceNodes", vec![strange()], "Nodes", Value::Nil),
        ("Health.ServiceNodes", vec![web(), text("PeerName", "nobody")], "Nodes", Value::Nil),
        ("Health.ServiceNodes", vec![web(), ("Ingress", true.into())], "Nodes", Value::Nil),
        (
            "Health.ServiceNodes",
            vec![web(), ("HealthFilterType", 1_000_000_i64.into()), bad("Node.Node == x")],
            "Nodes",
            Value::List(vec![]),
        ),
        ("Health.ServiceNodes", vec![web(), ("HealthFilterType", 2_i64.into())], "Nodes", Value::List(vec![])),
    ];
    for (method, argument, field, left) in nothing {
        assert_eq!(ask(&server, method, &argument).await.get(field), Some(&left), "{method} {argument:?}");
    }
    let found: Vec<(&str, Argument, &str)> = vec![
        ("Health.ChecksInState", vec![text("State", "PURPLE")], "HealthChecks"),
        ("Health.ChecksInState", vec![text("State", "any")], "HealthChecks"),
        ("Health.NodeChecks", vec![text("Node", "N")], "HealthChecks"),
        ("Health.ServiceNodes", vec![text("ServiceName", "WEB"), text("PeerName", "~")], "Nodes"),
        ("Health.ServiceNodes", vec![web(), ("HealthFilterType", 1_i64.into())], "Nodes"),
        ("Health.ServiceNodes", vec![web(), ("TagFilter", true.into())], "Nodes"),
    ];
    for (method, argument, field) in found {
        let answer = ask(&server, method, &argument).await;
        assert!(matches!(answer.get(field), Some(Value::List(list)) if list.len() == 1), "{method} {argument:?}");
    }
    let no_address = proconsul_msgpack::to_vec(&"").unwrap();
    assert_eq!(server.send("Catalog.VirtualIPForService", &map(&[strange()])).await.replied(), no_address);
    server.assert_lives().await;
}

#[tokio::test]
async fn what_is_imported_is_read_by_its_peers_name() {
    let server = Server::new();
    server.log(Entry::Register(Box::new(registration("ours-1", "web", "passing"))));
    let theirs = RegisterRequest { peer_name: "cluster-b".into(), ..registration("far-1", "web", "critical") };
    server.log(Entry::Register(Box::new(theirs)));
    let of_peer = text("PeerName", "cluster-b");
    let reads: Vec<(&str, Argument)> = vec![
        ("Catalog.ListNodes", vec![]),
        ("Catalog.ServiceNodes", vec![text("ServiceName", "web")]),
        ("Health.ServiceNodes", vec![text("ServiceName", "web")]),
        ("Health.ServiceChecks", vec![text("ServiceName", "web")]),
        ("Health.ChecksInState", vec![text("State", "any")]),
    ];
    for (method, argument) in reads {
        let local = format!("{:?}", ask(&server, method, &argument).await);
        assert!(local.contains("ours-1") && !local.contains("far-1"), "{method}: {local}");
        let imported =
            format!("{:?}", ask(&server, method, &[&argument[..], std::slice::from_ref(&of_peer)].concat()).await);
        assert!(imported.contains("far-1") && !imported.contains("ours-1"), "{method}: {imported}");
    }
    for method in ["Catalog.NodeServices", "Catalog.NodeServiceList", "Health.NodeChecks"] {
        let imported = format!("{:?}", ask(&server, method, &[text("Node", "far-1"), of_peer.clone()]).await);
        assert!(imported.contains("web") && imported.contains("cluster-b"), "{method}: {imported}");
        let local = format!("{:?}", ask(&server, method, &[text("Node", "far-1")]).await);
        assert!(!local.contains("web"), "{method}: {local}");
    }
    // A client takes away what it names, and nothing of this cluster's.
    server.send("Catalog.Deregister", &map(&[text("Node", "far-1"), of_peer.clone()])).await.replied();
    let nodes = format!("{:?}", ask(&server, "Catalog.ListNodes", &[of_peer]).await);
    assert!(!nodes.contains("far-1"), "{nodes}");
    let nodes = format!("{:?}", ask(&server, "Catalog.ListNodes", &[]).await);
    assert!(nodes.contains("ours-1"), "{nodes}");
}

/// Parks a query that has seen what there is.
async fn wait(server: &Server, method: &str, argument: &[(&str, Value)]) {
    let index = ask(server, method, argument).await.get("Index").unwrap().clone();
    match server.send(method, &map(&[argument, &[("MinQueryIndex", index)]].concat())).await {
        Called::Parked(hold) => server.keep(hold),
        _ => panic!("{method} has news though nothing happened"),
    }
}

#[tokio::test]
async fn a_waiter_is_told_when_the_health_changes_and_not_of_what_happens_elsewhere() {
    let server = Server::new();
    let write = |request: RegisterRequest| server.log(Entry::Register(Box::new(request)));
    write(registration("n", "web", "passing"));
    write(registration("m", "db", "passing"));
    let web = [text("ServiceName", "web")];
    for (method, argument) in [
        ("Health.ServiceNodes", vec![text("ServiceName", "web")]),
        ("Health.ServiceNodes", vec![text("ServiceName", "web"), ("HealthFilterType", 2_i64.into())]),
        ("Health.ServiceChecks", web.to_vec()),
        ("Health.NodeChecks", vec![text("Node", "n")]),
        ("Health.ChecksInState", vec![text("State", "critical")]),
    ] {
        write(registration("n", "web", "passing"));
        wait(&server, method, &argument).await;
        let before = server.evaluations().await;
        for output in ["a", "b", "c"] {
            let mut other = registration("m", "db", "passing");
            other.check.as_mut().unwrap().output = output.into();
            write(other);
        }
        write(RegisterRequest { peer_name: "p".into(), ..registration("n", "web", "critical") });
        assert_eq!(server.evaluations().await, before, "{method} was looked at for what happened elsewhere");
        write(registration("n", "web", "critical"));
        let answer = format!("{:?}", server.answer().await);
        assert!(
            answer.contains("critical") || answer.contains("Nodes: List([])") || !answer.contains("passing"),
            "{method}: {answer}"
        );
    }
    // The last instance goes: the answer is that there is none.
    wait(&server, "Health.ServiceNodes", &web).await;
    let gone = DeregisterRequest { node: "n".into(), service_id: "web".into(), ..DeregisterRequest::default() };
    server.log(Entry::Deregister(Box::new(gone)));
    assert_eq!(server.answer().await.get("Nodes"), Some(&Value::Nil));
}

/// Rows of a gateway with the instances behind it, and the gateways in front of a service.
#[tokio::test]
async fn gateways_are_found_from_either_side_and_waited_for() {
    let server = Server::new();
    let gateway = map(&[("Kind", "terminating-gateway".into()), ("Service", "gw".into()), ("Port", Value::Int(1))]);
    for service in [map(&[("Service", "web".into())]), gateway] {
        let node = [("Node", "n".into()), ("Address", "10.0.0.1".into()), ("Service", service)];
        server.send("Catalog.Register", &map(&node)).await.replied();
    }
    let asks = [
        ("Catalog.GatewayServices", vec![("ServiceName", "gw".into())]),
        ("Internal.GatewayServiceDump", vec![("ServiceName", "gw".into())]),
        (
            "Internal.ServiceGateways",
            vec![("ServiceName", "web".into()), ("ServiceKind", "terminating-gateway".into())],
        ),
        ("Internal.ServiceDump", vec![("UseServiceKind", true.into()), ("ServiceKind", "mesh-gateway".into())]),
        ("Health.ServiceNodes", vec![("ServiceName", "web".into()), ("Connect", true.into())]),
        ("Catalog.ServiceNodes", vec![("ServiceName", "web".into()), ("Connect", true.into())]),
    ];
    for (method, ask) in &asks {
        let past = ("MinQueryIndex", Value::Uint(1_000));
        match server.send(method, &map(&[&ask[..], &[past]].concat())).await {
            Called::Parked(hold) => server.keep(hold),
            _ => panic!("{method} does not wait"),
        }
    }
    let services = ["web", "none"].map(|name| LinkedService { name: name.into(), ..Default::default() });
    let entry = TerminatingGateway { name: "gw".into(), services: Some(services.into()), ..Default::default() };
    let request = ConfigEntryRequest { op: ConfigEntryOp::Upsert, entry: entry.into(), ..Default::default() };
    let before = server.evaluations().await;
    server.log(Entry::ConfigEntry(Box::new(request)));
    assert_eq!(server.evaluations().await, before + asks.len() as u64, "everybody is looked at");
    let mut found = Vec::new();
    for (method, ask) in &asks {
        let reply = self::ask(&server, method, ask).await;
        let lists = ["Services", "Dump", "Nodes", "Gateways", "ServiceNodes"];
        let lists = lists.iter().filter_map(|list| match reply.get(list)? {
            Value::List(rows) => Some(rows.len()),
            _ => None,
        });
        found.push(lists.collect::<Vec<_>>());
    }
    assert_eq!(found, [vec![2], vec![2], vec![1], vec![2], vec![1], vec![1]]);
    server.close().await;
}

#[tokio::test]
async fn addresses_are_given_by_hand_to_what_the_mesh_reaches() {
    let server = Server::new();
    let native =
        map(&[("Service", "web".into()), ("Port", Value::Int(1)), ("Connect", map(&[("Native", true.into())]))]);
    let node = [("Node", "n".into()), ("Address", "10.0.0.1".into()), ("Service", native)];
    server.send("Catalog.Register", &map(&node)).await.replied();
    let given = |service: &str, addresses: &[&str]| {
        let addresses = addresses.iter().map(|address| (*address).into()).collect();
        map(&[("Service", service.into()), ("ManualVIPs", Value::List(addresses))])
    };
    let assign = "Internal.AssignManualServiceVIPs";
    for (service, addresses, found) in [
        ("none", &["1.2.3.4"][..], false),
        ("web", &[], true),
        ("web", &["1.2.3.4", "1.2.3.4", "1.2.3.5"], true),
        ("web", &["1.2.3.5", "1.2.3.4"], true),
        ("web", &["::ffff:1.2.3.6"], true),
    ] {
        let reply: Value =
            proconsul_msgpack::from_slice(&server.send(assign, &given(service, addresses)).await.replied()).unwrap();
        assert_eq!(reply.get("Found"), Some(&Value::Bool(found)), "{service} {addresses:?}");
    }
    for (address, said) in [("bad", "<nil>"), ("", "<nil>"), ("2001:DB8::1", "2001:db8::1")] {
        let refused = server.send(assign, &given("none", &[address])).await.refused();
        assert_eq!(refused, format!("\"{said}\" is not a valid IPv4 address"));
    }
    let refused = server.send(assign, &given("none", &["1.2.3.4"; 9])).await.refused();
    assert_eq!(refused, "cannot associate more than 8 manual virtual IPs with the same service");
}

/// Counted, with thousands that wait for different things by different methods: what a write costs does not depend on them.
#[tokio::test]
async fn a_write_that_concerns_none_of_thousands_looks_at_none_of_them() {
    const EACH: usize = 300;
    let server = Server::new();
    let register = |node: &str, service: &str, status: &str| {
        server.log(Entry::Register(Box::new(registration(node, service, status))));
    };
    register("else", "elsewhere", "passing");
    set(&server, "elsewhere", "0");
    for number in 0..EACH {
        register(&format!("node-{number}"), &format!("web-{number}"), "passing");
        set(&server, &format!("key/{number}/a"), "1");
    }
    for number in 0..EACH {
        let (node, service) = (format!("node-{number}"), format!("web-{number}"));
        for (method, argument) in [
            ("Catalog.ServiceNodes", text("ServiceName", &service)),
            ("Catalog.NodeServices", text("Node", &node)),
            ("Health.ServiceNodes", text("ServiceName", &service)),
            ("Health.ServiceChecks", text("ServiceName", &service)),
            ("Health.NodeChecks", text("Node", &node)),
            ("KVS.Get", text("Key", &format!("key/{number}/a"))),
            ("KVS.List", text("Key", &format!("key/{number}/"))),
            ("KVS.ListKeys", text("Prefix", &format!("key/{number}/"))),
            ("Session.NodeSessions", text("Node", &node)),
            ("Coordinate.Node", text("Node", &node)),
        ] {
            wait(&server, method, &[argument]).await;
        }
    }
    let before = server.counts().await;
    assert_eq!((before.parked, before.entries), (10 * EACH, 10 * EACH));
    for (round, status) in ["critical", "passing", "warning"].into_iter().enumerate() {
        register("else", "elsewhere", status);
        register(&format!("more-{round}"), "elsewhere", status);
        set(&server, "elsewhere", status);
        set(&server, &format!("key/{}/a/b", EACH + round), status);
        let session = map(&[text("Node", "else"), text("Behavior", "delete")]);
        server.send("Session.Apply", &map(&[text("Op", "create"), ("Session", session)])).await.replied();
        let gone = DeregisterRequest { node: format!("more-{round}").as_str().into(), ..DeregisterRequest::default() };
        server.log(Entry::Deregister(Box::new(gone)));
    }
    assert_eq!(server.counts().await, before, "nothing was looked at, encoded or answered");
    // That they would have been: one write, and one of each that it concerns.
    register("node-7", "web-7", "critical");
    set(&server, "key/7/a", "2");
    let after = server.counts().await;
    assert_eq!((after.evaluations - before.evaluations, before.parked - after.parked), (6, 6), "{after:?}");
}

fn set(server: &Server, key: &str, value: &str) {
    let dir_ent = DirEntry { key: key.into(), value: Some(value.to_owned().into()), ..DirEntry::default() };
    server.log(Entry::Kvs(Box::new(KvsRequest { op: KvOp::Set, dir_ent, ..KvsRequest::default() })));
}
