//! A server's store and log with the service over it.
use std::{future::Future, sync::Arc};

use proconsul_services::{AllowAll, Authorizers, Context};
use proconsul_state::Snapshot;
use prost_types::Any;
use tonic::{Response, Status};

use crate::alone;

use super::{super::*, *};

pub(super) struct World {
    pub(super) service: Resources,
    pub(super) context: Arc<Context>,
    pub(super) watches: Arc<Watches>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Arc::new(AllowAll))
    }

    pub(super) fn with(authorizers: Arc<dyn Authorizers>) -> Self {
        let context = Arc::new(Arc::unwrap_or_clone(alone::context()).with_authorizers(authorizers));
        let watches = Arc::default();
        World { service: Resources::new(&context, Arc::clone(&watches)), context, watches }
    }

    pub(super) fn forwarding(&self) -> Forwarding {
        Forwarding::new(&self.context)
    }

    /// Puts the store back as it was at some time, as a restored snapshot does.
    pub(super) fn restore(&self, at: Snapshot) {
        self.context.store.replace(at);
    }

    pub(super) async fn write(&self, resource: Resource) -> Result<Resource, Status> {
        let written = self.service.write(Request::new(WriteRequest { resource: Some(resource) })).await?;
        Ok(written.into_inner().resource.expect("what was written"))
    }

    pub(super) async fn read(&self, id: Id) -> Result<Resource, Status> {
        let found = self.service.read(Request::new(ReadRequest { id: Some(id) })).await?;
        Ok(found.into_inner().resource.expect("what was read"))
    }

    pub(super) async fn delete(&self, id: Id, version: &str) -> Result<(), Status> {
        let request = DeleteRequest { id: Some(id), version: version.to_owned() };
        self.service.delete(Request::new(request)).await.map(drop)
    }

    pub(super) async fn list(&self, kind: Type, tenancy: Tenancy, prefix: &str) -> Result<Vec<Resource>, Status> {
        let request = ListRequest { r#type: Some(kind), tenancy: Some(tenancy), name_prefix: prefix.to_owned() };
        self.service.list(Request::new(request)).await.map(|reply| reply.into_inner().resources)
    }
}

pub(super) fn kind(group: &str, version: &str, kind: &str) -> Type {
    Type { group: group.into(), group_version: version.into(), kind: kind.into() }
}

pub(super) fn tenancy(partition: &str, namespace: &str) -> Tenancy {
    Tenancy { partition: partition.into(), namespace: namespace.into() }
}

pub(super) fn id(kind: Type, name: &str) -> Id {
    let tenancy = Some(tenancy("default", "default"));
    Id { uid: String::new(), name: name.into(), r#type: Some(kind), tenancy }
}

pub(super) fn artist() -> Type {
    kind("demo", "v2", "Artist")
}

pub(super) fn album() -> Type {
    kind("demo", "v2", "Album")
}

pub(super) fn artist_data(name: &str) -> Any {
    let artist = v2::Artist { name: name.into(), genre: v2::Genre::Jazz.into(), ..Default::default() };
    pack(&artist, demo::ARTIST_V2)
}

pub(super) fn an_artist(name: &str) -> Resource {
    Resource { id: Some(id(artist(), name)), data: Some(artist_data(name)), ..Default::default() }
}

pub(super) fn an_album(name: &str, owner: Option<Id>) -> Resource {
    Resource { id: Some(id(album(), name)), owner, ..Default::default() }
}

pub(super) fn id_of(resource: &Resource) -> Id {
    resource.id.clone().expect("it has one")
}

/// What a call is refused with.
pub(super) async fn refused<T>(call: impl Future<Output = Result<T, Status>>) -> (Code, String) {
    match call.await {
        Ok(_) => (Code::Ok, String::new()),
        Err(status) => (status.code(), status.message().to_owned()),
    }
}

/// The same, without a reply to look at.
pub(super) async fn code<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> (Code, String) {
    refused(call).await
}

/// A request that says nothing.
pub(super) fn blank<T: Default>() -> Request<T> {
    Request::new(T::default())
}
