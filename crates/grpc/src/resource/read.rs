//! Read: one resource.
use std::sync::Arc;

use proconsul_proto_public::pbresource::{ReadRequest, ReadResponse};
use tonic::{Code, Request, Status};

use super::{
    Resources,
    backend::{Consistency, StorageError},
    registry::resolve,
    rights::{Denial, rights_of, token_of},
    said::{internal, required, status},
    validate,
};

impl Resources {
    /// Whether the resource may be read is asked before it is known whether it is there, unless only it can say so.
    pub(super) async fn read_one(&self, request: Request<ReadRequest>) -> Result<ReadResponse, Status> {
        let (metadata, _, ReadRequest { id }) = request.into_parts();
        let mut id = id.ok_or_else(|| required("id"))?;
        let kind = resolve(validate::id(&mut id, "id")?)?;
        let tenancy = id.tenancy.get_or_insert_default();
        validate::scoped_tenancy(kind.scope, &kind.r#type(), tenancy, false)?;
        let rights = rights_of(&self.backend.context, &token_of(&metadata))?;
        validate::fill_in(kind.scope, tenancy);
        let tenancy = tenancy.clone();

        let needs_resource = match kind.may_read(&rights, &id, None) {
            Ok(()) => false,
            Err(Denial::NeedsResource) => true,
            Err(denial) => return Err(denial.into_status("failed read acl")),
        };
        validate::tenancy_exists(kind, &tenancy, Code::NotFound)?;
        let found = self.backend.read(Consistency::asked(&metadata), &id).await.map_err(|error| match error {
            StorageError::NotFound => status(Code::NotFound, error),
            StorageError::OtherVersion { .. } => status(Code::InvalidArgument, error),
            error => internal("failed read", error),
        })?;
        if needs_resource {
            kind.may_read(&rights, &id, Some(&found)).map_err(|denial| denial.into_status("failed read acl"))?;
        }
        Ok(ReadResponse { resource: Some(Arc::unwrap_or_clone(found)) })
    }
}
