//! `hashicorp.consul.internal.configentry.ConfigEntryService`: registered, and not written before config entries are.
use proconsul_proto::pbconfigentry::{
    GetResolvedExportedServicesRequest, GetResolvedExportedServicesResponse,
    config_entry_service_server::ConfigEntryService,
};
use tonic::{Request, Response, Status, async_trait};

use crate::go_status::not_implemented;

/// The service of a server that resolves no config entries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConfigEntries;

#[async_trait]
impl ConfigEntryService for ConfigEntries {
    async fn get_resolved_exported_services(
        &self,
        _: Request<GetResolvedExportedServicesRequest>,
    ) -> Result<Response<GetResolvedExportedServicesResponse>, Status> {
        Err(not_implemented("GetResolvedExportedServices"))
    }
}
