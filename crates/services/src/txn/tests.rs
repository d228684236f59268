use std::sync::{Arc, Mutex};

use proconsul_msgpack::GoStr;
use proconsul_state::{Entry, Store};
use proconsul_structs::{
    check::HealthCheck,
    intention::IntentionOp,
    kvs::{DirEntry, KvOp},
    node::Node,
    service::{NodeService, ServiceKind},
    txn::{OPS_MAX, RecordOp, TxnCheckOp, TxnIntentionOp, TxnKvOp, TxnNodeOp, TxnOp, TxnServiceOp, TxnSessionOp},
};

use super::*;
use crate::{Appended, Authorizer, Leadership, LeadershipFacts, Log, blocking};

struct Nobody;

impl Log for Nobody {
    fn append(&self, _: Entry) -> Appended {
        panic!("what is vetted here is not written");
    }
}

impl Leadership for Nobody {
    fn facts(&self) -> LeadershipFacts {
        LeadershipFacts::default()
    }
}

fn context() -> Context {
    let store = Arc::new(Store::new());
    let lot = blocking::Lot::new(Arc::clone(&store), blocking::QueryTimes::default());
    Context::new("dc1".into(), store, lot, Arc::new(Nobody), Arc::new(Nobody))
}

/// Allows everything or nothing, and remembers what it was asked.
struct Asked {
    allows: bool,
    questions: Mutex<Vec<String>>,
}

impl Authorizer for Asked {
    fn allows(&self, access: Access<'_>) -> bool {
        let subject = access.subject().map(|subject| format!(" {subject}")).unwrap_or_default();
        self.questions.lock().unwrap().push(format!("{}{subject}", access.permission()));
        self.allows
    }

    fn accessor(&self) -> Option<GoStr> {
        None
    }
}

/// What is wrong with these steps, and what was asked about their caller's rights.
fn vetted(allows: bool, mut ops: Vec<TxnOp>) -> (Vec<(i64, String)>, Vec<String>) {
    let asked = Arc::new(Asked { allows, questions: Mutex::default() });
    let rights = Rights::new(Arc::clone(&asked) as Arc<dyn Authorizer>);
    let errors = vet::vet(Caller { context: &context(), rights: &rights }, &mut ops).unwrap_or_default();
    let errors = errors.into_iter().map(|error| (error.op_index, error.what.to_string())).collect();
    let questions = asked.questions.lock().unwrap().clone();
    (errors, questions)
}

fn kv(verb: KvOp, key: &str) -> TxnOp {
    let dir_ent = DirEntry { key: key.into(), session: "s".into(), ..DirEntry::default() };
    TxnOp { kv: Some(Box::new(TxnKvOp { verb, dir_ent })), ..TxnOp::default() }
}

fn node(verb: RecordOp, name: &str, id: &str) -> TxnOp {
    let node = Node { node: name.into(), id: id.into(), ..Node::default() };
    TxnOp { node: Some(Box::new(TxnNodeOp { verb, node })), ..TxnOp::default() }
}

fn service(verb: RecordOp, service: NodeService) -> TxnOp {
    TxnOp { service: Some(Box::new(TxnServiceOp { verb, node: "n".into(), service })), ..TxnOp::default() }
}

fn named(name: &str) -> NodeService {
    NodeService { service: name.into(), ..NodeService::default() }
}

fn check(verb: RecordOp, service_id: &str, service_name: &str) -> TxnOp {
    let check = HealthCheck {
        node: "n".into(),
        check_id: "c".into(),
        service_id: service_id.into(),
        service_name: service_name.into(),
        ..HealthCheck::default()
    };
    TxnOp { check: Some(Box::new(TxnCheckOp { verb, check })), ..TxnOp::default() }
}

fn session(verb: RecordOp) -> TxnOp {
    TxnOp { session: Some(Box::new(TxnSessionOp { verb, ..TxnSessionOp::default() })), ..TxnOp::default() }
}

fn intention(op: IntentionOp) -> TxnOp {
    TxnOp { intention: Some(Box::new(TxnIntentionOp { op, ..TxnIntentionOp::default() })), ..TxnOp::default() }
}

#[test]
fn a_step_that_is_none_is_refused_before_anything_is_done() {
    let unknown = || RecordOp::Unknown("Set".into());
    for (op, text) in [
        (TxnOp::default(), "unknown operation type"),
        (kv(KvOp::Set, ""), "Must provide key"),
        (kv(KvOp::Get, ""), "Must provide key"),
        (kv(KvOp::GetTree, ""), "Must provide key"),
        (kv(KvOp::Unknown("SET".into()), "k"), "unknown KV operation: SET"),
        (kv(KvOp::Unknown(GoStr::EMPTY), "k"), "unknown KV operation: "),
        (node(RecordOp::Set, "", ""), "Must provide node"),
        (node(RecordOp::Delete, "", ""), "Must provide node"),
        (node(RecordOp::Cas, "n", "x"), "Bad node ID: uuid string is wrong length"),
        (node(unknown(), "n", ""), "unknown node operation: Set"),
        (service(RecordOp::Set, NodeService::default()), "Must provide service name (Service.Service)"),
        (
            service(RecordOp::Delete, NodeService { id: "i".into(), ..NodeService::default() }),
            "Must provide service name (Service.Service) when service ID is provided",
        ),
        (
            service(RecordOp::DeleteCas, named("a_b")),
            "Service name a_b contains invalid characters. Valid characters include all alpha-numerics and dashes.",
        ),
        (service(RecordOp::Set, NodeService { address: "0.0.0.0".into(), ..named("web") }), "Invalid service address"),
        (
            service(RecordOp::Set, NodeService { kind: ServiceKind::MeshGateway, ..named("gw") }),
            "1 error occurred:\n\t* Port must be non-zero for a mesh-gateway\n\n",
        ),
        (service(unknown(), named("web")), "unknown service operation: Set"),
        (check(unknown(), "", ""), "unknown check operation: Set"),
        (session(RecordOp::Set), "unknown session operation: set"),
        (intention(IntentionOp::Unknown("x".into())), "unknown intention operation: x"),
    ] {
        let said = format!("{op:?}");
        assert_eq!(vetted(true, vec![op]).0, [(0, text.to_owned())], "{said}");
    }
}

