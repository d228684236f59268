//! Steps that may only read.

use super::{Failure, Results, run};
use crate::peer::Peer;
use crate::tables::Tables;
use crate::tables::transaction::Transaction;
use proconsul_structs::kvs::KvOp;
use proconsul_structs::node::Node;
use proconsul_structs::txn::{RecordOp, TxnOp, TxnResponse};
use proconsul_types::WireText;

impl Tables {
    /// What a transaction that only reads gives. A step that would change something fails; one that happens to change nothing
    /// does not, as in Consul: setting a key to what it is, deleting what is not there.
    ///
    /// No watches: a transaction is answered at once.
    pub fn txn_read(&self, ops: &[TxnOp]) -> TxnResponse {
        run(ops, |op, results| self.read_step(op, results))
    }

    /// Does a step to a copy that is thrown away, and sees whether it changed.
    fn read_step(&self, op: &TxnOp, results: &mut Results) -> Result<(), Failure> {
        if op.kv.as_ref().is_some_and(|kv| kv.verb == KvOp::DeleteTree) {
            return Err(self.read_only(op).into());
        }
        let mut copy = self.clone();
        let mut transaction = Transaction::new(0, &mut copy);
        let before = results.list.len();
        let done = transaction.step(op, results);
        if transaction.changes.is_empty() {
            return done;
        }
        results.list.truncate(before);
        Err(self.read_only(op).into())
    }

    /// What Consul says of a step that would change something: the first thing that it cannot write.
    fn read_only(&self, op: &TxnOp) -> WireText {
        const INSERT: &str = "cannot insert in read-only transaction";
        const DELETE: &str = "cannot delete in read-only transaction";
        let deletes = |verb: &RecordOp| matches!(verb, RecordOp::Delete | RecordOp::DeleteCas);
        if let Some(kv) = &op.kv {
            return match kv.verb {
                KvOp::Delete | KvOp::DeleteCas => WireText::txn_failed_burying(INSERT),
                KvOp::DeleteTree => WireText::txn_failed_deleting_tree(DELETE),
                _ => WireText::txn_failed_inserting_key(INSERT),
            };
        }
        if let Some(node) = &op.node {
            return if deletes(&node.verb) {
                self.first_to_go_with(&node.node).map_or_else(
                    || WireText::txn_failed_deleting("deleting node", DELETE),
                    |first| WireText::txn_failed_deleting(first, DELETE),
                )
            } else {
                WireText::failed_inserting_node(INSERT)
            };
        }
        if let Some(step) = &op.service {
            let peer = Peer::named(&step.service.peer_name);
            let has_checks = !self.checks.ids_of(peer, &step.node, &step.service.id).is_empty();
            return match (deletes(&step.verb), has_checks) {
                (false, _) => WireText::failed_inserting_service(INSERT),
                (true, true) => WireText::txn_failed_deleting(CHECK, DELETE),
                (true, false) => WireText::txn_failed_deleting(SERVICE, DELETE),
            };
        }
        match &op.check {
            Some(check) if deletes(&check.verb) => WireText::txn_failed_deleting(CHECK, DELETE),
            Some(_) => WireText::txn_failed_inserting_check(INSERT),
            None => WireText::txn_failed_deleting_session(DELETE),
        }
    }

    /// What of a node is removed before the node: services in order, each after its checks; then checks, then coordinates.
    fn first_to_go_with(&self, node: &Node) -> Option<&'static str> {
        let (peer, name) = (Peer::named(&node.peer_name), &node.node);
        if let Some(service) = self.services.ids_on(peer, name).first() {
            return Some(if self.checks.ids_of(peer, name, service).is_empty() { SERVICE } else { CHECK });
        }
        if !self.checks.ids_on(peer, name).is_empty() {
            return Some(CHECK);
        }
        let is_somewhere = peer.is_local() && self.whereabouts(name).next().is_some();
        is_somewhere.then_some("deleting coordinate: failed deleting coordinate")
    }
}

const SERVICE: &str = "deleting service";
const CHECK: &str = "removing check";
