//! Operator: consensus, and how much is stored.
//!
//! Source: `operator_usage_endpoint.go`; golden group `operator`.
use std::{collections::BTreeMap, sync::Arc};

use proconsul_netrpc::{Fault, Registry};
use proconsul_state::WatchSet;
use proconsul_structs::{
    Method,
    methods::operator::Usage as UsageMethod,
    operator::{OperatorUsageRequest, Usage},
    query::QueryMeta,
};

use crate::{
    Access, Context, View,
    blocking::{Found, Query, query},
};

pub(crate) fn register(registry: &mut Registry, context: &Arc<Context>) {
    registry.insert(UsageMethod::INDEX, query(context, Counted));
}

/// How many nodes, services and instances there are, in this datacenter: of others (`Global`) the server knows none.
struct Counted;

impl Query for Counted {
    type Method = UsageMethod;

    fn evaluate(
        &self,
        View { context, at, rights }: View<'_>,
        _: &OperatorUsageRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<Usage>, Fault> {
        rights.demand(Access::OperatorRead)?;
        let (index, usage) = at.usage(watches);
        let usage = BTreeMap::from([(context.datacenter.clone(), usage)]);
        let query_meta = QueryMeta { index, ..QueryMeta::default() };
        Ok(Found { something: true, also: Some(at.indexes.usage), reply: Usage { usage: Some(usage), query_meta } })
    }
}
