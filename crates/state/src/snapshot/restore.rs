//! From records to tables.

use bytes::Bytes;
use proconsul_msgpack::DecodeError;
use proconsul_proto_public::pbresource::Resource;
use proconsul_structs::raft::MessageType;
use proconsul_structs::{peering, protobuf::ProtoMessage};
use prost::Message;
use serde::de::DeserializeOwned;

use super::records::{Item, Records, RecordsError};
use crate::tables::{BadKey, Tables};
use crate::{Record, Snapshot};

/// Why there are no tables in the bytes.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The bytes are not those of a snapshot.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// A record does not decode.
    #[error("the snapshot has a record of type {} that does not decode", .kind.name())]
    Malformed {
        /// Its type.
        kind: MessageType,
        /// What the decoder said.
        #[source]
        cause: DecodeError,
    },
    /// A record's message does not decode.
    #[error("the snapshot has a record of type {} whose message does not decode", .kind.name())]
    Message {
        /// Its type.
        kind: MessageType,
        /// What the decoder said.
        #[source]
        cause: prost::DecodeError,
    },
    /// A record that no table takes.
    #[error("the snapshot has a record of type {} that cannot be: {cause}", .kind.name())]
    Refused {
        /// Its type.
        kind: MessageType,
        /// Why not.
        cause: String,
    },
}

/// Makes tables of a snapshot's bytes, which come in pieces of any size. Nothing but the record in hand is kept besides.
#[derive(Debug, Default)]
pub struct Restore {
    records: Records,
    snapshot: Snapshot,
}

impl Restore {
    /// Before the first byte.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// They cannot be restored; drop what there is.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), RestoreError> {
        self.records.push(bytes);
        while let Some(item) = self.records.next_item()? {
            match item {
                Item::Header { header, .. } => self.snapshot.index = header.last_index,
                Item::Record { kind, value } => restore(&mut self.snapshot.tables, kind, value)?,
            }
        }
        Ok(())
    }

    /// The tables, with the index that the snapshot's header has.
    ///
    /// # Errors
    /// The bytes ended too early.
    pub fn finish(mut self) -> Result<Snapshot, RestoreError> {
        self.records.end()?;
        self.snapshot.tables.derive_gateways();
        self.snapshot.tables.derive_indexes();
        Ok(self.snapshot)
    }
}

