//! What each method asks about its caller's rights: the same questions as Consul's, in its order.
use std::sync::{Arc, Mutex};

use proconsul_msgpack::{GoStr, Value};
use proconsul_netrpc::Fault;
use proconsul_services::{Access, Authorizer, Authorizers, Rights};
use proconsul_structs::Token;

use crate::{
    mutate::map,
    server::{Called, Server},
};

/// Notes what it is asked, and says no to some of it.
#[derive(Default)]
struct Clerk {
    asked: Mutex<Vec<String>>,
    denied: Mutex<Vec<String>>,
}

struct Desk(Arc<Clerk>);

impl Authorizer for Desk {
    fn allows(&self, access: Access<'_>) -> bool {
        let subject = access.subject().map_or("*".into(), |subject| subject.to_string());
        let question = format!("{} {subject}", access.permission());
        let denied = self.0.denied.lock().unwrap().contains(&question);
        self.0.asked.lock().unwrap().push(question);
        !denied
    }

    fn accessor(&self) -> Option<GoStr> {
        Some("somebody".into())
    }
}

impl Authorizers for Desk {
    fn of(&self, _: Option<&Token>) -> Result<Rights, Fault> {
        Ok(Rights::new(Arc::new(Desk(Arc::clone(&self.0)))))
    }
}

/// A node `n` with the services `web` (by the id `w1`, with a check) and `db`, a check of its own, and a session; a key `a/k`.
async fn furnished() -> (Server, Arc<Clerk>) {
    let clerk = Arc::new(Clerk::default());
    let server = Server::with_rights(Arc::new(Desk(Arc::clone(&clerk))));
    for (id, name) in [("w1", "web"), ("db", "db")] {
        let service = map(&[("ID", id.into()), ("Service", name.into())]);
        let check = map(&[
            ("CheckID", format!("c-{id}").as_str().into()),
            ("ServiceID", id.into()),
            ("Status", "passing".into()),
        ]);
        let node = [("Node", "n".into()), ("Address", "10.0.0.1".into()), ("Service", service), ("Check", check)];
        server.send("Catalog.Register", &map(&node)).await.replied();
    }
    let check = map(&[("CheckID", "c".into()), ("Status", "passing".into())]);
    server
        .send("Catalog.Register", &map(&[("Node", "n".into()), ("Address", "10.0.0.1".into()), ("Check", check)]))
        .await;
    let session = map(&[("Op", "create".into()), ("Session", map(&[("Node", "n".into())]))]);
    server.send("Session.Apply", &session).await.replied();
    let key = map(&[("Op", "set".into()), ("DirEnt", map(&[("Key", "a/k".into())]))]);
    server.send("KVS.Apply", &key).await.replied();
    clerk.asked.lock().unwrap().clear();
    (server, clerk)
}

/// Asks, and returns the reply or the refusal, with the questions in a line.
async fn ask(deny: &[&str], method: &str, argument: &[(&str, Value)]) -> (Result<Value, String>, String) {
    let (server, clerk) = furnished().await;
    *clerk.denied.lock().unwrap() = deny.iter().map(|question| (*question).to_owned()).collect();
    let answer = match server.send(method, &map(argument)).await {
        Called::Replied(reply) => Ok(proconsul_msgpack::from_slice(&reply).unwrap()),
        Called::Refused(fault) => Err(fault.to_string()),
        Called::Parked(_) => panic!("{method} waits for nothing"),
    };
    let asked = clerk.asked.lock().unwrap().join(", ");
    (answer, asked)
}

