//! `Health.ServiceNodes`.
use std::sync::Arc;

use metrics::Counter;
use proconsul_msgpack::GoStr;
use proconsul_netrpc::{Encode, Fault};
use proconsul_state::{Peer, Snapshot, WatchSet, satisfies};
use proconsul_structs::{
    List,
    catalog::{HealthFilterType, ServiceSpecificRequest},
    check::{CRITICAL, PASSING},
    health::{CheckServiceNode, IndexedCheckServiceNodes},
    methods::health::ServiceNodes,
};
use proconsul_types::{WireText, metric};

use crate::{
    View,
    blocking::{Found, Query},
    catalog::{filtered, list},
    central,
    filter::RowFilter,
    fragments::{Assembled, Fragments},
    near::sort_near,
    visible,
};

/// Instances of one service, of what the mesh reaches under its name, or of the ingress gateways that serve it, with their
/// nodes and all checks that count for them.
pub(crate) struct Instances {
    asked_service: Counter,
    asked_connect: Counter,
    asked_ingress: Counter,
    fragments: Arc<Fragments<CheckServiceNode>>,
}

impl Instances {
    pub(crate) fn new() -> Self {
        Self {
            asked_service: metrics::counter!(metric::HEALTH_SERVICE_QUERY.name),
            asked_connect: metrics::counter!(metric::HEALTH_CONNECT_QUERY.name),
            asked_ingress: metrics::counter!(metric::HEALTH_INGRESS_QUERY.name),
            fragments: Fragments::new(),
        }
    }
}

impl Query for Instances {
    type Method = ServiceNodes;

    fn evaluate(
        &self,
        view: View<'_>,
        request: &ServiceSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedCheckServiceNodes>, Fault> {
        vet(view, request)?;
        let filter = RowFilter::new(&request.query_options.filter)?;
        if !request.sameness_group.is_empty() {
            return Err(WireText::NO_SAMENESS_GROUPS.into());
        }
        let (mut index, mut found) = find(request, view.at, watches);
        if request.merge_central_config {
            for one in &mut found {
                let merged = one.service.take().map(|service| central::in_service(view.at, service, watches));
                index = merged.as_ref().map_or(index, |(own, _)| index.max(*own));
                one.service = merged.map(|(_, service)| service);
            }
        }
        if let Some(pairs) = &request.node_meta_filters {
            found.retain(|one| one.node.as_ref().is_some_and(|node| satisfies(&node.meta, pairs)));
        }
        let mut nodes = list(found);
        let hidden = visible::check_service_nodes(view.rights, &mut nodes);
        let mut nodes = filter.keep(nodes, |one| one)?;
        leave_healthy(&mut nodes, request.health_filter_type);
        sort_near(view, &request.source, nodes.as_deref_mut().unwrap_or_default(), place);
        let reply = IndexedCheckServiceNodes { nodes, query_meta: filtered(index, hidden) };
        Ok(Found { something: true, also: Some(also(request, view.at)), reply })
    }

    fn count(&self, request: &ServiceSpecificRequest) {
        let asked = match (request.ingress, request.connect) {
            (true, _) => &self.asked_ingress,
            (_, true) => &self.asked_connect,
            _ => &self.asked_service,
        };
        asked.increment(1);
    }

    fn encodable(&self, request: &ServiceSpecificRequest, reply: IndexedCheckServiceNodes) -> Box<dyn Encode + Send> {
        if request.merge_central_config {
            return Box::new(reply); // services that were made for this answer
        }
        Box::new(Assembled { reply, fragments: Arc::clone(&self.fragments) })
    }

    fn index(&self, View { at, .. }: View<'_>, request: &ServiceSpecificRequest) -> Option<u64> {
        let plain = !request.connect && (request.tag_filter || !request.ingress) && request.source.node.is_empty();
        let named = !request.service_name.is_empty() && request.sameness_group.is_empty();
        (plain && named && !request.merge_central_config)
            .then(|| at.check_service_nodes_index(Peer::named(&request.peer_name), &request.service_name))
    }
}

/// That the request can be answered, and to this caller: who asks for what stands for a service must be able to see the service.
fn vet(View { rights, .. }: View<'_>, request: &ServiceSpecificRequest) -> Result<(), Fault> {
    let name = &request.service_name;
    if name.is_empty() {
        return Err(WireText::MUST_PROVIDE_SERVICE_NAME.into());
    }
    if (request.connect || request.ingress) && !visible::service(rights, &request.peer_name, name) {
        return Err(WireText::PERMISSION_DENIED.into());
    }
    Ok(())
}

/// What is asked for, before anything narrows it.
fn find(request: &ServiceSpecificRequest, at: &Snapshot, watches: &mut WatchSet) -> (u64, Vec<CheckServiceNode>) {
    let (peer, name) = (Peer::named(&request.peer_name), &request.service_name);
    if request.connect {
        at.check_connect_service_nodes(peer, name, watches)
    } else if request.tag_filter && !request.service_tag.is_empty() {
        // From clients before 1.3, which know one tag.
        at.check_service_tag_nodes(peer, name, std::slice::from_ref(&request.service_tag), watches)
    } else if request.tag_filter {
        at.check_service_tag_nodes(peer, name, request.service_tags.as_deref().unwrap_or_default(), watches)
    } else if request.ingress {
        at.check_ingress_service_nodes(name, watches)
    } else {
        at.check_service_nodes(peer, name, watches)
    }
}

/// The index that a wait goes by as well.
fn also(request: &ServiceSpecificRequest, at: &Snapshot) -> u64 {
    let peer = Peer::named(&request.peer_name);
    if request.connect {
        at.connect_index(peer, &request.service_name)
    } else if request.ingress {
        at.ingress_index()
    } else {
        at.passed_over_index(peer)
    }
}

/// Leaves out whoever has a check that the caller does not want to see failing. The last one takes the place of one that is left
/// out, as in Consul.
fn leave_healthy(nodes: &mut List<CheckServiceNode>, wanted: HealthFilterType) {
    let Some(nodes) = nodes else { return };
    let mut at = 0;
    while let Some(one) = nodes.get(at) {
        if one.checks.iter().flatten().any(|check| is_unwanted(&check.status, wanted)) {
            nodes.swap_remove(at);
        } else {
            at += 1;
        }
    }
}

fn is_unwanted(status: &GoStr, wanted: HealthFilterType) -> bool {
    match wanted {
        HealthFilterType::EXCLUDE_CRITICAL => *status == CRITICAL,
        HealthFilterType::INCLUDE_ONLY_PASSING => *status != PASSING,
        _ => false,
    }
}

/// The node of an instance, and the peer that it was imported from.
fn place(one: &CheckServiceNode) -> (&GoStr, &GoStr) {
    static NOBODY: GoStr = GoStr::EMPTY;
    one.node.as_ref().map_or((&NOBODY, &NOBODY), |node| (&node.node, &node.peer_name))
}

#[cfg(test)]
mod tests {
    use proconsul_structs::{Shared, check::HealthCheck, node::Node};

