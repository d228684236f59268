//! What follows a type byte, in the log and in snapshots: one table each.

use proconsul_msgpack::EncodeError;
use serde::Serialize;

use super::{MessageType, TombstoneRequest};
use crate::{
    List, acl, catalog, config_entry, connect_ca, coordinate, federation, intention, internal, kvs, operator, peering,
    prepared_query,
    protobuf::ProtoMessage,
    registry::{self, TypeRow},
    session, system_metadata, txn,
};

/// What follows a type byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// One msgpack value, of the type with this name in the [`registry`].
    Msgpack(&'static str),
    /// The protobuf message with this full name, and nothing else.
    Protobuf(&'static str),
    /// One msgpack raw, which holds what the store of second-generation resources saved of itself.
    Opaque,
}

impl Payload {
    /// The structure it is; `None` for protobuf and for what is opaque.
    pub fn structure(self) -> Option<&'static TypeRow> {
        match self {
            Self::Msgpack(name) => registry::find(name),
            Self::Protobuf(_) | Self::Opaque => None,
        }
    }
}

/// A structure that is a log entry's payload.
pub trait LogPayload {
    /// The entry's type.
    const TYPE: MessageType;

    /// The whole entry, as the leader writes it: type byte and payload.
    ///
    /// # Errors
    /// A string or list is longer than msgpack can tell.
    fn to_entry(&self) -> Result<Vec<u8>, EncodeError>;
}

fn msgpack_entry<T: Serialize>(of: MessageType, payload: &T) -> Result<Vec<u8>, EncodeError> {
    let mut entry = vec![u8::from(of)];
    proconsul_msgpack::encode_into(&mut entry, payload)?;
    Ok(entry)
}

fn protobuf_entry<T: ProtoMessage>(of: MessageType, payload: &T) -> Vec<u8> {
    [&[u8::from(of)], &payload.message()[..]].concat()
}

/// Declares payloads of log entries.
macro_rules! log_payloads {
    (msgpack: $($of:ident: $ty:ty = $name:literal,)* ; protobuf: $($proto_of:ident: $proto:ty,)*) => {
        impl MessageType {
            /// What follows this type's byte in the log; `None` where nothing of this type is applied.
            pub const fn log_payload(self) -> Option<Payload> {
                match self {
                    $(Self::$of => Some(Payload::Msgpack($name)),)*
                    $(Self::$proto_of => Some(Payload::Protobuf(<$proto as ProtoMessage>::FULL_NAME)),)*
                    _ => None,
                }
            }
        }

        $(impl LogPayload for $ty {
            const TYPE: MessageType = MessageType::$of;

            fn to_entry(&self) -> Result<Vec<u8>, EncodeError> {
                msgpack_entry(Self::TYPE, self)
            }
        })*

        $(impl LogPayload for $proto {
            const TYPE: MessageType = MessageType::$proto_of;

            fn to_entry(&self) -> Result<Vec<u8>, EncodeError> {
                Ok(protobuf_entry(Self::TYPE, self))
            }
        })*
    };
}

log_payloads! {
    msgpack:
    Register: catalog::RegisterRequest = "structs.RegisterRequest",
    Deregister: catalog::DeregisterRequest = "structs.DeregisterRequest",
    Kvs: kvs::KvsRequest = "structs.KVSRequest",
    Session: session::SessionRequest = "structs.SessionRequest",
    Tombstone: TombstoneRequest = "structs.TombstoneRequest",
    CoordinateBatchUpdate: List<coordinate::Coordinate> = "structs.Coordinates",
    PreparedQuery: prepared_query::PreparedQueryRequest = "structs.PreparedQueryRequest",
    Txn: txn::TxnRequest = "structs.TxnRequest",
    Autopilot: operator::AutopilotSetConfigRequest = "structs.AutopilotSetConfigRequest",
    AclBootstrap: acl::AclTokenBootstrapRequest = "structs.ACLTokenBootstrapRequest",
    Intention: intention::IntentionRequest = "structs.IntentionRequest",
    ConnectCa: connect_ca::CaRequest = "structs.CARequest",
    AclTokenSet: acl::AclTokenBatchSetRequest = "structs.ACLTokenBatchSetRequest",
    AclTokenDelete: acl::AclTokenBatchDeleteRequest = "structs.ACLTokenBatchDeleteRequest",
    AclPolicySet: acl::AclPolicyBatchSetRequest = "structs.ACLPolicyBatchSetRequest",
    AclPolicyDelete: acl::AclPolicyBatchDeleteRequest = "structs.ACLPolicyBatchDeleteRequest",
    ConnectCaLeaf: connect_ca::CaLeafRequest = "structs.CALeafRequest",
    ConfigEntry: config_entry::ConfigEntryRequest = "structs.ConfigEntryRequest",
    AclRoleSet: acl::AclRoleBatchSetRequest = "structs.ACLRoleBatchSetRequest",
    AclRoleDelete: acl::AclRoleBatchDeleteRequest = "structs.ACLRoleBatchDeleteRequest",
    AclBindingRuleSet: acl::AclBindingRuleBatchSetRequest = "structs.ACLBindingRuleBatchSetRequest",
    AclBindingRuleDelete: acl::AclBindingRuleBatchDeleteRequest = "structs.ACLBindingRuleBatchDeleteRequest",
    AclAuthMethodSet: acl::AclAuthMethodBatchSetRequest = "structs.ACLAuthMethodBatchSetRequest",
    AclAuthMethodDelete: acl::AclAuthMethodBatchDeleteRequest = "structs.ACLAuthMethodBatchDeleteRequest",
    FederationState: federation::FederationStateRequest = "structs.FederationStateRequest",
    SystemMetadata: system_metadata::SystemMetadataRequest = "structs.SystemMetadataRequest",
    UpdateVirtualIp: internal::ServiceVirtualIp = "state.ServiceVirtualIP",
    ;
    protobuf:
    PeeringWrite: peering::PeeringWriteRequest,
    PeeringDelete: peering::PeeringDeleteRequest,
    PeeringTerminateById: peering::PeeringTerminateByIdRequest,
    PeeringTrustBundleWrite: peering::PeeringTrustBundleWriteRequest,
    PeeringTrustBundleDelete: peering::PeeringTrustBundleDeleteRequest,
    PeeringSecretsWrite: peering::SecretsWriteRequest,
    ResourceOperation: peering::StorageLog,
}

