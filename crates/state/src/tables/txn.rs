//! Several steps that take place together or not at all.
//!
//! Every step is done, also behind one that failed, so that all that is wrong is told at once; if anything failed, the tables
//! are put back to what they were ([`Tables::advance`]). A transaction that only reads is evaluated here as well, on a copy of
//! the tables that nobody else sees. Source: `txn.go`; golden group `txn`.

mod catalog; // steps on nodes, services and checks
mod keys; // steps on keys
mod read; // steps that may only read

use super::transaction::Transaction;
use crate::Outcome;
use proconsul_structs::intention::IntentionOp;
use proconsul_structs::txn::{
    OPS_MAX, RecordOp, TxnError, TxnIntentionOp, TxnOp, TxnRequest, TxnResponse, TxnResult, TxnSessionOp,
};
use proconsul_types::{GoQuoted, WireText};

/// How many results the steps of one transaction may give together. One step can list all keys, and a transaction has room
/// for thousands of steps.
pub const TXN_RESULTS_MAX: usize = 1 << 20;
/// How many bytes of keys and values the results of one transaction may have together, for the same reason.
pub const TXN_RESULT_BYTES_MAX: usize = 256 << 20;

/// What the steps gave so far.
#[derive(Default)]
struct Results {
    list: Vec<TxnResult>,
    bytes: usize,
}

/// Why a step failed.
enum Failure {
    /// The step itself; the others are done all the same.
    Step(WireText),
    /// The transaction asks for more than it may have: no further step is done.
    Bound(WireText),
}

impl<T: Into<WireText>> From<T> for Failure {
    fn from(text: T) -> Self {
        Failure::Step(text.into())
    }
}

impl Results {
    fn push(&mut self, result: TxnResult) -> Result<(), Failure> {
        self.bytes +=
            result.kv.as_ref().map_or(0, |kv| kv.key.len() + kv.value.as_ref().map_or(0, |value| value.len()));
        if self.list.len() >= TXN_RESULTS_MAX {
            return Err(Failure::Bound(WireText::txn_too_many_results(TXN_RESULTS_MAX)));
        }
        if self.bytes > TXN_RESULT_BYTES_MAX {
            return Err(Failure::Bound(WireText::txn_results_too_large(TXN_RESULT_BYTES_MAX)));
        }
        self.list.push(result);
        Ok(())
    }
}

/// Does one step after another, and tells what they gave, or everything that failed.
fn run(ops: &[TxnOp], mut step: impl FnMut(&TxnOp, &mut Results) -> Result<(), Failure>) -> TxnResponse {
    let (mut results, mut errors) = (Results::default(), Vec::new());
    if ops.len() > OPS_MAX {
        errors.push(error(OPS_MAX, &WireText::txn_too_many_operations(OPS_MAX)));
    }
    for (place, op) in ops.iter().enumerate().take(OPS_MAX) {
        match step(op, &mut results) {
            Ok(()) => {}
            Err(Failure::Step(text)) => errors.push(error(place, &text)),
            Err(Failure::Bound(text)) => {
                errors.push(error(place, &text));
                break;
            }
        }
    }
    if errors.is_empty() {
        TxnResponse { results: Some(results.list), errors: None }
    } else {
        TxnResponse { results: None, errors: Some(errors) }
    }
}

fn error(place: usize, what: &WireText) -> TxnError {
    TxnError { op_index: i64::try_from(place).unwrap_or(i64::MAX), what: what.to_string().into() }
}

impl Transaction<'_> {
    pub(super) fn apply_txn(&mut self, request: &TxnRequest) -> Result<Outcome, WireText> {
        let ops = request.ops.as_deref().unwrap_or_default();
        Ok(Outcome::Txn(Box::new(run(ops, |op, results| self.step(op, results)))))
    }

    /// The first member that is set counts, in Consul's order.
    fn step(&mut self, op: &TxnOp, results: &mut Results) -> Result<(), Failure> {
        if let Some(kv) = &op.kv {
            self.key_step(&kv.verb, &kv.dir_ent, results)
        } else if let Some(node) = &op.node {
            self.node_step(&node.verb, &node.node, results)
        } else if let Some(service) = &op.service {
            self.service_step(service, results)
        } else if let Some(check) = &op.check {
            self.check_step(&check.verb, &check.check, results)
        } else if let Some(session) = &op.session {
            self.session_step(session)
        } else if let Some(intention) = &op.intention {
            Err(refused_intention(intention).into())
        } else {
            Err(WireText::UNKNOWN_OPERATION_TYPE.into())
        }
    }

    /// Ends a session, which must exist. Its keys are given back or deleted as always: Consul's transaction forgets the session
    /// alone, and nobody can take its keys any more.
    fn session_step(&mut self, TxnSessionOp { verb, session }: &TxnSessionOp) -> Result<(), Failure> {
        if *verb != RecordOp::Delete {
            return Err(WireText::txn_unknown_verb("session", GoQuoted(&verb.to_string())).into());
        }
        if session.id.is_empty() {
            return Err(WireText::txn_failed_deleting_session("object missing primary index").into());
        }
        if self.tables.sessions.get(&session.id).is_none() {
            return Err(WireText::txn_failed_deleting_session("not found").into());
        }
        self.delete_session(&session.id);
        Ok(())
    }
}

/// Intentions have moved to config entries, before this program's time: their older form cannot be changed any more.
fn refused_intention(TxnIntentionOp { op, .. }: &TxnIntentionOp) -> WireText {
    match op {
        IntentionOp::Create | IntentionOp::Update | IntentionOp::Delete => WireText::LEGACY_INTENTIONS_ARE_DISABLED,
        other => WireText::txn_intention_not_supported(GoQuoted(&other.to_string())),
    }
}