    use super::*;

    fn with(name: &str, states: &[&'static str]) -> CheckServiceNode {
        let node = Node { node: name.into(), ..Node::default() };
        let check =
            |status: &&'static str| Shared::from(HealthCheck { status: (*status).into(), ..HealthCheck::default() });
        let checks = (!states.is_empty()).then(|| states.iter().map(check).collect());
        CheckServiceNode { node: Some(Shared::from(node)), checks, ..CheckServiceNode::default() }
    }

    #[test]
    fn who_is_left_out_gives_the_place_to_the_last() {
        let all = || {
            Some(vec![
                with("critical", &["passing", "critical"]),
                with("passing", &["passing"]),
                with("warning", &["warning"]),
                with("odd", &["purple"]),
                with("none", &[]),
            ])
        };
        let left = |wanted| {
            let mut nodes = all();
            leave_healthy(&mut nodes, wanted);
            let names = nodes.iter().flatten().map(|one| place(one).0.to_string());
            names.collect::<Vec<_>>()
        };
        assert_eq!(left(HealthFilterType::INCLUDE_ALL), ["critical", "passing", "warning", "odd", "none"]);
        assert_eq!(left(HealthFilterType::EXCLUDE_CRITICAL), ["none", "passing", "warning", "odd"]);
        assert_eq!(left(HealthFilterType::INCLUDE_ONLY_PASSING), ["none", "passing"]);
        assert_eq!(left(HealthFilterType(7)).len(), 5, "what nobody knows leaves out nobody");
        let mut nothing = None;
        leave_healthy(&mut nothing, HealthFilterType::INCLUDE_ONLY_PASSING);
        assert_eq!(nothing, None, "nil stays nil");
    }
}
