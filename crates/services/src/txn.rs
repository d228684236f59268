//! Txn: operations together.
//!
//! Source: `txn_endpoint.go`; golden group `txn`; [docs/rpc/transactions.md](../../../docs/rpc/transactions.md).
mod apply; // steps of which some write
mod vet; // what is checked before any step is done

use std::sync::Arc;

use proconsul_netrpc::{Fault, Registry};
use proconsul_structs::{
    List, Method,
    methods::txn::{Apply, Read},
    query::QueryMeta,
    txn::{TxnError, TxnReadRequest, TxnReadResponse, TxnResponse, TxnResult},
};
use proconsul_types::metric;

use crate::{Access, Caller, Context, Rights, at_once::at_once, timed::Timed};

pub(crate) fn register(registry: &mut Registry, context: &Arc<Context>) {
    registry.insert(Apply::INDEX, Timed::new(&metric::TXN_APPLY, apply::Applying(Arc::clone(context))));
    registry.insert(Read::INDEX, Timed::new(&metric::TXN_READ, at_once::<Read, _>(context, read)));
}

/// Reads without the log. The server is the leader and alone, so that what it has is consistent.
fn read(caller: Caller<'_>, mut request: TxnReadRequest) -> Result<TxnReadResponse, Fault> {
    let ops = request.ops.as_deref_mut().unwrap_or_default();
    if let Some(errors) = vet::vet(caller, ops) {
        // Nothing was read yet, and nothing is told of how.
        return Ok(TxnReadResponse { response: refused(errors), query_meta: QueryMeta::default() });
    }
    let mut response = caller.context.store.snapshot().txn_read(ops);
    let filtered = filter(caller.rights, &mut response.results);
    let anonymous = request.query_options.token.is_anonymous();
    let query_meta = QueryMeta {
        index: 1,
        known_leader: true,
        results_filtered_by_acls: filtered && !anonymous,
        ..QueryMeta::default()
    };
    Ok(TxnReadResponse { response, query_meta })
}

fn refused(errors: Vec<TxnError>) -> TxnResponse {
    TxnResponse { results: None, errors: Some(errors) }
}

/// Leaves out what the caller may not see.
fn filter(rights: &Rights, results: &mut List<TxnResult>) -> bool {
    results.as_mut().is_some_and(|results| rights.filter(results, may_see))
}

fn may_see(rights: &Rights, result: &TxnResult) -> bool {
    if let Some(kv) = &result.kv {
        rights.allows(Access::KeyRead(&kv.key))
    } else if let Some(node) = &result.node {
        rights.allows(Access::NodeRead(&node.node))
    } else if let Some(service) = &result.service {
        rights.allows(Access::ServiceRead(&service.service))
    } else if let Some(check) = &result.check {
        if check.service_name.is_empty() {
            rights.allows(Access::NodeRead(&check.node))
        } else {
            rights.allows(Access::ServiceRead(&check.service_name))
        }
    } else {
        true
    }
}

#[cfg(test)]
mod tests;
