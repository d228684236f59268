//! WriteStatus: what one controller has to say about a resource. It leaves the generation as it is.
use std::{sync::Arc, time::SystemTime};

use proconsul_proto_public::pbresource::{
    Condition, Resource, Status as ResourceStatus, WriteStatusRequest, WriteStatusResponse,
};
use prost_types::Timestamp;
use tonic::{Code, Request, Status};

use super::{
    Resources,
    backend::{Consistency, StorageError},
    registry::{Registration, Scope, full_name, resolve},
    retry::{Failed, retry_cas},
    rights::{rights_of, token_of},
    said::{internal, invalid, required, status},
    ulid, validate,
};

impl Resources {
    pub(super) async fn write_status_of(
        &self,
        request: Request<WriteStatusRequest>,
    ) -> Result<WriteStatusResponse, Status> {
        let (metadata, _, mut request) = request.into_parts();
        let kind = vet(&mut request)?;
        let rights = rights_of(&self.backend.context, &token_of(&metadata))?;
        let mut id = request.id.unwrap_or_default();
        let tenancy = id.tenancy.get_or_insert_default();
        validate::fill_in(kind.scope, tenancy);
        validate::tenancy_exists(kind, tenancy, Code::InvalidArgument)?;
        let existing = self.backend.read(Consistency::Eventual, &id).await.map_err(|error| match error {
            StorageError::NotFound => status(Code::NotFound, error),
            error => internal("failed read", error),
        })?;
        kind.may_write(&rights, &existing).map_err(|denial| denial.into_status("failed operator:write allowed acl"))?;

        let (key, new) = (request.key, request.status.unwrap_or_default());
        let written = retry_cas(&request.version, || async {
            let existing = self.backend.read(Consistency::Eventual, &id).await?;
            if !request.version.is_empty() && request.version != existing.version {
                return Err(StorageError::CasFailure.into());
            }
            let mut resource = Resource::clone(&existing);
            let updated_at = Some(Timestamp::from(SystemTime::now()));
            resource.status.insert(key.clone(), ResourceStatus { updated_at, ..new.clone() });
            Ok(self.backend.write_cas(resource).await?)
        });
        let resource = written.await.map_err(|failed| match failed {
            Failed::Status(status) => status,
            Failed::Storage(StorageError::NotFound) => status(Code::NotFound, StorageError::NotFound),
            Failed::Storage(StorageError::CasFailure) => status(Code::Aborted, StorageError::CasFailure),
            Failed::Storage(error) => internal("failed to write resource", error),
        })?;
        Ok(WriteStatusResponse { resource: Some(Arc::unwrap_or_clone(resource)) })
    }
}

/// The field that is not there and has to be.
fn missing(request: &WriteStatusRequest) -> Option<String> {
    let (id, status) = (request.id.as_ref(), request.status.as_ref());
    let is_empty = |text: Option<&String>| text.is_none_or(|text| text.is_empty());
    let fields = [
        ("id", id.is_none()),
        ("id.type", id.is_none_or(|id| id.r#type.is_none())),
        ("id.name", is_empty(id.map(|id| &id.name))),
        ("id.uid", is_empty(id.map(|id| &id.uid))),
        ("key", request.key.is_empty()),
        ("status", status.is_none()),
        ("status.observed_generation", is_empty(status.map(|status| &status.observed_generation))),
    ];
    match fields.into_iter().find(|(_, is_missing)| *is_missing) {
        Some((field, _)) => Some(field.to_owned()),
        None => missing_in(status.map_or(&[], |status| &*status.conditions)),
    }
}

/// The same in conditions. As in Consul, the last that lacks something in its resource is told, unless one before has no type.
fn missing_in(conditions: &[Condition]) -> Option<String> {
    let mut field = None;
    for (index, condition) in conditions.iter().enumerate() {
        if condition.r#type.is_empty() {
            return Some(format!("status.conditions[{index}].type"));
        }
        let Some(resource) = &condition.resource else { continue };
        let lacks = match resource {
            resource if resource.r#type.is_none() => "type",
            resource if resource.tenancy.is_none() => "tenancy",
            resource if resource.name.is_empty() => "name",
            _ => continue,
        };
        field = Some(format!("status.conditions[{index}].resource.{lacks}"));
    }
    field
}

/// That a request is one, and of which type.
fn vet(request: &mut WriteStatusRequest) -> Result<&'static Registration, Status> {
    if let Some(field) = missing(request) {
        return Err(required(field));
    }
    let (id, status) = (request.id.get_or_insert_default(), request.status.get_or_insert_default());
    if status.updated_at.is_some() {
        return Err(invalid("status.updated_at is automatically set and cannot be provided"));
    }
    if !ulid::is_ulid(&status.observed_generation) {
        return Err(invalid("status.observed_generation is not valid"));
    }
    validate::id(id, "id")?;
    for (index, condition) in status.conditions.iter().enumerate() {
        if let Some(resource) = &condition.resource {
            validate::reference(resource, &format!("status.conditions[{index}].resource"))?;
        }
    }
    let r#type = id.r#type.get_or_insert_default();
    let kind = resolve(r#type)?;
    let tenancy = id.tenancy.get_or_insert_default();
    if kind.scope == Scope::Partition && !tenancy.namespace.is_empty() {
        return Err(validate::namespace_in_partition("resource", &full_name(r#type), tenancy));
    }
    Ok(kind)
}
