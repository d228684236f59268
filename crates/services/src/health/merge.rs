//! Instances with central settings in them.
use proconsul_structs::{
    Shared,
    service::{NodeService, ServiceKind},
};

/// A service as merging with central settings leaves it where there are none: what the mesh runs itself loses extensions, which
/// are only ever set centrally.
pub(crate) fn merged(service: Shared<NodeService>) -> Shared<NodeService> {
    let is_of_mesh = service.kind == ServiceKind::ConnectProxy || service.kind.is_gateway();
    if !is_of_mesh || service.proxy.envoy_extensions.is_none() {
        return service;
    }
    let mut service = NodeService::clone(&service);
    service.proxy.envoy_extensions = None;
    Shared::from(service)
}
