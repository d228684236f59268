//! `Catalog.GatewayServices`.
use proconsul_netrpc::Fault;
use proconsul_state::WatchSet;
use proconsul_structs::{
    catalog::ServiceSpecificRequest, gateway::IndexedGatewayServices, methods::catalog::GatewayServices,
};

use super::filtered;
use crate::{
    Access, View,
    blocking::{Found, Query},
    visible,
};

/// What an ingress or terminating gateway serves. Never nil, though there may be nothing.
pub(super) struct Services;

impl Query for Services {
    type Method = GatewayServices;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        request: &ServiceSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedGatewayServices>, Fault> {
        rights.demand(Access::ServiceRead(&request.service_name))?;
        let (index, mut services) = at.gateway_services(&request.service_name, watches);
        let hidden = visible::gateway_services(rights, &mut services);
        let reply = IndexedGatewayServices { services: Some(services), query_meta: filtered(index, hidden) };
        Ok(Found { something: true, also: None, reply })
    }
}
