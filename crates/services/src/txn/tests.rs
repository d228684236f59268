use proconsul_msgpack::GoStr;
use proconsul_structs::{
    check::HealthCheck,
    intention::IntentionOp,
    kvs::{DirEntry, KvOp},
    node::Node,
    service::{NodeService, ServiceKind},
    txn::{OPS_MAX, RecordOp, TxnCheckOp, TxnIntentionOp, TxnKvOp, TxnNodeOp, TxnOp, TxnServiceOp, TxnSessionOp},
};

use super::*;
use crate::silent::context;

/// What is wrong with these steps, whoever asks for them.
fn vetted(mut ops: Vec<TxnOp>) -> Vec<(i64, String)> {
    let errors = vet::vet(Caller { context: &context(), rights: &Rights::default() }, &mut ops).unwrap_or_default();
    errors.into_iter().map(|error| (error.op_index, error.what.to_string())).collect()
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
        assert_eq!(vetted(vec![op]), [(0, text.to_owned())], "{said}");
    }
}

#[test]
fn every_step_that_is_wrong_is_told() {
    let ops = vec![kv(KvOp::Set, ""), kv(KvOp::Set, "k"), TxnOp::default(), node(RecordOp::Get, "", "")];
    let expected = [(0, "Must provide key".to_owned()), (2, "unknown operation type".to_owned())];
    assert_eq!(vetted(ops), expected);
    let too_many = vetted(vec![TxnOp::default(); OPS_MAX + 1]);
    assert_eq!(too_many, [(OPS_MAX as i64, format!("transaction has more than {OPS_MAX} operations"))]);
    assert_eq!(vetted(vec![kv(KvOp::Set, "k"); OPS_MAX]), []);
}