#[test]
fn every_step_that_is_wrong_is_told() {
    let ops = vec![kv(KvOp::Set, ""), kv(KvOp::Set, "k"), TxnOp::default(), node(RecordOp::Get, "", "")];
    let expected = [(0, "Must provide key".to_owned()), (2, "unknown operation type".to_owned())];
    assert_eq!(vetted(true, ops).0, expected);
    let too_many = vetted(true, vec![TxnOp::default(); OPS_MAX + 1]).0;
    assert_eq!(too_many, [(OPS_MAX as i64, format!("transaction has more than {OPS_MAX} operations"))]);
    assert_eq!(vetted(true, vec![kv(KvOp::Set, "k"); OPS_MAX]).0, []);
}

#[test]
fn each_step_asks_what_consul_asks() {
    let proxy = |mut service: NodeService| {
        service.kind = ServiceKind::ConnectProxy;
        service.port = 1;
        service.proxy.destination_service_name = "db".into();
        service
    };
    for (op, questions) in [
        (kv(KvOp::Set, "k"), vec!["key:write k"]),
        (kv(KvOp::Cas, "k"), vec!["key:write k"]),
        (kv(KvOp::Delete, "k"), vec!["key:write k"]),
        (kv(KvOp::DeleteCas, "k"), vec!["key:write k"]),
        (kv(KvOp::DeleteTree, ""), vec!["key:write "]),
        (kv(KvOp::Lock, "k"), vec!["key:write k"]),
        (kv(KvOp::Unlock, "k"), vec!["key:write k"]),
        (kv(KvOp::CheckNotExists, "k"), vec!["key:write k"]),
        (kv(KvOp::CheckIndex, "k"), vec!["key:read k"]),
        (kv(KvOp::CheckSession, "k"), vec!["key:read k"]),
        (kv(KvOp::Get, "k"), vec![]),
        (kv(KvOp::GetOrEmpty, "k"), vec![]),
        (kv(KvOp::GetTree, "k"), vec![]),
        (node(RecordOp::Get, "n", ""), vec![]),
        (node(RecordOp::Set, "n", ""), vec!["node:write n"]),
        (node(RecordOp::DeleteCas, "n", ""), vec!["node:write n"]),
        (service(RecordOp::Get, named("web")), vec![]),
        (service(RecordOp::Delete, named("web")), vec!["service:write web"]),
        (service(RecordOp::Set, named("consul")), vec![]),
        (check(RecordOp::Get, "web", "web"), vec![]),
        (check(RecordOp::Set, "", "web"), vec!["node:write n"]),
        (check(RecordOp::Delete, "web", "named"), vec!["service:write named"]),
        (session(RecordOp::Delete), vec![]),
        (intention(IntentionOp::Create), vec![]),
    ] {
        let said = format!("{op:?}");
        let (errors, asked) = vetted(false, vec![op]);
        assert_eq!(asked, questions, "{said}");
        assert_eq!(errors.len(), questions.len(), "{said}");
        for (_, error) in errors {
            let (permission, _) = questions[0].split_once(' ').unwrap();
            let lacks = format!("Permission denied: anonymous token lacks permission '{permission}'");
            assert!(error.starts_with(&lacks), "{said}: {error}");
        }
    }
    let (errors, asked) = vetted(true, vec![service(RecordOp::Set, proxy(named("web-proxy")))]);
    assert_eq!((errors, asked), (vec![], vec!["service:write web-proxy".to_owned(), "service:write db".to_owned()]));
}

#[test]
fn results_are_shown_to_those_who_may_see_them() {
    let of = |rights: &Rights| {
        let check =
            |service: &str| HealthCheck { node: "n".into(), service_name: service.into(), ..HealthCheck::default() };
        let mut results = Some(vec![
            TxnResult { kv: Some(DirEntry { key: "k".into(), ..DirEntry::default() }), ..TxnResult::default() },
            TxnResult { node: Some(Node { node: "n".into(), ..Node::default() }.into()), ..TxnResult::default() },
            TxnResult { service: Some(named("web").into()), ..TxnResult::default() },
            TxnResult { check: Some(check("").into()), ..TxnResult::default() },
            TxnResult { check: Some(check("web").into()), ..TxnResult::default() },
            TxnResult::default(),
        ]);
        let filtered = filter(rights, &mut results);
        (filtered, results.map_or(0, |results| results.len()))
    };
    let asked = Arc::new(Asked { allows: false, questions: Mutex::default() });
    assert_eq!(of(&Rights::new(Arc::clone(&asked) as Arc<dyn Authorizer>)), (true, 1));
    let questions = asked.questions.lock().unwrap().clone();
    assert_eq!(questions, ["key:read k", "node:read n", "service:read web", "node:read n", "service:read web"]);
    assert_eq!(of(&Rights::default()), (false, 6));
}
