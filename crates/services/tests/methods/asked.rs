//! What each method asks about its caller's rights: the same questions as Consul's, in its order.
mod rows; // the questions, method by method

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use proconsul_msgpack::{GoStr, Value};
use proconsul_netrpc::Fault;
use proconsul_services::{Access, Authorizer, Authorizers, Rights};
use proconsul_state::Entry;
use proconsul_structs::{
    METHODS, Token,
    coordinate::{Coordinate, Point},
    methods,
    session::{Session, SessionOp, SessionRequest},
};
use proconsul_types::Listener;

use self::rows::{Row, SESSION, rows, text};
use crate::{
    mutate::map,
    server::{Called, Server},
};

/// Notes what it is asked, and says no to some of it.
#[derive(Default)]
struct Clerk {
    asked: Mutex<Vec<String>>,
    denied: Mutex<Vec<String>>,
    looked_up: AtomicUsize,
}

/// A question in words. What concerns all names that begin so ends in a star, what concerns any name is one.
fn question(access: Access<'_>) -> String {
    let all_below = matches!(access, Access::KeyWritePrefix(_)).then_some("*").unwrap_or_default();
    let subject = match access.subject() {
        Some(subject) => format!(" {subject}{all_below}"),
        None if matches!(access, Access::ServiceWriteAny | Access::NodeReadAll | Access::ServiceReadAll) => " *".into(),
        None => String::new(),
    };
    format!("{}{subject}", access.permission())
}

struct Desk(Arc<Clerk>);

impl Authorizer for Desk {
    fn allows(&self, access: Access<'_>) -> bool {
        let question = question(access);
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
        self.0.looked_up.fetch_add(1, Relaxed);
        Ok(Rights::new(Arc::new(Desk(Arc::clone(&self.0)))))
    }
}

/// A node `n` with the services `web` (by the id `w1`, with a check) and `db`, a check of its own, a session
/// and a coordinate; a key `a/k`. All this where the method is served on the port, and not on byte 7.
async fn furnished(method: &str) -> (Server, Arc<Clerk>) {
    let clerk = Arc::new(Clerk::default());
    let desk = Arc::new(Desk(Arc::clone(&clerk)));
    if methods::find(method).is_some_and(|index| METHODS[usize::from(index)].listener == Listener::Insecure) {
        return (Server::insecure_with_rights(desk), clerk);
    }
    let server = Server::with_rights(desk);
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
    let session = Session { id: SESSION.into(), node: "n".into(), ..Session::default() };
    let create = SessionRequest { op: SessionOp::Create, session, ..SessionRequest::default() };
    server.log(Entry::Session(Box::new(create)));
    let coordinate = Coordinate { node: "n".into(), coord: Some(Point::origin()), ..Coordinate::default() };
    server.log(Entry::Coordinates(Box::new(Some(vec![coordinate]))));
    let key = map(&[("Op", "set".into()), ("DirEnt", map(&[("Key", "a/k".into())]))]);
    server.send("KVS.Apply", &key).await.replied();
    clerk.asked.lock().unwrap().clear();
    clerk.looked_up.store(0, Relaxed);
    (server, clerk)
}

/// Asks, and returns the reply or the refusal, with the questions in a line.
async fn ask(deny: &[&str], method: &str, argument: &Value) -> (Result<Value, String>, String) {
    let (server, clerk) = furnished(method).await;
    *clerk.denied.lock().unwrap() = deny.iter().map(|question| (*question).to_owned()).collect();
    let answer = match server.send(method, argument).await {
        Called::Replied(reply) => Ok(proconsul_msgpack::from_slice(&reply).unwrap()),
        Called::Refused(fault) => Err(fault.to_string()),
        Called::Parked(_) => panic!("{method} waits for nothing"),
    };
    let asked = clerk.asked.lock().unwrap().join(", ");
    (answer, asked)
}

