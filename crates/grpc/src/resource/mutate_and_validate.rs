//! MutateAndValidate, and the first half of Write: what is wrong with a resource that has nothing to do with what is stored.
use proconsul_proto_public::pbresource::{Id, Resource};
use proconsul_types::GoQuoted;
use tonic::{Code, Status, metadata::MetadataMap};

use super::{
    Resources,
    registry::{Scope, full_name, resolve},
    rights::{rights_of, token_of},
    said::{internal, invalid, required},
    unpack::is_of,
    validate,
};
use crate::details::TYPE_URL_PREFIX;

impl Resources {
    /// The resource as it would be written. No partition or namespace of ours is ever about to go, so that none refuses it for
    /// that.
    pub(super) fn mutated_and_valid(
        &self,
        metadata: &MetadataMap,
        resource: Option<Resource>,
    ) -> Result<Resource, Status> {
        let mut resource = resource.ok_or_else(|| required("resource"))?;
        let id = resource.id.as_mut().ok_or_else(|| required("resource.id"))?;
        validate::id(id, "resource.id")?;
        if let Some(owner) = &mut resource.owner {
            validate::id(owner, "resource.owner")?;
        }
        let Id { r#type, tenancy, .. } = id;
        let r#type = r#type.get_or_insert_default();
        let kind = resolve(r#type)?;
        let tenancy = tenancy.get_or_insert_default();
        if kind.scope == Scope::Partition && !tenancy.namespace.is_empty() {
            return Err(validate::namespace_in_partition("resource", &full_name(r#type), tenancy));
        }
        let rights = rights_of(&self.backend.context, &token_of(metadata))?;
        validate::fill_in(kind.scope, tenancy);
        let tenancy = tenancy.clone();

        if let Some(data) = resource.data.as_ref().filter(|data| !is_of(data, kind.message)) {
            let got = data.type_url.strip_prefix(TYPE_URL_PREFIX).unwrap_or(&data.type_url);
            let (expected, got) = (GoQuoted(kind.message), GoQuoted(got));
            return Err(invalid(format_args!("resource.data is of wrong type (expected={expected}, got={got})")));
        }
        (kind.mutate)(&mut resource).map_err(|cause| internal("failed mutate hook", cause))?;
        (kind.validate)(&resource).map_err(invalid)?;
        kind.may_write(&rights, &resource).map_err(|denial| denial.into_status("failed write acl"))?;
        validate::tenancy_exists(kind, &tenancy, Code::InvalidArgument)?;
        Ok(resource)
    }
}
