//! What Envoy of one proxy begins with.
use proconsul_convert::Mirror;
use proconsul_proto_public::pbdataplane::{
    GetEnvoyBootstrapParamsRequest, GetEnvoyBootstrapParamsResponse, get_envoy_bootstrap_params_request::NodeSpec,
};
use proconsul_services::{Access, Context, Rights, central::in_service};
use proconsul_state::{Peer, Snapshot, WatchSet};
use proconsul_structs::service::ServiceKind;
use tonic::Status;
use uuid::Uuid;

use super::access_logs;
use crate::options;

/// The partition and the namespace of everything in Consul's community edition.
const DEFAULT: &str = "default";

/// Answers for the proxy that a request names.
pub(super) fn params(
    context: &Context,
    rights: &Rights,
    request: &GetEnvoyBootstrapParamsRequest,
) -> Result<GetEnvoyBootstrapParamsResponse, Status> {
    let snapshot = context.store.snapshot();
    let node = node(&snapshot, request)?;
    #[allow(deprecated, reason = "older data planes say it there")]
    let id = if request.service_id.is_empty() { &request.proxy_id } else { &request.service_id };
    let (_, service) = snapshot.node_service(Peer::LOCAL, node.as_bytes(), id.as_bytes(), &mut WatchSet::default());
    let service = service.ok_or_else(|| Status::not_found("Service not found"))?;
    rights
        .demand(Access::ServiceRead(&service.service))
        .map_err(|fault| Status::permission_denied(options::text(&fault)))?;
    let is_proxy = service.kind == ServiceKind::ConnectProxy;
    let name = if is_proxy { &service.proxy.destination_service_name } else { &service.service };
    let name = name.to_str_lossy().into_owned();
    let (_, service) = in_service(&snapshot, service, &mut WatchSet::default());
    let config: Result<Option<prost_types::Struct>, _> = service.proxy.config.to_proto();
    let config = config.map_err(|_| Status::unknown("Error creating the envoy boostrap params config"))?;
    Ok(GetEnvoyBootstrapParamsResponse {
        identity: name.clone(),
        service: name,
        partition: DEFAULT.to_owned(),
        namespace: DEFAULT.to_owned(),
        config: Some(config.unwrap_or_default()),
        datacenter: context.datacenter.to_str_lossy().into_owned(),
        node_name: node,
        access_logs: access_logs::of(&service.proxy.access_logs),
    })
}

/// The name of the node that a request names, by its id or its name.
fn node(snapshot: &Snapshot, request: &GetEnvoyBootstrapParamsRequest) -> Result<String, Status> {
    // Not watched: the answer is of this moment.
    let watches = &mut WatchSet::default();
    let node = match request.node_spec.as_ref() {
        Some(NodeSpec::NodeId(id)) if !id.is_empty() => {
            if !is_uuid(id) {
                return Err(Status::internal("Failure looking up service"));
            }
            snapshot.node_by_id(Peer::LOCAL, id.as_bytes(), watches).1
        }
        Some(NodeSpec::NodeName(name)) if !name.is_empty() => snapshot.node(Peer::LOCAL, name.as_bytes(), watches).1,
        _ => return Err(Status::invalid_argument("Node ID or name required to lookup the service")),
    };
    let node = node.ok_or_else(|| Status::not_found("node not found"))?;
    Ok(node.node.to_str_lossy().into_owned())
}

/// Whether Consul's index by id takes this for one: hyphens and all.
fn is_uuid(id: &str) -> bool {
    id.len() == uuid::fmt::Hyphenated::LENGTH && Uuid::try_parse(id).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_with_its_hyphens() {
        assert!(is_uuid("1f2e3d4c-5b6a-4978-8796-a5b4c3d2e1f0") && is_uuid("00000000-0000-0000-0000-0000000000AA"));
        for none in [
            "",
            "x",
            "1f2e3d4c5b6a49788796a5b4c3d2e1f0",
            "1f2e3d4c-5b6a-4978-8796-a5b4c3d2e1fg",
            "1f2e3d4c5b6a-4978-8796--a5b4c3d2e1f0",
        ] {
            assert!(!is_uuid(none), "{none}");
        }
    }
}
