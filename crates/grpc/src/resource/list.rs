//! List: resources of one type.
use std::sync::Arc;

use proconsul_proto_public::pbresource::{ListRequest, ListResponse, Resource};
use proconsul_state::{ResourceQuery, WILDCARD};
use tonic::{Request, Status};

use super::{
    Resources,
    backend::Consistency,
    registry::{Registration, Scope, full_name, resolve},
    rights::{rights_of, token_of},
    said::required,
    validate,
};

/// Whether a resource is stored in the version of its type that is asked for.
pub(super) fn is_of_version(resource: &Resource, kind: &Registration) -> bool {
    let stored = resource.id.as_ref().and_then(|id| id.r#type.as_ref());
    stored.is_some_and(|stored| stored.group_version == kind.group_version)
}

impl Resources {
    pub(super) async fn list_all(&self, request: Request<ListRequest>) -> Result<ListResponse, Status> {
        let (metadata, _, ListRequest { r#type, tenancy, name_prefix }) = request.into_parts();
        let r#type = r#type.ok_or_else(|| required("type"))?;
        let mut tenancy = tenancy.ok_or_else(|| required("tenancy"))?;
        let kind = resolve(&r#type)?;
        validate::wildcard_tenancy(&tenancy, &name_prefix)?;
        if kind.scope == Scope::Partition && !matches!(&*tenancy.namespace, "" | WILDCARD) {
            return Err(validate::namespace_in_partition("type", &full_name(&r#type), &tenancy));
        }
        let rights = rights_of(&self.backend.context, &token_of(&metadata))?;
        kind.may_list(&rights)?;
        validate::fill_in(kind.scope, &mut tenancy);

        let query = ResourceQuery::new(&r#type, &tenancy, &name_prefix);
        let mut resources = Vec::new();
        for resource in self.backend.list(Consistency::asked(&metadata), &query).await {
            if is_of_version(&resource, kind) && kind.is_seen(&rights, &resource)? {
                resources.push(Arc::unwrap_or_clone(resource));
            }
        }
        Ok(ListResponse { resources })
    }
}
