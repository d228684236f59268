//! The methods as a connection calls them: bytes of an argument in, bytes of a reply or a fault out.
mod asked; // what each method asks about its caller's rights
mod catalog; // edges of the catalog's and health's arguments
mod central; // what config entries say about proxies
mod edges; // edges that many methods' arguments have
mod insecure; // the methods of byte 7
mod mutate; // arguments with something missing or wrong
mod recorded; // what Consul answered
mod server; // the methods over a store, with a log that applies at once
mod sessions; // sessions, locks, and time

use std::collections::BTreeSet;

use proconsul_msgpack::Value;
use proconsul_structs::{METHODS, catalog::IndexedNodes, methods};
use server::{Called, Server};

/// What is answered so far. Whoever adds a method adds it here, and every test below runs over it.
const SERVED: &[&str] = &[
    "Catalog.Deregister",
    "Catalog.GatewayServices",
    "Catalog.ListDatacenters",
    "Catalog.ListNodes",
    "Catalog.ListServices",
    "Catalog.NodeServiceList",
    "Catalog.NodeServices",
    "Catalog.Register",
    "Catalog.ServiceList",
    "Catalog.ServiceNodes",
    "Catalog.VirtualIPForService",
    "Coordinate.ListDatacenters",
    "Coordinate.ListNodes",
    "Coordinate.Node",
    "Coordinate.Update",
    "Health.ChecksInState",
    "Health.NodeChecks",
    "Health.ServiceChecks",
    "Health.ServiceNodes",
    "Internal.AssignManualServiceVIPs",
    "Internal.CatalogOverview",
    "Internal.EventFire",
    "Internal.GatewayServiceDump",
    "Internal.KeyringOperation",
    "Internal.NodeDump",
    "Internal.NodeInfo",
    "Internal.ServiceDump",
    "Internal.ServiceGateways",
    "KVS.Apply",
    "KVS.Get",
    "KVS.List",
    "KVS.ListKeys",
    "Operator.Usage",
    "Session.Apply",
    "Session.Get",
    "Session.List",
    "Session.NodeSessions",
    "Session.Renew",
    "Status.Leader",
    "Status.Peers",
    "Status.Ping",
    "Status.RaftStats",
    "Txn.Apply",
    "Txn.Read",
];

/// Nothing, nil, no elements; and a few values that are no argument at all.
const EMPTY: [&[u8]; 3] = [&[0x80], &[0xc0], &[0x90]];
const NO_ARGUMENT: [&[u8]; 6] = [&[0x01], &[0xc3], &[0xa1, b'x'], &[0x91, 0xc0], &[0x81, 0xa0, 0xc0], &[0xc1]];

#[tokio::test]
async fn every_method_of_these_crates_is_served() {
    let server = Server::new();
    let served: BTreeSet<_> = server.registry().served().map(|row| row.name).collect();
    assert_eq!(served, SERVED.iter().copied().collect());
}

#[tokio::test]
async fn an_empty_argument_is_answered_or_refused() {
    let server = Server::new();
    for name in SERVED {
        for body in EMPTY {
            match server.call(name, body).await {
                Called::Replied(reply) => assert!(proconsul_msgpack::from_slice::<Value>(&reply).is_ok(), "{name}"),
                Called::Refused(fault) => assert!(!fault.text.is_empty(), "{name}: an empty error is none"),
                Called::Parked(_) => panic!("{name} waits for nothing"),
            }
        }
        for body in NO_ARGUMENT {
            if let Called::Parked(_) = server.call(name, body).await {
                panic!("{name} waits for nothing");
            }
        }
    }
    server.assert_lives().await;
}

/// Golden group empty-body, for the same methods: what is asked for is missing, and said.
#[tokio::test]
async fn an_empty_argument_is_refused_in_consuls_words() {
    let server = Server::new();
    let refusals = [
        ("Catalog.Deregister", "Must provide node"),
        ("Catalog.NodeServiceList", "Must provide node"),
        ("Catalog.NodeServices", "Must provide node"),
        ("Catalog.Register", "Must provide node"),
        ("Catalog.ServiceNodes", "Must provide service name"),
        ("Health.ServiceNodes", "Must provide service name"),
        ("Coordinate.Update", "invalid coordinate"),
        ("Internal.GatewayServiceDump", "Must provide gateway name"),
        ("Internal.ServiceGateways", "Must provide gateway name"),
        ("KVS.Apply", "Must provide key"),
        ("Session.Apply", "Invalid session operation \"\""),
        ("Session.NodeSessions", "failed session lookup: index error: object is missing a value for this index"),
    ];
    for (name, text) in refusals {
        for body in EMPTY {
            assert_eq!(server.call(name, body).await.refused(), text, "{name} {body:x?}");
        }
    }
}

#[tokio::test]
async fn the_only_datacenter_is_ones_own() {
    let server = Server::new();
    let reply = server.call("Catalog.ListDatacenters", &[0x80]).await.replied();
    assert_eq!(reply, b"\x91\xa3dc1");
}

