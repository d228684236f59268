//! `hashicorp.consul.internal.storage.raft.ForwardingService`: what followers ask of the leader, on byte 9 of the server port.
//!
//! Followers have checked everything: whoever has the route (in TLS, whoever has a certificate of the cluster) may write anything,
//! as it may append to the log.
use std::sync::Arc;

use proconsul_proto::pbstorage::{
    DeleteRequest, GroupVersionMismatchErrorDetails, ListRequest, ListResponse, ReadRequest, ReadResponse,
    WriteRequest, WriteResponse, forwarding_service_server::ForwardingService,
};
use proconsul_services::Context;
use proconsul_state::ResourceQuery;
use tonic::{Code, Request, Response, Status, async_trait};

use super::{
    backend::{Backend, Consistency, StorageError},
    said::status,
};
use crate::details::with_details;

/// The service of a server that leads.
#[derive(Clone)]
pub(crate) struct Forwarding {
    backend: Backend,
}

impl Forwarding {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self { backend: Backend::new(context) }
    }
}

/// What a follower makes the same error of again.
fn wrapped(error: StorageError) -> Status {
    let code = match &error {
        StorageError::NotFound => Code::NotFound,
        StorageError::CasFailure => Code::Aborted,
        StorageError::WrongUid => Code::AlreadyExists,
        StorageError::OtherVersion { requested, stored } => {
            let details = GroupVersionMismatchErrorDetails {
                requested_type: Some(requested.clone()),
                stored: Some((**stored).clone()),
            };
            return with_details(&status(Code::OutOfRange, &error), DETAILS, &details);
        }
        StorageError::Other(_) => Code::Internal,
    };
    status(code, error)
}

const DETAILS: &str = "hashicorp.consul.internal.storage.raft.GroupVersionMismatchErrorDetails";

#[async_trait]
impl ForwardingService for Forwarding {
    async fn write(&self, request: Request<WriteRequest>) -> Result<Response<WriteResponse>, Status> {
        let resource = request.into_inner().resource.unwrap_or_default();
        let written = self.backend.write_cas(resource).await.map_err(wrapped)?;
        Ok(Response::new(WriteResponse { resource: Some(Arc::unwrap_or_clone(written)) }))
    }

    async fn delete(&self, request: Request<DeleteRequest>) -> Result<Response<()>, Status> {
        let DeleteRequest { id, version } = request.into_inner();
        self.backend.delete_cas(id.unwrap_or_default(), version).await.map_err(wrapped)?;
        Ok(Response::new(()))
    }

    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let id = request.into_inner().id.unwrap_or_default();
        let found = self.backend.read(Consistency::Strong, &id).await.map_err(wrapped)?;
        Ok(Response::new(ReadResponse { resource: Some(Arc::unwrap_or_clone(found)) }))
    }

    async fn list(&self, request: Request<ListRequest>) -> Result<Response<ListResponse>, Status> {
        let ListRequest { r#type, tenancy, name_prefix } = request.into_inner();
        let (kind, tenancy) = (r#type.unwrap_or_default(), tenancy.unwrap_or_default());
        let query = ResourceQuery::new(&kind, &tenancy, &name_prefix);
        let resources = self.backend.list(Consistency::Strong, &query).await;
        Ok(Response::new(ListResponse { resources: resources.into_iter().map(Arc::unwrap_or_clone).collect() }))
    }
}
