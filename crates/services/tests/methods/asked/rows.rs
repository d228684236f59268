//! What is asked on the fixture, method by method, and nothing else. Sorted by name, as the method table is.
use proconsul_msgpack::Value;
use proconsul_structs::coordinate::DIMENSIONS;

use crate::mutate::map;

/// The fixture's session.
pub(super) const SESSION: &str = "11111111-2222-3333-4444-555555555555";

/// One call and the questions that come with it, in their order.
pub(super) struct Row {
    pub(super) method: &'static str,
    pub(super) argument: Value,
    pub(super) questions: &'static str,
}

fn row(method: &'static str, argument: &[(&str, Value)], questions: &'static str) -> Row {
    Row { method, argument: map(argument), questions }
}

pub(super) fn text(key: &'static str, value: &str) -> (&'static str, Value) {
    (key, value.into())
}

/// Every served method has at least one row: more, where it matters what is asked about or what for.
pub(super) fn rows() -> Vec<Row> {
    [unsecured(), catalog(), coordinate(), health(), internal(), kvs(), session(), operator_and_status(), txn()]
        .into_iter()
        .flatten()
        .collect()
}

/// Callers of byte 7 have no token yet; both methods are refused before anybody is asked.
fn unsecured() -> Vec<Row> {
    vec![
        Row { method: "AutoConfig.InitialConfiguration", argument: "".into(), questions: "" },
        row("AutoEncrypt.Sign", &[], ""),
    ]
}

fn catalog() -> Vec<Row> {
    let web = || text("ServiceName", "web");
    let n = || text("Node", "n");
    vec![
        row("Catalog.Deregister", &[n()], "node:write n"),
        row("Catalog.GatewayServices", &[web()], "service:read web"),
        row("Catalog.ListDatacenters", &[], ""),
        row("Catalog.ListNodes", &[], "node:read n"),
        row("Catalog.ListServices", &[], "node:read n, service:read db, node:read n, service:read web"),
        row("Catalog.NodeServiceList", &[n()], "node:read n, service:read db, service:read web"),
        // By the ids, as Consul has it.
        row("Catalog.NodeServices", &[n()], "node:read n, node:read n, service:read db, node:read n, service:read w1"),
        row("Catalog.NodeServices", &[text("Node", "other")], ""),
        row("Catalog.Register", &[n(), text("Address", "10.0.0.1")], ""),
        row("Catalog.Register", &[n(), text("Address", "10.0.0.2")], "node:write n"),
        row("Catalog.ServiceList", &[], "service:read db, service:read web"),
        row("Catalog.ServiceNodes", &[web()], "node:read n, service:read web"),
        row("Catalog.ServiceNodes", &[web(), ("Connect", true.into())], "service:read web"),
        row("Catalog.VirtualIPForService", &[web()], "service:read web"),
    ]
}

fn coordinate() -> Vec<Row> {
    let point = map(&[
        ("Vec", Value::List(vec![Value::F64(0.1); DIMENSIONS])),
        ("Error", Value::F64(1.5)),
        ("Adjustment", Value::F64(0.0)),
        ("Height", Value::F64(0.1)),
    ]);
    vec![
        row("Coordinate.ListDatacenters", &[], ""),
        row("Coordinate.ListNodes", &[], "node:read n"),
        row("Coordinate.Node", &[text("Node", "n")], "node:read n"),
        row("Coordinate.Node", &[text("Node", "other")], "node:read other"),
        row("Coordinate.Update", &[text("Node", "n"), ("Coord", point)], "node:write n"),
    ]
}

fn health() -> Vec<Row> {
    let every_check = "node:read n, node:read n, service:read db, node:read n, service:read web";
    let web = || text("ServiceName", "web");
    let (connect, ingress) = (("Connect", true.into()), ("Ingress", true.into()));
    vec![
        row("Health.ChecksInState", &[text("State", "critical")], ""),
        row("Health.ChecksInState", &[text("State", "any")], every_check),
        row("Health.ChecksInState", &[text("State", "any"), text("Filter", "ServiceName == web")], every_check),
        row("Health.NodeChecks", &[text("Node", "n")], every_check),
        row("Health.ServiceChecks", &[web()], "node:read n, service:read web"),
        row("Health.ServiceChecks", &[web(), text("Filter", "Status == critical")], ""),
        row("Health.ServiceNodes", &[web()], "node:read n, service:read web"),
        row("Health.ServiceNodes", &[web(), connect.clone()], "service:read web"),
        row("Health.ServiceNodes", &[web(), ingress], "service:read web"),
        row("Health.ServiceNodes", &[web(), text("PeerName", "p"), connect], "service:write *"),
    ]
}

