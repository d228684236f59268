//! What is checked of every step before any is done: that its verb is one, that what it says is complete, and that its caller
//! may.
use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_structs::{
    check::HealthCheck,
    intention::IntentionOp,
    kvs::{DirEntry, KvOp},
    node::Node,
    service::NodeService,
    txn::{OPS_MAX, RecordOp, TxnError, TxnOp},
};
use proconsul_types::{GoQuoted, WireText};

use crate::{Access, Caller, catalog, catalog::register, echo::repeating, kvs};

/// Everything that is wrong, step by step; `None` if nothing is. Completes what is left to the server to complete.
pub(super) fn vet(caller: Caller<'_>, ops: &mut [TxnOp]) -> Option<Vec<TxnError>> {
    if ops.len() > OPS_MAX {
        return Some(vec![error(OPS_MAX, WireText::txn_too_many_operations(OPS_MAX).into())]);
    }
    let vetted = ops.iter_mut().enumerate().map(|(place, op)| (place, vet_op(caller, op)));
    let errors: Vec<_> = vetted.filter_map(|(place, vetted)| Some(error(place, vetted.err()?))).collect();
    (!errors.is_empty()).then_some(errors)
}

fn error(place: usize, what: Fault) -> TxnError {
    TxnError { op_index: i64::try_from(place).unwrap_or(i64::MAX), what: what.text }
}

fn vet_op(caller: Caller<'_>, op: &mut TxnOp) -> Result<(), Fault> {
    if let Some(kv) = &op.kv {
        vet_key(caller, &kv.verb, &kv.dir_ent)
    } else if let Some(node) = &op.node {
        if writes("node", &node.verb)? { vet_node(caller, &node.node) } else { Ok(()) }
    } else if let Some(service) = &mut op.service {
        if writes("service", &service.verb)? { vet_service(caller, &mut service.service) } else { Ok(()) }
    } else if let Some(check) = &mut op.check {
        if writes("check", &check.verb)? { vet_check(caller, &mut check.check) } else { Ok(()) }
    } else if let Some(intention) = &op.intention {
        match &intention.op {
            IntentionOp::Unknown(verb) => Err(unknown("intention", verb)),
            _ => Ok(()),
        }
    } else if let Some(session) = &op.session {
        // Nobody is asked, as in Consul: who knows a session's id may end it.
        match &session.verb {
            RecordOp::Delete => Ok(()),
            other => Err(unknown("session", &other.to_string().into())),
        }
    } else {
        Err(WireText::UNKNOWN_OPERATION_TYPE.into())
    }
}

/// Whether a verb writes: one that reads is filtered in what it gives, and else not looked at.
fn writes(kind: &str, verb: &RecordOp) -> Result<bool, Fault> {
    match verb {
        RecordOp::Get => Ok(false),
        RecordOp::Set | RecordOp::Cas | RecordOp::Delete | RecordOp::DeleteCas => Ok(true),
        RecordOp::Unknown(verb) => Err(unknown(kind, verb)),
    }
}

fn unknown(kind: &str, verb: &GoStr) -> Fault {
    repeating(&WireText::txn_unknown_operation(kind, &verb.to_str_lossy()), verb)
}

fn vet_key(caller: Caller<'_>, verb: &KvOp, DirEntry { key, .. }: &DirEntry) -> Result<(), Fault> {
    if kvs::vet(caller, verb, key)? {
        Ok(())
    } else {
        Err(WireText::txn_lock_delay(GoQuoted(&key.to_str_lossy())).into())
    }
}

fn vet_node(Caller { rights, .. }: Caller<'_>, node: &Node) -> Result<(), Fault> {
    register::check_name_and_id(&node.node, &node.id)?;
    rights.demand(Access::NodeWrite(&node.node))
}

fn vet_service(Caller { rights, .. }: Caller<'_>, service: &mut NodeService) -> Result<(), Fault> {
    register::complete_service(service).map_err(|text| repeating(&text, &service.service))?;
    catalog::vet::service(rights, service)
}

fn vet_check(Caller { rights, .. }: Caller<'_>, check: &mut HealthCheck) -> Result<(), Fault> {
    if check.check_id.is_empty() {
        check.check_id = check.name.clone();
    }
    if check.service_id.is_empty() {
        rights.demand(Access::NodeWrite(&check.node))
    } else {
        rights.demand(Access::ServiceWrite(&check.service_name))
    }
}
