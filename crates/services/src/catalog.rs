//! Catalog: nodes and services.
mod deregister; // takes a service, a check or a node away
mod gateway; // lists what a gateway serves
pub(crate) mod node; // lists the services of one node
pub(crate) mod nodes; // lists nodes
pub(crate) mod register; // adds or changes a node and what is on it
pub(crate) mod services; // lists services and their instances
pub(crate) mod vet; // what registering and deregistering ask of the caller
mod virtual_ip; // tells a service's virtual address

use std::{marker::PhantomData, sync::Arc};

use proconsul_msgpack::GoStr;
use proconsul_netrpc::{Answer, Fault, Registry, Reply, answering};
use proconsul_state::Outcome;
use proconsul_structs::{
    List, Method,
    catalog::DatacentersRequest,
    methods::catalog::{
        Deregister, GatewayServices, ListDatacenters, ListNodes, ListServices, NodeServiceList, NodeServices, Register,
        ServiceList, ServiceNodes, VirtualIPForService,
    },
    query::{QueryMeta, QueryOptions},
    status::Empty,
};
use proconsul_types::{CallInfo, metric};

use crate::{Context, blocking::query, timed::Timed, write::Write};

pub(crate) fn register(registry: &mut Registry, context: &Arc<Context>) {
    registry.insert(ListNodes::INDEX, query(context, nodes::Nodes));
    registry.insert(ListServices::INDEX, query(context, services::Names));
    registry.insert(ServiceNodes::INDEX, query(context, services::Instances::new()));
    registry.insert(ServiceList::INDEX, query(context, services::AllNames));
    registry.insert(NodeServices::INDEX, query(context, node::Services));
    registry.insert(NodeServiceList::INDEX, query(context, node::ServiceList));
    registry.insert(GatewayServices::INDEX, query(context, gateway::Services));
    registry.insert(VirtualIPForService::INDEX, virtual_ip::handler(context));
    registry.insert(
        Register::INDEX,
        Timed::new(
            &metric::CATALOG_REGISTER,
            Write {
                context: Arc::clone(context),
                prepare: register::prepare,
                finish,
                method: PhantomData::<fn(Register)>,
            },
        ),
    );
    registry.insert(
        Deregister::INDEX,
        Timed::new(
            &metric::CATALOG_DEREGISTER,
            Write {
                context: Arc::clone(context),
                prepare: deregister::prepare,
                finish,
                method: PhantomData::<fn(Deregister)>,
            },
        ),
    );
    // It names no datacenter. Without a WAN the server knows its own and no other.
    let own: GoStr = context.datacenter.clone();
    registry.insert(
        ListDatacenters::INDEX,
        answering(move |_: &CallInfo, _: DatacentersRequest, _: &[u8]| {
            Ok(Answer::Now(Reply::value(vec![own.clone()])))
        }),
    );
}

/// A write that took place has nothing to tell; what the store refuses is answered in its own words.
fn finish(outcome: Outcome) -> Result<Empty, Fault> {
    match outcome {
        Outcome::Error(cause) => Err(cause.into()),
        _ => Ok(Empty {}),
    }
}

/// Whether the caller has this answer already, and said that it need not be repeated.
fn is_unmodified(options: &QueryOptions, index: u64) -> bool {
    options.allow_not_modified_response && options.min_query_index > 0 && options.min_query_index == index
}

/// A list as Go would answer it before anything is left out: nil when there is nothing in it.
pub(crate) fn list<T>(rows: Vec<T>) -> List<T> {
    (!rows.is_empty()).then_some(rows)
}

/// The facts of an answer from which what the caller may not see was left out, or nothing was.
pub(crate) fn filtered(index: u64, hidden: bool) -> QueryMeta {
    QueryMeta { results_filtered_by_acls: hidden, ..meta(index, false) }
}

fn meta(index: u64, not_modified: bool) -> QueryMeta {
    QueryMeta { index, not_modified, ..QueryMeta::default() }
}