/// The records of a snapshot behind its [`super::SnapshotHeader`], in the order in which they are written, each with its type
/// byte. There may be none, one or many of a type.
pub const SNAPSHOT_RECORDS: &[(MessageType, Payload)] = &[
    (MessageType::ServiceVirtualIp, Payload::Msgpack("state.ServiceVirtualIP")),
    (MessageType::FreeVirtualIp, Payload::Msgpack("state.FreeVirtualIP")),
    // For each node itself, then with one service each, then with one check each.
    (MessageType::Register, Payload::Msgpack("structs.RegisterRequest")),
    // One coordinate each, behind all nodes.
    (MessageType::CoordinateBatchUpdate, Payload::Msgpack("structs.Coordinates")),
    (MessageType::Session, Payload::Msgpack("structs.Session")),
    (MessageType::AclTokenSet, Payload::Msgpack("structs.ACLToken")),
    (MessageType::AclPolicySet, Payload::Msgpack("structs.ACLPolicy")),
    (MessageType::AclRoleSet, Payload::Msgpack("structs.ACLRole")),
    (MessageType::AclBindingRuleSet, Payload::Msgpack("structs.ACLBindingRule")),
    (MessageType::AclAuthMethodSet, Payload::Msgpack("structs.ACLAuthMethod")),
    (MessageType::Kvs, Payload::Msgpack("structs.DirEntry")),
    // Of a deleted key only name and modify index.
    (MessageType::Tombstone, Payload::Msgpack("structs.DirEntry")),
    (MessageType::PreparedQuery, Payload::Msgpack("structs.PreparedQuery")),
    (MessageType::Autopilot, Payload::Msgpack("structs.AutopilotConfig")),
    (MessageType::Intention, Payload::Msgpack("structs.Intention")),
    (MessageType::ConnectCa, Payload::Msgpack("structs.CARoot")),
    (MessageType::ConnectCaProviderState, Payload::Msgpack("structs.CAConsulProviderState")),
    (MessageType::ConnectCaConfig, Payload::Msgpack("structs.CAConfiguration")),
    // The entry alone, without an operation.
    (MessageType::ConfigEntry, Payload::Msgpack("structs.ConfigEntryRequest")),
    (MessageType::FederationState, Payload::Msgpack("structs.FederationStateRequest")),
    (MessageType::SystemMetadata, Payload::Msgpack("structs.SystemMetadataEntry")),
    (MessageType::Index, Payload::Msgpack("state.IndexEntry")),
    // Protobuf within one raw.
    (MessageType::PeeringWrite, Payload::Msgpack("pbpeering.Peering")),
    (MessageType::PeeringTrustBundleWrite, Payload::Msgpack("pbpeering.PeeringTrustBundle")),
    (MessageType::PeeringSecretsWrite, Payload::Msgpack("pbpeering.PeeringSecrets")),
    (MessageType::ResourceOperation, Payload::Opaque),
    (MessageType::ChunkingState, Payload::Msgpack("raftchunking.State")),
];

impl MessageType {
    /// What follows this type's byte in a snapshot; `None` where there are no records of this type.
    pub fn snapshot_payload(self) -> Option<Payload> {
        SNAPSHOT_RECORDS.iter().find(|(of, _)| *of == self).map(|(_, payload)| *payload)
    }
}