/// A request with everything in it that is accepted, then with every part of it left out, nil, empty or of another type.
#[tokio::test]
async fn a_partial_argument_is_answered_or_refused() {
    let mut calls = 0;
    for name in SERVED {
        let server = Server::new();
        let service = mutate::map(&[("Service", "web".into())]);
        let node = mutate::map(&[("Node", "n".into()), ("Address", "10.0.0.1".into()), ("Service", service)]);
        server.send("Catalog.Register", &node).await.replied();
        let row = &METHODS[usize::from(methods::find(name).unwrap())];
        let full = recorded::requests(row.arg).pop().expect("the codec's recordings have every argument");
        // A field that every row has which is filtered, but for an instance with its checks.
        let of_instances = ["Health.ServiceNodes", "Internal.ServiceDump"].contains(name);
        let filter = if of_instances { "Node.Node != other" } else { "PeerName != other" };
        for past in [0, 1_000_000] {
            let request = mutate::acceptable(&full, past, filter);
            if let Called::Refused(fault) = server.send(name, &request).await {
                panic!("{name} refuses what it should take: {fault}");
            }
            for argument in mutate::variants(&request) {
                // Whatever it says. Those that wait are kept, for the lot to evaluate once more.
                if let Called::Parked(hold) = server.send(name, &argument).await {
                    server.keep(hold);
                }
                calls += 1;
            }
        }
        server.close().await;
        server.assert_lives().await;
    }
    println!("{calls} calls");
    assert!(calls > 5_000, "{calls}");
}

/// A body is looked at while it still arrives: any beginning of it is fine or wrong, and nothing else happens.
#[tokio::test]
async fn the_beginning_of_an_argument_is_looked_at_without_harm() {
    let server = Server::new();
    for name in SERVED {
        let index = methods::find(name).unwrap();
        for request in recorded::requests(METHODS[usize::from(index)].arg) {
            let body = proconsul_msgpack::to_vec(&request).unwrap();
            for end in 0..body.len() {
                let error = server.registry().probe(index, &body[..end]).unwrap_err();
                assert!(error.is_incomplete(), "{name}, {end} of {} bytes: {error}", body.len());
            }
            server.registry().probe(index, &body).unwrap();
        }
    }
}

#[tokio::test]
async fn stray_bytes_in_an_argument_are_answered_or_refused() {
    const BYTES: [u8; 12] = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xcb, 0xdd, 0xff];
    let server = Server::new();
    for name in SERVED {
        for request in recorded::requests(METHODS[usize::from(methods::find(name).unwrap())].arg) {
            let body = proconsul_msgpack::to_vec(&request).unwrap();
            for at in 0..body.len() {
                let mut strayed = body.clone();
                strayed[at] = BYTES[at % BYTES.len()];
                server.call(name, &strayed).await;
            }
        }
    }
    server.close().await;
    server.assert_lives().await;
}

#[tokio::test]
async fn the_answers_are_those_that_consul_gave() {
    let mut compared = 0;
    for case in recorded::cases(SERVED) {
        compared += recorded::replay(&Server::new(), &case).await;
    }
    println!("{compared} answers compared");
    assert!(compared >= 50, "{compared}");
}

/// The same over a log that takes its time, as a replicated one does.
#[tokio::test]
async fn an_answer_may_have_to_wait_for_the_log() {
    let mut compared = 0;
    for case in recorded::cases(SERVED) {
        compared += recorded::replay(&Server::with_slow_log(), &case).await;
    }
    assert!(compared >= 50, "{compared}");
}

#[tokio::test]
async fn what_the_caller_has_already_is_not_repeated() {
    let server = Server::new();
    let service = mutate::map(&[("Service", "web".into())]);
    let register = mutate::map(&[("Node", "n".into()), ("Address", "10.0.0.1".into()), ("Service", service)]);
    server.send("Catalog.Register", &register).await.replied();
    let nodes = |reply: &[u8]| proconsul_msgpack::from_slice::<IndexedNodes>(reply).unwrap();
    let first = nodes(&server.send("Catalog.ListNodes", &mutate::map(&[])).await.replied());
    assert_eq!(first.nodes.map(|nodes| nodes.len()), Some(1));

    // It waits for news, and when there is none, says so instead of all that the caller has.
    let ask = [("MinQueryIndex", first.query_meta.index.into()), ("AllowNotModifiedResponse", true.into())];
    for (name, list) in [("Catalog.ListNodes", "Nodes"), ("Catalog.ListServices", "Services")] {
        let answer = server.until_the_end_of_the_wait(name, &mutate::map(&ask)).await;
        assert_eq!(answer.get("NotModified"), Some(&true.into()), "{name}: {answer:?}");
        assert_eq!(answer.get(list), Some(&Value::Nil), "{name}");
    }
    let without = server.until_the_end_of_the_wait("Catalog.ListNodes", &mutate::map(&ask[..1])).await;
    assert_eq!(without.get("NotModified"), Some(&false.into()));
    assert!(matches!(without.get("Nodes"), Some(Value::List(nodes)) if nodes.len() == 1));
}