type Argument = Vec<(&'static str, Value)>;

fn text(key: &'static str, value: &str) -> (&'static str, Value) {
    (key, value.into())
}

#[tokio::test]
async fn a_list_asks_for_each_of_its_items() {
    let web = text("ServiceName", "web");
    let connect = ("Connect", Value::Bool(true));
    let ingress = ("Ingress", Value::Bool(true));
    let cases: Vec<(&str, Argument, &str)> = vec![
        ("Catalog.ListNodes", vec![], "node:read n"),
        ("Catalog.ListServices", vec![], "node:read n, service:read db, node:read n, service:read web"),
        ("Catalog.ServiceList", vec![], "service:read db, service:read web"),
        ("Catalog.ServiceNodes", vec![web.clone()], "node:read n, service:read web"),
        ("Catalog.ServiceNodes", vec![web.clone(), connect.clone()], "service:read web"),
        (
            "Catalog.NodeServices",
            vec![text("Node", "n")],
            // By the ids, as Consul has it.
            "node:read n, node:read n, service:read db, node:read n, service:read w1",
        ),
        ("Catalog.NodeServiceList", vec![text("Node", "n")], "node:read n, service:read db, service:read web"),
        ("Catalog.NodeServices", vec![text("Node", "other")], ""),
        ("Catalog.GatewayServices", vec![web.clone()], "service:read web"),
        ("Catalog.VirtualIPForService", vec![web.clone()], "service:read web"),
        ("Catalog.ListDatacenters", vec![], ""),
        (
            "Health.NodeChecks",
            vec![text("Node", "n")],
            "node:read n, node:read n, service:read db, node:read n, service:read web",
        ),
        ("Health.ServiceChecks", vec![web.clone()], "node:read n, service:read web"),
        ("Health.ChecksInState", vec![text("State", "critical")], ""),
        (
            "Health.ChecksInState",
            vec![text("State", "any"), text("Filter", "ServiceName == web")],
            "node:read n, node:read n, service:read db, node:read n, service:read web",
        ),
        ("Health.ServiceChecks", vec![web.clone(), text("Filter", "Status == critical")], ""),
        ("Health.ServiceNodes", vec![web.clone()], "node:read n, service:read web"),
        ("Health.ServiceNodes", vec![web.clone(), connect], "service:read web"),
        ("Health.ServiceNodes", vec![web.clone(), ingress], "service:read web"),
        ("Health.ServiceNodes", vec![web.clone(), text("PeerName", "p"), ("Connect", true.into())], "service:write *"),
        ("KVS.Get", vec![text("Key", "a/k")], "key:read a/k"),
        ("KVS.Get", vec![text("Key", "none")], "key:read none"),
        ("KVS.List", vec![text("Key", "a/")], "key:read a/k"),
        ("KVS.ListKeys", vec![text("Prefix", "a")], "key:read a/k"),
        ("KVS.Apply", vec![text("Op", "set"), ("DirEnt", map(&[text("Key", "x")]))], "key:write x"),
        ("KVS.Apply", vec![text("Op", "delete-tree"), ("DirEnt", map(&[text("Key", "x")]))], "key:write x"),
        ("Session.Get", vec![text("SessionID", "none")], ""),
        ("Session.List", vec![], "session:read n"),
        ("Session.NodeSessions", vec![text("Node", "n")], "session:read n"),
        ("Session.Renew", vec![text("SessionID", "none")], ""),
        ("Session.Apply", vec![text("Op", "create"), ("Session", map(&[text("Node", "n")]))], "session:write n"),
        ("Session.Apply", vec![text("Op", "destroy"), ("Session", map(&[text("ID", "none")]))], ""),
        ("Catalog.Register", vec![text("Node", "n"), text("Address", "10.0.0.1")], ""),
        ("Catalog.Register", vec![text("Node", "n"), text("Address", "10.0.0.2")], "node:write n"),
        ("Catalog.Deregister", vec![text("Node", "n")], "node:write n"),
    ];
    for (method, argument, expected) in cases {
        let (answer, asked) = ask(&[], method, &argument).await;
        assert!(answer.is_ok(), "{method}: {answer:?}");
        assert_eq!(asked, expected, "{method} {argument:?}");
    }
}

#[tokio::test]
async fn what_is_hidden_is_left_out_and_said() {
    let web = text("ServiceName", "web");
    let cases: Vec<(&str, Argument, &[&str], &str, Value)> = vec![
        ("Catalog.ListNodes", vec![], &["node:read n"], "Nodes", Value::List(vec![])),
        ("Catalog.ServiceNodes", vec![web.clone()], &["service:read web"], "ServiceNodes", Value::List(vec![])),
        ("Catalog.ServiceList", vec![], &["service:read db", "service:read web"], "Services", Value::List(vec![])),
        ("Catalog.NodeServices", vec![text("Node", "n")], &["node:read n"], "NodeServices", Value::Nil),
        ("Health.NodeChecks", vec![text("Node", "n")], &["node:read n"], "HealthChecks", Value::List(vec![])),
        ("Health.ServiceNodes", vec![web.clone()], &["node:read n"], "Nodes", Value::List(vec![])),
        ("Health.ServiceChecks", vec![web.clone()], &["service:read web"], "HealthChecks", Value::List(vec![])),
        ("KVS.List", vec![text("Key", "a/")], &["key:read a/k"], "Entries", Value::Nil),
        ("KVS.ListKeys", vec![text("Prefix", "a/")], &["key:read a/k"], "Keys", Value::Nil),
        ("Session.List", vec![], &["session:read n"], "Sessions", Value::List(vec![])),
        ("Session.NodeSessions", vec![text("Node", "n")], &["session:read n"], "Sessions", Value::List(vec![])),
    ];
    for (method, argument, deny, field, left) in cases {
        let token = ("Token", "secret".into());
        let (answer, _) = ask(deny, method, &[&argument[..], &[token]].concat()).await;
        let answer = answer.unwrap();
        assert_eq!(answer.get(field), Some(&left), "{method}");
        assert_eq!(answer.get("ResultsFilteredByACLs"), Some(&true.into()), "{method}");
        // Who shows no token is not told that there is more.
        let (answer, _) = ask(deny, method, &argument).await;
        assert_eq!(answer.unwrap().get("ResultsFilteredByACLs"), Some(&false.into()), "{method}");
    }
    // What a filter leaves out is not said to be hidden where rights come last.
    let ask_for = [web.clone(), text("Filter", "Status == critical"), text("Token", "secret")];
    let (answer, _) = ask(&["service:read web"], "Health.ServiceChecks", &ask_for).await;
    assert_eq!(answer.unwrap().get("ResultsFilteredByACLs"), Some(&false.into()));
}

#[tokio::test]
async fn who_may_not_is_refused_in_consuls_words() {
    let lacks = |what: &str, on: &str| {
        format!("Permission denied: token with AccessorID 'somebody' lacks permission '{what}' on \"{on}\"")
    };
    let web = text("ServiceName", "web");
    let service = |id: &str, name: &str| ("Service", map(&[text("ID", id), text("Service", name)]));
    let proxy = map(&[
        text("Kind", "connect-proxy"),
        text("Service", "p"),
        ("Port", 1_i64.into()),
        ("Proxy", map(&[text("DestinationServiceName", "web")])),
    ]);
    let check = |service: &str| ("Check", map(&[text("CheckID", "x"), text("ServiceID", service)]));
    let same = [text("Node", "n"), text("Address", "10.0.0.1")];
    let off = |id: &'static str, value: &str| vec![text("Node", "n"), text(id, value)];
    let cases: Vec<(&str, Argument, &str, String)> = vec![
        ("Catalog.GatewayServices", vec![web.clone()], "service:read web", lacks("service:read", "web")),
        ("Catalog.VirtualIPForService", vec![web.clone()], "service:read web", lacks("service:read", "web")),
        (
            "Health.ServiceNodes",
            vec![web.clone(), ("Connect", true.into())],
            "service:read web",
            "Permission denied".into(),
        ),
        ("Health.ServiceNodes", vec![web, ("Ingress", true.into())], "service:read web", "Permission denied".into()),
        ("Catalog.Register", vec![text("Node", "m"), text("Address", "a")], "node:write m", lacks("node:write", "m")),
        (
            "Catalog.Register",
            [&same[..], &[service("x", "x")]].concat(),
            "service:write x",
            lacks("service:write", "x"),
        ),
        (
            "Catalog.Register",
            [&same[..], &[service("w1", "x")]].concat(),
            "service:write web",
            "Permission denied".into(),
        ),
        (
            "Catalog.Register",
            [&same[..], &[("Service", proxy)]].concat(),
            "service:write web",
            lacks("service:write", "web"),
        ),
        ("Catalog.Register", [&same[..], &[check("")]].concat(), "node:write n", lacks("node:write", "n")),
        ("Catalog.Register", [&same[..], &[check("w1")]].concat(), "service:write web", lacks("service:write", "web")),
        ("KVS.Get", vec![text("Key", "a/k")], "key:read a/k", lacks("key:read", "a/k")),
        (
            "KVS.Apply",
            vec![text("Op", "lock"), ("DirEnt", map(&[text("Key", "x")]))],
            "key:write x",
            lacks("key:write", "x"),
        ),
        (
            "Session.Apply",
            vec![text("Op", "create"), ("Session", map(&[text("Node", "n")]))],
            "session:write n",
            lacks("session:write", "n"),
        ),
        ("Catalog.Deregister", off("Node", "n"), "node:write n", lacks("node:write", "n")),
        ("Catalog.Deregister", off("CheckID", "c"), "node:write n", lacks("node:write", "n")),
        ("Catalog.Deregister", off("ServiceID", "none"), "node:write n", "Unknown service ID 'none'".into()),
        ("Catalog.Deregister", off("CheckID", "none"), "node:write n", "Unknown check ID 'none'".into()),
    ];
    for (method, argument, deny, expected) in cases {
        let (answer, _) = ask(&[deny], method, &argument).await;
        assert_eq!(answer, Err(expected), "{method} {argument:?}");
    }
    let both = ["node:write n", "service:write web"];
    for argument in [off("ServiceID", "w1"), off("CheckID", "c-w1")] {
        assert_eq!(ask(&both, "Catalog.Deregister", &argument).await.0, Err(lacks("service:write", "web")));
        assert!(ask(&both[..1], "Catalog.Deregister", &argument).await.0.is_ok(), "the service is the caller's own");
    }
    // The catalog says nothing at all to who may not see the service that proxies stand for.
    let connect = [text("ServiceName", "web"), ("Connect", true.into())];
    let (answer, asked) = ask(&["service:read web"], "Catalog.ServiceNodes", &connect).await;
    let answer = answer.unwrap();
    assert_eq!(asked, "service:read web");
    assert_eq!((answer.get("Index"), answer.get("KnownLeader")), (Some(&0_i64.into()), Some(&false.into())));
}