type Argument = Vec<(&'static str, Value)>;

/// What a caller is told that lacks a permission.
fn lacks(what: &str, on: &str) -> String {
    format!("Permission denied: token with AccessorID 'somebody' lacks permission '{what}' on \"{on}\"")
}

/// One table for all methods that are served, on the port and on byte 7: who adds a method adds what it asks.
#[tokio::test]
async fn every_served_method_asks_what_consul_asks() {
    let mut wrong = Vec::new();
    for Row { method, argument, questions } in rows() {
        let (answer, asked) = ask(&[], method, &argument).await;
        if asked != questions {
            wrong.push(format!("{method} {argument:?} asks {asked:?}, not {questions:?}: {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let told: BTreeSet<_> = rows().into_iter().map(|row| row.method).collect();
    let served: BTreeSet<_> = [Server::new(), Server::insecure()]
        .iter()
        .flat_map(|server| server.registry().served().map(|row| row.name).collect::<Vec<_>>())
        .collect();
    assert_eq!(told, served);
}

/// No method asks again and again who its caller is.
#[tokio::test]
async fn a_callers_rights_are_looked_up_once_a_call_if_at_all() {
    for Row { method, argument, questions } in rows() {
        let (server, clerk) = furnished(method).await;
        server.send(method, &argument).await;
        let looked_up = clerk.looked_up.load(Relaxed);
        assert!(looked_up == 1 || looked_up == 0 && questions.is_empty(), "{method}: {looked_up} times");
    }
}

#[tokio::test]
async fn each_question_matters() {
    // A filter may leave out what was asked about.
    for Row { method, argument, questions } in rows().into_iter().filter(|row| row.argument.get("Filter").is_none()) {
        let (allowed, _) = ask(&[], method, &argument).await;
        for question in questions.split(", ").filter(|question| !question.is_empty()) {
            // What was imported shows itself to who may change some service, and to who sees all.
            let either = [question, "service:read *"];
            let deny = if question == "service:write *" { &either[..] } else { &either[..1] };
            let (denied, _) = ask(deny, method, &argument).await;
            assert!(allowed != denied, "{method} {argument:?}: {question}");
        }
    }
}

#[tokio::test]
async fn a_step_that_its_caller_may_not_do_is_told_by_its_place() {
    let set = |key: &str| map(&[("KV", map(&[text("Verb", "set"), ("DirEnt", map(&[text("Key", key)]))]))]);
    let ops = ("Ops", Value::List(vec![set("x"), set("a/k")]));
    for method in ["Txn.Apply", "Txn.Read"] {
        let (answer, _) = ask(&["key:write a/k"], method, &map(std::slice::from_ref(&ops))).await;
        let what = lacks("key:write", "a/k").as_str().into();
        let error = map(&[("OpIndex", 1_i64.into()), ("What", what)]);
        assert_eq!(answer.unwrap().get("Errors"), Some(&Value::List(vec![error])), "{method}");
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
        let (answer, _) = ask(deny, method, &map(&[&argument[..], &[token]].concat())).await;
        let answer = answer.unwrap();
        assert_eq!(answer.get(field), Some(&left), "{method}");
        assert_eq!(answer.get("ResultsFilteredByACLs"), Some(&true.into()), "{method}");
        // Who shows no token is not told that there is more.
        let (answer, _) = ask(deny, method, &map(&argument)).await;
        assert_eq!(answer.unwrap().get("ResultsFilteredByACLs"), Some(&false.into()), "{method}");
    }
    // What a filter leaves out is not said to be hidden where rights come last.
    let ask_for = [web.clone(), text("Filter", "Status == critical"), text("Token", "secret")];
    let (answer, _) = ask(&["service:read web"], "Health.ServiceChecks", &map(&ask_for)).await;
    assert_eq!(answer.unwrap().get("ResultsFilteredByACLs"), Some(&false.into()));
}

#[tokio::test]
async fn who_may_not_is_refused_in_consuls_words() {
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
        let (answer, _) = ask(&[deny], method, &map(&argument)).await;
        assert_eq!(answer, Err(expected), "{method} {argument:?}");
    }
    let both = ["node:write n", "service:write web"];
    for argument in [off("ServiceID", "w1"), off("CheckID", "c-w1")] {
        assert_eq!(ask(&both, "Catalog.Deregister", &map(&argument)).await.0, Err(lacks("service:write", "web")));
        assert!(
            ask(&both[..1], "Catalog.Deregister", &map(&argument)).await.0.is_ok(),
            "the service is the caller's own"
        );
    }
    // The catalog says nothing at all to who may not see the service that proxies stand for.
    let connect = [text("ServiceName", "web"), ("Connect", true.into())];
    let (answer, asked) = ask(&["service:read web"], "Catalog.ServiceNodes", &map(&connect)).await;
    let answer = answer.unwrap();
    assert_eq!(asked, "service:read web");
    assert_eq!((answer.get("Index"), answer.get("KnownLeader")), (Some(&0_i64.into()), Some(&false.into())));
}