fn internal() -> Vec<Row> {
    // A node, then each of its services and each of its checks with the node again.
    let whole_node = "node:read n, \
        node:read n, service:read db, node:read n, service:read web, \
        node:read n, node:read n, service:read db, node:read n, service:read web";
    let every_instance = "node:read n, service:read db, node:read n, service:read web";
    let keys = |operation: &str| [text("Operation", operation), text("Key", "")];
    vec![
        row("Internal.AssignManualServiceVIPs", &[text("Service", "web")], "mesh:write"),
        row("Internal.CatalogOverview", &[], "operator:read"),
        row("Internal.EventFire", &[text("Name", "deploy")], "event:write deploy"),
        row("Internal.GatewayServiceDump", &[text("ServiceName", "web")], "service:read web"),
        row("Internal.KeyringOperation", &keys("list"), "keyring:read"),
        row("Internal.KeyringOperation", &keys("install"), "keyring:write"),
        row("Internal.KeyringOperation", &keys("use"), "keyring:write"),
        row("Internal.KeyringOperation", &keys("remove"), "keyring:write"),
        row("Internal.NodeDump", &[], whole_node),
        row("Internal.NodeInfo", &[text("Node", "n")], whole_node),
        row("Internal.NodeInfo", &[text("Node", "other")], ""),
        row("Internal.ServiceDump", &[], every_instance),
        row("Internal.ServiceDump", &[("UseServiceKind", true.into()), text("ServiceKind", "mesh-gateway")], ""),
        row("Internal.ServiceGateways", &[text("ServiceName", "web")], "service:read web"),
    ]
}

fn kvs() -> Vec<Row> {
    let apply = |op: &str, questions| {
        row("KVS.Apply", &[text("Op", op), ("DirEnt", map(&[text("Key", "x"), text("Session", "none")]))], questions)
    };
    vec![
        apply("set", "key:write x"),
        apply("cas", "key:write x"),
        apply("delete", "key:write x"),
        apply("delete-cas", "key:write x"),
        apply("delete-tree", "key:write x*"),
        apply("lock", "key:write x"),
        apply("unlock", "key:write x"),
        row("KVS.Get", &[text("Key", "a/k")], "key:read a/k"),
        row("KVS.Get", &[text("Key", "none")], "key:read none"),
        row("KVS.List", &[text("Key", "a/")], "key:read a/k"),
        row("KVS.ListKeys", &[text("Prefix", "a")], "key:read a/k"),
    ]
}

fn session() -> Vec<Row> {
    let apply = |op: &str, session: (&'static str, Value), questions| {
        row("Session.Apply", &[text("Op", op), ("Session", map(&[session]))], questions)
    };
    let stored = || text("SessionID", SESSION);
    vec![
        apply("create", text("Node", "n"), "session:write n"),
        apply("destroy", text("ID", SESSION), "session:write n"),
        apply("destroy", text("ID", "none"), ""),
        row("Session.Get", &[stored()], "session:read n"),
        row("Session.Get", &[text("SessionID", "none")], ""),
        row("Session.List", &[], "session:read n"),
        row("Session.NodeSessions", &[text("Node", "n")], "session:read n"),
        row("Session.Renew", &[stored()], "session:write n"),
        row("Session.Renew", &[text("SessionID", "none")], ""),
    ]
}

fn operator_and_status() -> Vec<Row> {
    vec![
        row("Operator.Usage", &[], "operator:read"),
        row("Status.Leader", &[], ""),
        row("Status.Peers", &[], ""),
        row("Status.Ping", &[], ""),
        row("Status.RaftStats", &[], ""),
    ]
}

