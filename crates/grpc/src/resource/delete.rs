//! Delete: removes a resource, or marks it where somebody has something to do first. What is not there is as good as removed.
use std::{collections::BTreeMap, time::SystemTime};

use proconsul_proto_public::pbresource::{DeleteRequest, Id, Resource, Tombstone};
use prost_types::Timestamp;
use tonic::{Code, Request, Status, metadata::MetadataMap};

use super::{
    Resources,
    backend::{Consistency, StorageError},
    deletion,
    registry::{TOMBSTONE, resolve},
    retry::{Failed, retry_cas},
    rights::{rights_of, token_of},
    said::{internal, required, status},
    ulid, validate,
};
use crate::details::pack;

impl Resources {
    pub(super) async fn delete_one(&self, request: Request<DeleteRequest>) -> Result<(), Status> {
        let (metadata, _, DeleteRequest { id, version }) = request.into_parts();
        let mut id = id.ok_or_else(|| required("id"))?;
        let kind = resolve(validate::id(&mut id, "id")?)?;
        let tenancy = id.tenancy.get_or_insert_default();
        validate::scoped_tenancy(kind.scope, &kind.r#type(), tenancy, false)?;
        let rights = rights_of(&self.backend.context, &token_of(&metadata))?;
        validate::fill_in(kind.scope, tenancy);
        // Whoever does not say which one exactly means the one that is there now.
        let names_all = !version.is_empty() && !id.uid.is_empty();
        let consistency = if names_all { Consistency::Eventual } else { Consistency::Strong };

        let deleted = retry_cas(&version, || async {
            let existing = match self.backend.read(consistency, &id).await {
                Ok(existing) => existing,
                Err(StorageError::NotFound) => return Ok(()),
                Err(error) => return Err(Failed::Status(internal("failed read", error))),
            };
            kind.may_write(&rights, &existing).map_err(|denial| denial.into_status("failed write acl"))?;
            if deletion::has_finalizers(&existing) {
                if !deletion::is_marked(&existing) {
                    self.mark(&metadata, Resource::clone(&existing)).await?;
                }
                return Ok(());
            }
            let (id, version) = if names_all {
                (id.clone(), version.clone())
            } else {
                (existing.id.clone().unwrap_or_default(), existing.version.clone())
            };
            self.leave_tombstone(&id).await?;
            Ok(self.backend.delete_cas(id, version).await?)
        });
        deleted.await.map_err(|failed| match failed {
            Failed::Status(status) => status,
            Failed::Storage(StorageError::CasFailure) => status(Code::Aborted, StorageError::CasFailure),
            Failed::Storage(error) => internal("failed delete", error),
        })
    }

    /// Notes in the resource that it is to go.
    async fn mark(&self, metadata: &MetadataMap, mut resource: Resource) -> Result<(), Status> {
        resource.metadata.insert(deletion::DELETION_TIMESTAMP.to_owned(), now());
        self.write_one(metadata, Some(resource)).await.map(drop)
    }

    /// Notes that what belongs to the resource is to go too. It is written first: one without a deletion does no harm, and a
    /// deletion without one would leave orphans.
    async fn leave_tombstone(&self, of: &Id) -> Result<(), Status> {
        if of.r#type.as_ref().is_some_and(|kind| TOMBSTONE.is(kind)) {
            return Ok(());
        }
        let id = Id {
            uid: ulid::make(),
            name: tombstone_name(of),
            r#type: Some(TOMBSTONE.r#type()),
            tenancy: of.tenancy.clone(),
        };
        let tombstone = Resource {
            id: Some(id),
            generation: ulid::make(),
            data: Some(pack(&Tombstone { owner: Some(of.clone()) }, TOMBSTONE.message)),
            metadata: BTreeMap::from([("generated_at".to_owned(), now())]),
            ..Default::default()
        };
        match self.backend.write_cas(tombstone).await {
            // There is one already, of a deletion that went no further.
            Ok(_) | Err(StorageError::WrongUid) => Ok(()),
            Err(error) => Err(internal("failed writing tombstone", error)),
        }
    }
}

/// A resource has one tombstone, however often its deletion is tried.
fn tombstone_name(of: &Id) -> String {
    format!("tombstone-{}-{}", of.name, of.uid.to_lowercase())
}

/// The time as metadata has it: RFC 3339, to the second.
fn now() -> String {
    Timestamp { nanos: 0, ..Timestamp::from(SystemTime::now()) }.to_string()
}