/// Puts one record back.
fn restore(tables: &mut Tables, kind: MessageType, value: &[u8]) -> Result<(), RestoreError> {
    let refused = |cause: &dyn std::fmt::Display| RestoreError::Refused { kind, cause: cause.to_string() };
    let key = |cause: BadKey| refused(&cause);
    let text = |cause: &'static str| refused(&cause);
    match kind {
        MessageType::Kvs => tables.restore_kv(decode(kind, value)?).map_err(|cause| refused(&cause)),
        MessageType::Tombstone => tables.restore_tombstone(&decode(kind, value)?).map_err(|cause| refused(&cause)),
        MessageType::Register => tables.restore_registration(decode(kind, value)?).map_err(text),
        MessageType::ServiceVirtualIp => tables.restore_virtual_ip(decode(kind, value)?).map_err(text),
        MessageType::FreeVirtualIp => tables.restore_free_virtual_ip(&decode(kind, value)?).map_err(text),
        MessageType::Index => {
            tables.restore_index(&decode(kind, value)?);
            Ok(())
        }
        MessageType::AclTokenSet => tables.restore_token(decode(kind, value)?).map_err(key),
        MessageType::AclPolicySet => record::<proconsul_structs::acl::AclPolicy>(tables, kind, value),
        MessageType::AclRoleSet => record::<proconsul_structs::acl::AclRole>(tables, kind, value),
        MessageType::AclBindingRuleSet => record::<proconsul_structs::acl::AclBindingRule>(tables, kind, value),
        MessageType::AclAuthMethodSet => record::<proconsul_structs::acl::AclAuthMethod>(tables, kind, value),
        MessageType::PreparedQuery => record::<proconsul_structs::prepared_query::PreparedQuery>(tables, kind, value),
        MessageType::Autopilot => record::<proconsul_structs::operator::AutopilotConfig>(tables, kind, value),
        MessageType::Intention => record::<proconsul_structs::intention::Intention>(tables, kind, value),
        MessageType::ConnectCa => record::<proconsul_structs::connect_ca::CaRoot>(tables, kind, value),
        MessageType::ConnectCaProviderState => {
            record::<proconsul_structs::connect_ca::CaConsulProviderState>(tables, kind, value)
        }
        MessageType::ConnectCaConfig => {
            let config: proconsul_structs::connect_ca::CaConfiguration = decode(kind, value)?;
            // Consul saves one without a provider where there is none.
            if config.provider.is_empty() { Ok(()) } else { tables.restore_record(config).map_err(key) }
        }
        MessageType::ConfigEntry => {
            let request: proconsul_structs::config_entry::ConfigEntryRequest = decode(kind, value)?;
            tables.restore_config_entry(request.entry).map_err(key)
        }
        MessageType::FederationState => {
            let request: proconsul_structs::federation::FederationStateRequest = decode(kind, value)?;
            let state = request.state.ok_or_else(|| text("there is no state in it"))?;
            tables.restore_record((*state).clone()).map_err(key)
        }
        MessageType::SystemMetadata => {
            record::<proconsul_structs::system_metadata::SystemMetadataEntry>(tables, kind, value)
        }
        MessageType::PeeringWrite => {
            message::<peering::Peering, proconsul_proto::pbpeering::Peering>(tables, kind, value)
        }
        MessageType::PeeringTrustBundleWrite => {
            message::<peering::PeeringTrustBundle, proconsul_proto::pbpeering::PeeringTrustBundle>(tables, kind, value)
        }
        MessageType::PeeringSecretsWrite => {
            message::<peering::PeeringSecrets, proconsul_proto::pbpeering::PeeringSecrets>(tables, kind, value)
        }
        MessageType::ResourceOperation => {
            let raw: Option<Bytes> = decode(kind, value)?;
            let resource = Resource::decode(raw.unwrap_or_default());
            let resource = resource.map_err(|cause| RestoreError::Message { kind, cause })?;
            tables.restore_resource(resource);
            Ok(())
        }
        MessageType::ChunkingState => {
            tables.restore_chunking(decode(kind, value)?);
            Ok(())
        }
        MessageType::CoordinateBatchUpdate => {
            let coordinates: Option<Vec<_>> = decode(kind, value)?;
            tables.restore_coordinates(coordinates.unwrap_or_default());
            Ok(())
        }
        MessageType::Session => tables.restore_session(decode(kind, value)?).map_err(text),
        // Every type that snapshots have is above; a test restores one of each.
        other => Err(RecordsError::NotSaved(other).into()),
    }
}

fn decode<T: DeserializeOwned>(kind: MessageType, value: &[u8]) -> Result<T, RestoreError> {
    let malformed = |cause| RestoreError::Malformed { kind, cause };
    proconsul_msgpack::from_slice(value).map_err(malformed)
}

fn record<R: Record + DeserializeOwned>(
    tables: &mut Tables,
    kind: MessageType,
    value: &[u8],
) -> Result<(), RestoreError> {
    let record: R = decode(kind, value)?;
    tables.restore_record(record).map_err(|cause| RestoreError::Refused { kind, cause: cause.to_string() })
}

/// A record that is a protobuf message within one raw.
fn message<P, R>(tables: &mut Tables, kind: MessageType, value: &[u8]) -> Result<(), RestoreError>
where
    P: ProtoMessage + DeserializeOwned,
    R: Record + Message + Default,
{
    let raw: P = decode(kind, value)?;
    let record = R::decode(&raw.message()[..]).map_err(|cause| RestoreError::Message { kind, cause })?;
    tables.restore_record(record).map_err(|cause| RestoreError::Refused { kind, cause: cause.to_string() })
}
