//! Write: makes a resource, or changes it.
use std::{collections::BTreeMap, sync::Arc};

use proconsul_proto_public::pbresource::{Resource, Status as ResourceStatus};
use tonic::{Code, Status, metadata::MetadataMap};

use super::{
    Resources,
    backend::{Consistency, StorageError},
    deletion,
    retry::{Failed, retry_cas},
    said::{internal, invalid, status},
    ulid,
};

impl Resources {
    /// What it answers is the resource as it is stored then.
    pub(super) async fn write_one(
        &self,
        metadata: &MetadataMap,
        resource: Option<Resource>,
    ) -> Result<Resource, Status> {
        let resource = self.mutated_and_valid(metadata, resource)?;
        let written = retry_cas(&resource.version, || self.try_write(resource.clone())).await;
        written.map(Arc::unwrap_or_clone).map_err(|failed| match failed {
            Failed::Status(status) => status,
            Failed::Storage(StorageError::CasFailure) => status(Code::Aborted, StorageError::CasFailure),
            Failed::Storage(StorageError::WrongUid) => status(Code::FailedPrecondition, StorageError::WrongUid),
            Failed::Storage(error) => internal("failed to write resource", error),
        })
    }

    async fn try_write(&self, mut input: Resource) -> Result<Arc<Resource>, Failed> {
        let id = input.id.clone().unwrap_or_default();
        match self.backend.read(Consistency::Eventual, &id).await {
            Err(StorageError::NotFound) => self.prepare_new(&mut input).await?,
            Ok(existing) | Err(StorageError::OtherVersion { stored: existing, .. }) => change(&mut input, &existing)?,
            Err(error) => return Err(error.into()),
        }
        input.generation = ulid::make();
        Ok(self.backend.write_cas(input).await?)
    }

    /// A new resource gets a unique id, and so does its owner if it was only named.
    async fn prepare_new(&self, input: &mut Resource) -> Result<(), Status> {
        input.id.get_or_insert_default().uid = ulid::make();
        if !input.status.is_empty() {
            return Err(use_write_status());
        }
        if deletion::is_marked(input) {
            let mark = deletion::DELETION_TIMESTAMP;
            return Err(invalid(format_args!("resource.metadata.{mark} can't be set on resource creation")));
        }
        let Some(owner) = input.owner.as_mut().filter(|owner| owner.uid.is_empty()) else { return Ok(()) };
        let found = self.backend.read(Consistency::Strong, owner).await.map_err(|error| match error {
            StorageError::NotFound => invalid("resource.owner does not exist"),
            error => internal("failed to resolve owner", error),
        })?;
        input.owner = found.id.clone();
        Ok(())
    }
}

/// What may be changed of a resource, with what stays as it was: its id, its owner and its status.
fn change(input: &mut Resource, existing: &Resource) -> Result<(), Failed> {
    input.id = existing.id.clone();
    if input.version.is_empty() {
        input.version = existing.version.clone();
        deletion::preserve(input, existing);
    }
    // The log compares versions too. Here it is for the status, which is taken from what was read.
    if input.version != existing.version {
        return Err(StorageError::CasFailure.into());
    }
    if let (Some(owner), Some(had)) = (&mut input.owner, &existing.owner)
        && owner.uid.is_empty()
    {
        owner.uid.clone_from(&had.uid);
    }
    if input.owner != existing.owner {
        return Err(invalid("owner cannot be changed").into());
    }
    if input.status.is_empty() {
        input.status = existing.status.clone();
    } else if !is_same_status(&input.status, &existing.status) {
        return Err(use_write_status().into());
    }
    Ok(deletion::vet(input, existing)?)
}

/// Times count as the moments that they are, however they are written.
fn is_same_status(one: &BTreeMap<String, ResourceStatus>, other: &BTreeMap<String, ResourceStatus>) -> bool {
    let moment = |status: &ResourceStatus| {
        status.updated_at.as_ref().map_or(0, |at| i128::from(at.seconds) * 1_000_000_000 + i128::from(at.nanos))
    };
    one.len() == other.len()
        && one.iter().zip(other).all(|((key, one), (other_key, other))| {
            key == other_key
                && one.observed_generation == other.observed_generation
                && one.conditions == other.conditions
                && moment(one) == moment(other)
        })
}

fn use_write_status() -> Status {
    invalid("resource.status can only be set using the WriteStatus endpoint")
}
