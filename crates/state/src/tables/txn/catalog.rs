//! Steps on nodes, services and checks.

use super::{Failure, Results};
use crate::peer::Peer;
use crate::tables::Tables;
use crate::tables::transaction::Transaction;
use crate::watch::WatchSet;
use proconsul_msgpack::GoStr;
use proconsul_structs::Shared;
use proconsul_structs::check::HealthCheck;
use proconsul_structs::node::Node;
use proconsul_structs::service::NodeService;
use proconsul_structs::txn::{RecordOp, TxnResult, TxnServiceOp};
use proconsul_types::{GoQuoted, WireText};

/// What is answered to a check without node or id.
const NO_VALUE: &str = "index error: object is missing a value for this index";

/// Whether a record may be stored: its modify index is the one given, and zero stands for a record that does not exist.
fn is_current(given: u64, stored: Option<u64>) -> bool {
    given == stored.unwrap_or(0)
}

impl Transaction<'_> {
    pub(super) fn node_step(&mut self, verb: &RecordOp, node: &Node, results: &mut Results) -> Result<(), Failure> {
        let text = node.node.to_str_lossy();
        let name = GoQuoted(&text);
        let given = node.raft_index.modify_index;
        let peer = Peer::named(&node.peer_name);
        let stored = || {
            let (_, stored) = self.tables.node(peer, &node.node, &mut WatchSet::off());
            stored.map(|stored| stored.raft_index.modify_index)
        };
        match verb {
            RecordOp::Get => {
                let found = self.tables.named_node(node)?.ok_or_else(|| WireText::txn_node_missing(name))?;
                results.push(TxnResult { node: Some(found), ..TxnResult::default() })
            }
            RecordOp::Cas if !is_current(given, stored()) => Err(WireText::txn_stale_node("set", name).into()),
            RecordOp::Set | RecordOp::Cas => {
                self.ensure_node(node.clone()).map_err(WireText::other)?;
                match self.tables.named_node(node)? {
                    Some(stored) => results.push(TxnResult { node: Some(stored), ..TxnResult::default() }),
                    None => Ok(()),
                }
            }
            RecordOp::DeleteCas if stored() != Some(given) => Err(WireText::txn_stale_node("delete", name).into()),
            RecordOp::Delete | RecordOp::DeleteCas => {
                self.delete_node(peer, &node.node);
                Ok(())
            }
            unknown => Err(WireText::txn_unknown_verb("Node", GoQuoted(&unknown.to_string())).into()),
        }
    }

    pub(super) fn service_step(&mut self, step: &TxnServiceOp, results: &mut Results) -> Result<(), Failure> {
        let TxnServiceOp { verb, node, service } = step;
        let (id_text, node_text) = (service.id.to_str_lossy(), node.to_str_lossy());
        let (id, on) = (GoQuoted(&id_text), GoQuoted(&node_text));
        let given = service.raft_index.modify_index;
        let stored = || self.tables.instance(node, service).map(|stored| stored.raft_index.modify_index);
        match verb {
            RecordOp::Get => {
                let found = self.tables.instance(node, service);
                shown_service(found.ok_or_else(|| WireText::txn_service_missing(id, on))?, results)
            }
            RecordOp::Cas if !is_current(given, stored()) => Err(WireText::txn_stale_service("set", id, on).into()),
            RecordOp::Set | RecordOp::Cas => {
                self.ensure_service(node, service).map_err(WireText::other)?;
                self.tables.instance(node, service).map_or(Ok(()), |stored| shown_service(stored, results))
            }
            RecordOp::DeleteCas if stored() != Some(given) => Err(WireText::txn_stale_service("delete", id, on).into()),
            RecordOp::Delete | RecordOp::DeleteCas => {
                self.delete_service(Peer::named(&service.peer_name), node, &service.id);
                Ok(())
            }
            unknown => Err(WireText::txn_unknown_verb("Service", GoQuoted(&unknown.to_string())).into()),
        }
    }

    pub(super) fn check_step(
        &mut self,
        verb: &RecordOp,
        check: &HealthCheck,
        results: &mut Results,
    ) -> Result<(), Failure> {
        let (id_text, node_text) = (check.check_id.to_str_lossy(), check.node.to_str_lossy());
        let (id, on) = (GoQuoted(&id_text), GoQuoted(&node_text));
        if check.node.is_empty() || check.check_id.is_empty() {
            return Err(nameless_check(verb).into());
        }
        let given = check.raft_index.modify_index;
        let stored = || self.tables.check_on(check).map(|stored| stored.raft_index.modify_index);
        match verb {
            RecordOp::Get => {
                let found = self.tables.check_on(check).ok_or_else(|| WireText::txn_check_missing(id, on))?;
                shown_check(found, results)
            }
            RecordOp::Cas if !is_current(given, stored()) => Err(WireText::txn_stale_check("set", id, on).into()),
            RecordOp::Set | RecordOp::Cas => {
                self.ensure_check(check.clone()).map_err(WireText::other)?;
                self.tables.check_on(check).map_or(Ok(()), |stored| shown_check(stored, results))
            }
            RecordOp::DeleteCas if stored() != Some(given) => Err(WireText::txn_stale_check("delete", id, on).into()),
            RecordOp::Delete | RecordOp::DeleteCas => {
                self.delete_check(Peer::named(&check.peer_name), &check.node, &check.check_id);
                Ok(())
            }
            unknown => Err(WireText::txn_unknown_verb("check", GoQuoted(&unknown.to_string())).into()),
        }
    }
}

impl Tables {
    /// The node that a step means: by its id if it has one, which a step that only reads may give in part, else by name.
    fn named_node(&self, node: &Node) -> Result<Option<Shared<Node>>, WireText> {
        let peer = Peer::named(&node.peer_name);
        if node.id.is_empty() {
            return Ok(self.node(peer, &node.node, &mut WatchSet::off()).1);
        }
        self.first_node_by_id(peer, &node.id)
            .map_err(|cause| WireText::other(format!("node lookup by ID failed: index error: {cause}")))
    }

    fn instance(&self, node: &GoStr, service: &NodeService) -> Option<Shared<NodeService>> {
        self.node_service(Peer::named(&service.peer_name), node, &service.id, &mut WatchSet::off()).1
    }

    fn check_on(&self, check: &HealthCheck) -> Option<Shared<HealthCheck>> {
        self.node_check(Peer::named(&check.peer_name), &check.node, &check.check_id, &mut WatchSet::off()).1
    }
}

fn shown_service(service: Shared<NodeService>, results: &mut Results) -> Result<(), Failure> {
    results.push(TxnResult { service: Some(service), ..TxnResult::default() })
}

fn shown_check(check: Shared<HealthCheck>, results: &mut Results) -> Result<(), Failure> {
    results.push(TxnResult { check: Some(check), ..TxnResult::default() })
}

/// What each verb says of a check that does not say which it is.
fn nameless_check(verb: &RecordOp) -> WireText {
    WireText::other(match verb {
        RecordOp::Get => format!("failed check lookup: {NO_VALUE}"),
        RecordOp::Set => format!("failed health check lookup: {NO_VALUE}"),
        RecordOp::Cas => format!("failed health check lookup: failed check lookup: {NO_VALUE}"),
        RecordOp::Delete => format!("check lookup failed: {NO_VALUE}"),
        RecordOp::DeleteCas => format!("check lookup failed: failed check lookup: {NO_VALUE}"),
        unknown => return WireText::txn_unknown_verb("check", GoQuoted(&unknown.to_string())),
    })
}