/// What each step of a transaction asks: for itself, all before any is done, and then for what it shows.
fn txn() -> Vec<Row> {
    let apply = |kind: &'static str, step: &[(&str, Value)], questions| of_step("Txn.Apply", kind, step, questions);
    let read = |kind: &'static str, step: &[(&str, Value)], questions| of_step("Txn.Read", kind, step, questions);
    let kv = |verb: &str| [text("Verb", verb), ("DirEnt", map(&[text("Key", "a/k"), text("Session", "none")]))];
    let node = |verb: &str| [text("Verb", verb), ("Node", map(&[text("Node", "n"), text("Address", "10.0.0.1")]))];
    let web = map(&[text("ID", "w1"), text("Service", "web")]);
    let service = |verb: &str, service: &Value| [text("Verb", verb), text("Node", "n"), ("Service", service.clone())];
    let check = |verb: &str, service: &str| {
        let id = if service.is_empty() { "c" } else { "c-w1" };
        let check = [text("Node", "n"), text("CheckID", id), text("ServiceID", service), text("ServiceName", "named")];
        [text("Verb", verb), ("Check", map(&check))]
    };
    let proxy = map(&[
        text("Kind", "connect-proxy"),
        text("Service", "web-proxy"),
        ("Port", 1_i64.into()),
        ("Proxy", map(&[text("DestinationServiceName", "db")])),
    ]);
    let server = map(&[text("Service", "consul")]);
    let intention = [text("Op", "create")];
    vec![
        apply("KV", &kv("set"), "key:write a/k, key:read a/k"),
        apply("KV", &kv("cas"), "key:write a/k"),
        apply("KV", &kv("delete"), "key:write a/k"),
        apply("KV", &kv("delete-cas"), "key:write a/k"),
        apply("KV", &kv("delete-tree"), "key:write a/k*"),
        apply("KV", &kv("lock"), "key:write a/k"),
        apply("KV", &kv("unlock"), "key:write a/k"),
        apply("KV", &kv("check-not-exists"), "key:write a/k"),
        apply("KV", &kv("check-index"), "key:read a/k"),
        apply("KV", &kv("check-session"), "key:read a/k"),
        apply("KV", &kv("get"), "key:read a/k"),
        apply("KV", &kv("get-or-empty"), "key:read a/k"),
        apply("KV", &kv("get-tree"), "key:read a/k"),
        apply("Node", &node("get"), "node:read n"),
        apply("Node", &node("set"), "node:write n, node:read n"),
        apply("Node", &node("cas"), "node:write n"),
        apply("Node", &node("delete"), "node:write n"),
        apply("Node", &node("delete-cas"), "node:write n"),
        apply("Service", &service("get", &web), "service:read web"),
        apply("Service", &service("set", &web), "service:write web, service:read web"),
        apply("Service", &service("set", &proxy), "service:write web-proxy, service:write db, service:read web-proxy"),
        apply("Service", &service("set", &server), "service:read consul"),
        apply("Service", &service("delete", &web), "service:write web"),
        apply("Check", &check("get", "w1"), "service:read web"),
        apply("Check", &check("set", ""), "node:write n, service:read named"),
        apply("Check", &check("set", "w1"), "service:write named, service:read web"),
        apply("Check", &check("delete", "w1"), "service:write named"),
        apply("Session", &[text("Verb", "delete"), ("Session", map(&[text("ID", SESSION)]))], ""),
        apply("Intention", &intention, ""),
        read("KV", &kv("get"), "key:read a/k"),
        read("KV", &kv("get-tree"), "key:read a/k"),
        read("KV", &kv("check-index"), "key:read a/k"),
        read("KV", &kv("check-not-exists"), "key:write a/k"),
        read("Node", &node("get"), "node:read n"),
        read("Service", &service("get", &web), "service:read web"),
        read("Check", &check("get", ""), "node:read n"),
        read("Check", &check("get", "w1"), "service:read web"),
    ]
}

fn of_step(method: &'static str, kind: &'static str, step: &[(&str, Value)], questions: &'static str) -> Row {
    row(method, &[("Ops", Value::List(vec![map(&[(kind, map(step))])]))], questions)
}