#[tokio::test]
async fn nothing_is_known_of_peered_clusters() {
    let server = Server::new();
    let register = mutate::map(&[
        ("Node", "n".into()),
        ("Address", "10.0.0.1".into()),
        ("Service", mutate::map(&[("Service", "web".into())])),
    ]);
    server.send("Catalog.Register", &register).await.replied();
    let ask = mutate::map(&[("PeerName", "other".into()), ("ServiceName", "web".into())]);
    for (name, list) in [
        ("Catalog.ListNodes", "Nodes"),
        ("Catalog.ServiceNodes", "ServiceNodes"),
        ("Health.ServiceNodes", "Nodes"),
        ("Health.ServiceChecks", "HealthChecks"),
    ] {
        let reply: Value = proconsul_msgpack::from_slice(&server.send(name, &ask).await.replied()).unwrap();
        assert_eq!((reply.get(list), reply.get("Index")), (Some(&Value::Nil), Some(&1_i64.into())), "{name}");
    }
    assert_eq!(
        server.send("Catalog.ListServices", &ask).await.refused(),
        "listing service names imported from a peer is not supported"
    );
}

/// Two nodes with one service each, told apart by their metadata, which then changes.
#[tokio::test]
async fn metadata_of_nodes_narrows_every_list_and_its_change_is_news() {
    let server = Server::new();
    let node = |name: &str, zone: &str| {
        let service = mutate::map(&[("Service", "web".into()), ("Tags", Value::List(vec![name.into()]))]);
        let meta = mutate::map(&[("zone", zone.into())]);
        let check = mutate::map(&[("CheckID", "c".into()), ("ServiceID", "web".into())]);
        let of_node = [("Node", name.into()), ("Address", "10.0.0.1".into()), ("NodeMeta", meta)];
        mutate::map(&[&of_node[..], &[("Service", service), ("Check", check)]].concat())
    };
    server.send("Catalog.Register", &node("n1", "a")).await.replied();
    server.send("Catalog.Register", &node("n2", "b")).await.replied();
    let by_meta = ("NodeMetaFilters", mutate::map(&[("zone", "b".into())]));
    let cases = [
        ("Catalog.ListNodes", vec![by_meta.clone()]),
        ("Catalog.ListServices", vec![by_meta.clone()]),
        ("Catalog.ListServices", vec![("Filter", "NodeMeta.zone == b".into())]),
        ("Catalog.ServiceNodes", vec![("ServiceName", "web".into()), by_meta.clone()]),
        ("Health.ServiceNodes", vec![("ServiceName", "web".into()), by_meta.clone()]),
        ("Health.ServiceNodes", vec![("ServiceName", "web".into()), ("Filter", "Node.Meta.zone == b".into())]),
        ("Health.ServiceChecks", vec![("ServiceName", "web".into()), by_meta.clone()]),
        ("Health.ChecksInState", vec![("State", "critical".into()), by_meta]),
    ];
    let mut waiting = 0;
    for (name, ask) in &cases {
        let reply: Value =
            proconsul_msgpack::from_slice(&server.send(name, &mutate::map(ask)).await.replied()).unwrap();
        let text = format!("{reply:?}");
        assert!(text.contains("n2") && !text.contains("n1"), "{name}: {text}");

        let past = ("MinQueryIndex", reply.get("Index").unwrap().clone());
        match server.send(name, &mutate::map(&[&ask[..], &[past]].concat())).await {
            Called::Parked(hold) => server.keep(hold),
            _ => panic!("{name} has news though nothing happened"),
        }
        waiting += 1;
    }
    server.send("Catalog.Register", &node("n1", "b")).await.replied();
    for _ in 0..waiting {
        let text = format!("{:?}", server.answer().await);
        assert!(text.contains("n1") && text.contains("n2"), "{text}");
    }
}

/// Without central settings there is nothing to merge, but Consul's merging drops the node's facts of what the mesh runs.
#[tokio::test]
async fn merging_with_central_settings_drops_the_facts_of_a_proxys_node() {
    let server = Server::new();
    let proxy = mutate::map(&[
        ("Kind", "connect-proxy".into()),
        ("Service", "web-proxy".into()),
        ("Port", Value::Int(80)),
        ("Proxy", mutate::map(&[("DestinationServiceName", "web".into())])),
    ]);
    for service in [mutate::map(&[("Service", "web".into())]), proxy] {
        let node = [("Node", "n".into()), ("Address", "10.0.0.1".into()), ("Service", service)];
        server.send("Catalog.Register", &mutate::map(&node)).await.replied();
    }
    for (name, shown) in [("web", true), ("web-proxy", false)] {
        let ask = mutate::map(&[("ServiceName", name.into()), ("MergeCentralConfig", Value::Bool(true))]);
        let reply: Value =
            proconsul_msgpack::from_slice(&server.send("Catalog.ServiceNodes", &ask).await.replied()).unwrap();
        assert_eq!(format!("{reply:?}").contains("10.0.0.1"), shown, "{name}");
    }
}
