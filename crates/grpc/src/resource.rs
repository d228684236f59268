//! `hashicorp.consul.resource.ResourceService`: what the servers keep of the second generation, under types that are registered.
//!
//! What a request says is checked before anything is read, in Consul's order and words: shape, type, tenancy, rights, then what is
//! stored. A write reads what is there, decides, and goes to the log with the version it has read; the log's order decides between
//! writers. Unique ids and generations are made here, before the log, so that every server applies the same.
//!
//! Source: Consul 1.21, `agent/grpc-external/services/resource` and `internal/resource`; golden cases
//! `grpc-external/resource-*`.
mod backend; // what is stored, as the methods see it
mod delete; // Delete
mod deletion; // what may change of a resource that is to go
mod demo; // types to try the service with
mod forwarding; // what followers ask of the leader
mod list; // List
mod list_by_owner; // ListByOwner
mod multicluster; // types that say who may use which services
mod mutate_and_validate; // MutateAndValidate, and the first half of Write
mod read; // Read
mod reaper; // what goes with resources that are gone
mod registry; // which types there are
mod retry; // writes that lost against another
mod rights; // who asks, and what it may do to which type
mod said; // errors in Consul's words
mod ulid; // ids that sort by when they were made
mod unpack; // a resource's data as its message
mod validate; // what may stand in a request
mod watch_list; // WatchList
mod watches; // who follows which list
mod write; // Write
mod write_status; // WriteStatus

use std::sync::Arc;

use proconsul_proto_public::pbresource::{
    DeleteRequest, DeleteResponse, ListByOwnerRequest, ListByOwnerResponse, ListRequest, ListResponse,
    MutateAndValidateRequest, MutateAndValidateResponse, ReadRequest, ReadResponse, WatchListRequest, WriteRequest,
    WriteResponse, WriteStatusRequest, WriteStatusResponse, resource_service_server::ResourceService,
};
use proconsul_services::Context;
use tonic::{Request, Response, Status, async_trait};

use backend::Backend;
pub(crate) use forwarding::Forwarding;
pub use reaper::{Reaper, SECOND_PASS_DELAY};
use watch_list::Events;
pub(crate) use watches::Watches;
pub use watches::{WATCH_BYTES_MAX, WATCH_EVENTS_MAX, WATCHES_BYTES_MAX, WATCHES_MAX};

/// The service.
#[derive(Clone)]
pub(crate) struct Resources {
    backend: Backend,
    watches: Arc<Watches>,
}

impl Resources {
    /// Lists are followed in `watches`, which follows the store.
    pub(crate) fn new(context: &Arc<Context>, watches: Arc<Watches>) -> Self {
        context.store.follow(&watches);
        Self::over(context, watches)
    }

    /// The same with `watches` that follow the store already.
    fn over(context: &Arc<Context>, watches: Arc<Watches>) -> Self {
        Self { backend: Backend::new(context), watches }
    }
}

#[async_trait]
impl ResourceService for Resources {
    type WatchListStream = Events;

    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read_one(request).await.map(Response::new)
    }

    async fn write(&self, request: Request<WriteRequest>) -> Result<Response<WriteResponse>, Status> {
        let (metadata, _, WriteRequest { resource }) = request.into_parts();
        let resource = Some(self.write_one(&metadata, resource).await?);
        Ok(Response::new(WriteResponse { resource }))
    }

    async fn write_status(
        &self,
        request: Request<WriteStatusRequest>,
    ) -> Result<Response<WriteStatusResponse>, Status> {
        self.write_status_of(request).await.map(Response::new)
    }

    async fn list(&self, request: Request<ListRequest>) -> Result<Response<ListResponse>, Status> {
        self.list_all(request).await.map(Response::new)
    }

    async fn list_by_owner(
        &self,
        request: Request<ListByOwnerRequest>,
    ) -> Result<Response<ListByOwnerResponse>, Status> {
        self.list_owned(request).map(Response::new)
    }

    async fn delete(&self, request: Request<DeleteRequest>) -> Result<Response<DeleteResponse>, Status> {
        self.delete_one(request).await.map(|()| Response::new(DeleteResponse {}))
    }

    async fn watch_list(&self, request: Request<WatchListRequest>) -> Result<Response<Events>, Status> {
        self.follow(request).map(Response::new)
    }

    async fn mutate_and_validate(
        &self,
        request: Request<MutateAndValidateRequest>,
    ) -> Result<Response<MutateAndValidateResponse>, Status> {
        let (metadata, _, MutateAndValidateRequest { resource }) = request.into_parts();
        let resource = Some(self.mutated_and_valid(&metadata, resource)?);
        Ok(Response::new(MutateAndValidateResponse { resource }))
    }
}

#[cfg(test)]
mod tests;
