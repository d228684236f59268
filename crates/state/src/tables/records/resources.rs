//! Resources of the second generation: opaque data under a type, a tenancy and a name.
//!
//! Source: `internal/storage/raft`, `internal/storage/inmem`.

use bytes::Bytes;
use proconsul_proto::pbstorage::{self, log, log_response};
use proconsul_proto_public::pbresource;
use proconsul_structs::peering::StorageLog;
use proconsul_types::WireText;
use prost::Message;

use super::refused;
use crate::Outcome;
use crate::tables::transaction::Transaction;

/// A resource as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredResource(pub pbresource::Resource);

/// What a resource with this id is filed under: all that is in it but the version of its type and the unique id.
pub(super) fn filed(id: Option<&pbresource::Id>) -> Vec<u8> {
    let id = id.cloned().unwrap_or_default();
    let (kind, tenancy) = (id.r#type.unwrap_or_default(), id.tenancy.unwrap_or_default());
    let mut key = Vec::new();
    for part in [kind.group, kind.kind, tenancy.partition, tenancy.namespace, id.name] {
        key.extend_from_slice(part.as_bytes());
        key.push(0);
    }
    key
}

impl Transaction<'_> {
    pub(super) fn apply_resource(&mut self, message: &StorageLog) -> Result<Outcome, WireText> {
        let log = pbstorage::Log::decode(&message.0[..])
            .map_err(|cause| refused(format!("failed to decode request: {cause}")))?;
        let response = match (log.r#type(), log.request) {
            (pbstorage::LogType::Write, Some(log::Request::Write(write))) => {
                let resource = self.write_resource(write.resource.unwrap_or_default())?;
                let response = pbstorage::WriteResponse { resource: Some(resource) };
                log_response::Response::Write(response)
            }
            (pbstorage::LogType::Delete, Some(log::Request::Delete(delete))) => {
                self.delete_resource(&delete)?;
                log_response::Response::Delete(())
            }
            (kind, _) => return Err(refused(format!("unexpected request type: {}", kind.as_str_name()))),
        };
        let response = pbstorage::LogResponse { response: Some(response) };
        Ok(Outcome::Message(Bytes::from(response.encode_to_vec())))
    }

    /// Stores a resource if what is stored has the version that it says, and is the same one.
    fn write_resource(&mut self, mut resource: pbresource::Resource) -> Result<pbresource::Resource, WireText> {
        let version = std::mem::replace(&mut resource.version, self.index.to_string());
        if is_retired(resource.id.as_ref()) {
            return Ok(resource);
        }
        match self.tables.records.resources.get(&filed(resource.id.as_ref())) {
            None if !version.is_empty() => return Err(refused(CAS_FAILURE)),
            Some(held) if uid(held.0.id.as_ref()) != uid(resource.id.as_ref()) => return Err(refused(WRONG_UID)),
            Some(held) if held.0.version != version => return Err(refused(CAS_FAILURE)),
            _ => {}
        }
        let stored = StoredResource(resource.clone());
        self.store_record(stored).map_err(|cause| refused(cause.to_string()))?;
        Ok(resource)
    }

    /// Removes a resource if it has the version given. One that is not there, or is another by that name, is as good as removed.
    fn delete_resource(&mut self, delete: &pbstorage::DeleteRequest) -> Result<(), WireText> {
        let key = filed(delete.id.as_ref());
        let Some(held) = self.tables.records.resources.get(&key) else { return Ok(()) };
        if is_retired(delete.id.as_ref()) || uid(held.0.id.as_ref()) != uid(delete.id.as_ref()) {
            return Ok(());
        }
        if held.0.version != delete.version {
            return Err(refused(CAS_FAILURE));
        }
        self.remove_record::<StoredResource>(key);
        Ok(())
    }
}

const CAS_FAILURE: &str = "CAS operation failed because the given version doesn't match what is stored";
const WRONG_UID: &str = "write failed because the given uid doesn't match what is stored";

fn uid(id: Option<&pbresource::Id>) -> &str {
    id.map_or("", |id| &id.uid)
}

/// Types that Consul no longer stores: writes of them are answered and forgotten.
fn is_retired(id: Option<&pbresource::Id>) -> bool {
    let Some(kind) = id.and_then(|id| id.r#type.as_ref()) else { return false };
    match &*kind.group_version {
        "v2" => kind.group == "hcp",
        "v2beta1" => matches!(&*kind.group, "auth" | "catalog" | "mesh" | "multicluster" | "tenancy"),
        _ => false,
    }
}

impl StoredResource {
    pub(super) fn filed(&self) -> Vec<u8> {
        filed(self.0.id.as_ref())
    }
}
