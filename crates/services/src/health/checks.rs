//! `Health.ChecksInState`, `Health.NodeChecks` and `Health.ServiceChecks`.
use proconsul_netrpc::Fault;
use proconsul_state::{Peer, WatchSet};
use proconsul_structs::{
    List, Shared,
    catalog::{NodeSpecificRequest, ServiceSpecificRequest},
    check::HealthCheck,
    health::{ChecksInStateRequest, IndexedHealthChecks},
    methods::health::{ChecksInState, NodeChecks, ServiceChecks},
    query::QuerySource,
};
use proconsul_types::WireText;

use crate::{
    View,
    blocking::{Found, Query},
    catalog::{filtered, list},
    filter::RowFilter,
    near::sort_near,
    visible,
};

type Checks = List<Shared<HealthCheck>>;

/// The checks in one state, or in any.
pub(super) struct InState;

impl Query for InState {
    type Method = ChecksInState;

    fn evaluate(
        &self,
        view: View<'_>,
        request: &ChecksInStateRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedHealthChecks>, Fault> {
        let (peer, at) = (Peer::named(&request.peer_name), view.at);
        let filter = RowFilter::new(&request.query_options.filter)?;
        let (found, also) = match &request.node_meta_filters {
            Some(pairs) if !pairs.is_empty() => {
                let found = at.checks_in_state_by_node_meta(peer, &request.state, pairs, watches);
                (found, Some(at.checks_with_nodes_index(peer)))
            }
            _ => (at.checks_in_state(peer, &request.state, watches), None),
        };
        let (mut checks, hidden) = seen(view, list(found.1), &filter)?;
        near(view, &request.source, &mut checks);
        Ok(answer(found.0, also, checks, hidden))
    }
}

/// The checks of one node and of all that is on it.
pub(super) struct OfNode;

impl Query for OfNode {
    type Method = NodeChecks;

    fn evaluate(
        &self,
        view: View<'_>,
        request: &NodeSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedHealthChecks>, Fault> {
        let filter = RowFilter::new(&request.query_options.filter)?;
        let (index, found) = view.at.node_checks(Peer::named(&request.peer_name), &request.node, watches);
        let (checks, hidden) = seen(view, list(found), &filter)?;
        Ok(answer(index, None, checks, hidden))
    }
}

/// The checks of one service.
pub(super) struct OfService;

impl Query for OfService {
    type Method = ServiceChecks;

    fn evaluate(
        &self,
        view: View<'_>,
        request: &ServiceSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedHealthChecks>, Fault> {
        if request.tag_filter {
            return Err(WireText::NO_TAG_FILTER.into());
        }
        let (peer, at) = (Peer::named(&request.peer_name), view.at);
        let filter = RowFilter::new(&request.query_options.filter)?;
        let (found, also) = match &request.node_meta_filters {
            Some(pairs) if !pairs.is_empty() => {
                let found = at.service_checks_by_node_meta(peer, &request.service_name, pairs, watches);
                (found, Some(at.checks_with_nodes_index(peer)))
            }
            _ => (at.service_checks(peer, &request.service_name, watches), None),
        };
        // Here Consul asks for rights last: what the filter leaves out does not count as hidden.
        let mut checks = filter.keep(list(found.1), |check| check)?;
        let hidden = visible::health_checks(view.rights, &mut checks);
        near(view, &request.source, &mut checks);
        Ok(answer(found.0, also, checks, hidden))
    }
}

/// What the caller may see of a list, and of that what the filter leaves: nobody learns by a filter what is hidden. True if
/// anything was hidden.
fn seen(view: View<'_>, mut checks: Checks, filter: &RowFilter<HealthCheck>) -> Result<(Checks, bool), Fault> {
    let hidden = visible::health_checks(view.rights, &mut checks);
    Ok((filter.keep(checks, |check| check)?, hidden))
}

fn near(view: View<'_>, source: &QuerySource, checks: &mut Checks) {
    sort_near(view, source, checks.as_deref_mut().unwrap_or_default(), |check| (&check.node, &check.peer_name));
}

fn answer(index: u64, also: Option<u64>, health_checks: Checks, hidden: bool) -> Found<IndexedHealthChecks> {
    let reply = IndexedHealthChecks { health_checks, query_meta: filtered(index, hidden) };
    Found { something: true, also, reply }
}
