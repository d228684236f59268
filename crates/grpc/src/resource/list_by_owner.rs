//! ListByOwner: what belongs to one resource.
use std::sync::Arc;

use proconsul_proto_public::pbresource::{ListByOwnerRequest, ListByOwnerResponse, Type};
use tonic::{Request, Status};

use super::{
    Resources,
    registry::resolve,
    rights::{rights_of, token_of},
    said::{invalid, required},
    validate,
};

impl Resources {
    pub(super) fn list_owned(&self, request: Request<ListByOwnerRequest>) -> Result<ListByOwnerResponse, Status> {
        let (metadata, _, ListByOwnerRequest { owner }) = request.into_parts();
        let mut owner = owner.ok_or_else(|| required("owner"))?;
        validate::id(&mut owner, "owner")?;
        if owner.uid.is_empty() {
            return Err(invalid("owner uid is required"));
        }
        let kind = resolve(owner.r#type.as_ref().unwrap_or(&Type::default()))?;
        let tenancy = owner.tenancy.get_or_insert_default();
        validate::scoped_tenancy(kind.scope, &kind.r#type(), tenancy, true)?;
        let rights = rights_of(&self.backend.context, &token_of(&metadata))?;
        validate::fill_in(kind.scope, tenancy);
        kind.may_list(&rights)?;

        let mut resources = Vec::new();
        for child in self.backend.list_by_owner(&owner) {
            let of = child.id.as_ref().and_then(|id| id.r#type.as_ref());
            if resolve(of.unwrap_or(&Type::default()))?.is_seen(&rights, &child)? {
                resources.push(Arc::unwrap_or_clone(child));
            }
        }
        Ok(ListByOwnerResponse { resources })
    }
}
