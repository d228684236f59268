//! A log entry: Consul's raft message type byte, then one value, in MessagePack or, for peerings and resources, protobuf.

use bytes::Bytes;
use proconsul_msgpack::{DecodeError, EncodeError};
use proconsul_structs::coordinate::Coordinate;
use proconsul_structs::raft::{IGNORE_UNKNOWN_TYPE_FLAG, LogPayload, MessageType, TombstoneRequest};
use proconsul_structs::{
    List, acl, catalog, config_entry, connect_ca, federation, intention, internal, kvs, operator, peering,
    prepared_query, session, system_metadata, txn,
};

/// Declares [`Entry`]: a variant per type that the log holds, with how each is read and written.
macro_rules! entries {
    (msgpack: $($(#[$doc:meta])* $variant:ident($ty:ty),)* ; protobuf: $($(#[$proto_doc:meta])* $proto:ident($proto_ty:path),)*) => {
        /// What a server writes to its log, and [`Tables::apply`](crate::Tables::apply) applies.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Entry {
            $($(#[$doc])* $variant(Box<$ty>),)*
            $($(#[$proto_doc])* $proto(Box<$proto_ty>),)*
            /// Of the first ACL system, long removed: applying it is refused, whatever it holds.
            DeprecatedAcl,
            /// A type that changes nothing: a checkpoint of a tool that verifies logs.
            Checkpoint,
            /// A type that this program does not know, marked as one that may be passed over. Applying it changes nothing.
            Ignored(u8),
        }

        impl Entry {
            /// Reads the value behind a type byte.
            fn decode_payload(kind: MessageType, body: &[u8]) -> Result<Entry, EntryError> {
                let malformed = |cause| EntryError::Malformed { kind, cause };
                $(if kind == <$ty as LogPayload>::TYPE {
                    return proconsul_msgpack::from_slice(body).map(Entry::$variant).map_err(malformed);
                })*
                $(if kind == <$proto_ty as LogPayload>::TYPE {
                    return Ok(Entry::$proto(Box::new($proto_ty(Bytes::copy_from_slice(body)))));
                })*
                match kind {
                    MessageType::LogVerifierCheckpoint => Ok(Entry::Checkpoint),
                    MessageType::DeprecatedAcl => Ok(Entry::DeprecatedAcl),
                    _ => Err(EntryError::NotApplied(kind)),
                }
            }

            /// Writes an entry as Consul writes it.
            ///
            /// # Errors
            /// A string or list is longer than MessagePack can tell.
            pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
                match self {
                    $(Entry::$variant(payload) => payload.to_entry(),)*
                    $(Entry::$proto(payload) => payload.to_entry(),)*
                    // What it held was not read; nil stands for it.
                    Entry::DeprecatedAcl => Ok(vec![u8::from(MessageType::DeprecatedAcl), CHECKPOINT]),
                    Entry::Checkpoint => Ok(vec![u8::from(MessageType::LogVerifierCheckpoint), CHECKPOINT]),
                    // What it held was not read; nil stands for it, for whoever passes over it too.
                    Entry::Ignored(byte) => Ok(vec![byte | IGNORE_UNKNOWN_TYPE_FLAG, 0xc0]),
                }
            }
        }
    };
}

/// What a checkpoint holds.
const CHECKPOINT: u8 = 0xc0;

entries! {
    msgpack:
    /// Adds or changes a node, and services and checks on it.
    Register(catalog::RegisterRequest),
    /// Removes a service, a check, or a node with all that is on it.
    Deregister(catalog::DeregisterRequest),
    /// Changes keys.
    Kvs(kvs::KvsRequest),
    /// Makes or ends a session.
    Session(session::SessionRequest),
    /// Forgets the tombstones of keys deleted up to an index.
    Tombstone(TombstoneRequest),
    /// Moves nodes in the network's coordinates.
    Coordinates(List<Coordinate>),
    /// Changes a prepared query.
    PreparedQuery(prepared_query::PreparedQueryRequest),
    /// Several steps that take place together or not at all.
    Txn(txn::TxnRequest),
    /// Changes how the autopilot works.
    Autopilot(operator::AutopilotSetConfigRequest),
    /// Makes the first token.
    AclBootstrap(acl::AclTokenBootstrapRequest),
    /// Changes an intention of the older form.
    Intention(intention::IntentionRequest),
    /// Changes the authority of the mesh.
    ConnectCa(connect_ca::CaRequest),
    /// Stores tokens.
    AclTokenSet(acl::AclTokenBatchSetRequest),
    /// Removes tokens.
    AclTokenDelete(acl::AclTokenBatchDeleteRequest),
    /// Stores policies.
    AclPolicySet(acl::AclPolicyBatchSetRequest),
    /// Removes policies.
    AclPolicyDelete(acl::AclPolicyBatchDeleteRequest),
    /// Notes that the authority signed a leaf.
    ConnectCaLeaf(connect_ca::CaLeafRequest),
    /// Changes a config entry.
    ConfigEntry(config_entry::ConfigEntryRequest),
    /// Stores roles.
    AclRoleSet(acl::AclRoleBatchSetRequest),
    /// Removes roles.
    AclRoleDelete(acl::AclRoleBatchDeleteRequest),
    /// Stores binding rules.
    AclBindingRuleSet(acl::AclBindingRuleBatchSetRequest),
    /// Removes binding rules.
    AclBindingRuleDelete(acl::AclBindingRuleBatchDeleteRequest),
    /// Stores auth methods.
    AclAuthMethodSet(acl::AclAuthMethodBatchSetRequest),
    /// Removes auth methods.
    AclAuthMethodDelete(acl::AclAuthMethodBatchDeleteRequest),
    /// Changes how datacenters reach each other.
    FederationState(federation::FederationStateRequest),
    /// Changes what servers remember of themselves.
    SystemMetadata(system_metadata::SystemMetadataRequest),
    /// Gives a service virtual addresses by hand.
    UpdateVirtualIp(internal::ServiceVirtualIp),
    ;
    protobuf:
    /// Stores a peering.
    PeeringWrite(peering::PeeringWriteRequest),
    /// Removes a peering.
    PeeringDelete(peering::PeeringDeleteRequest),
    /// Ends a peering that its other side ended.
    PeeringTerminateById(peering::PeeringTerminateByIdRequest),
    /// Stores a peering's trust bundle.
    PeeringTrustBundleWrite(peering::PeeringTrustBundleWriteRequest),
    /// Removes a peering's trust bundle.
    PeeringTrustBundleDelete(peering::PeeringTrustBundleDeleteRequest),
    /// Changes a peering's secrets.
    PeeringSecretsWrite(peering::SecretsWriteRequest),
    /// Changes a resource of the second generation.
    Resource(peering::StorageLog),
}

/// Why bytes are no entry that could be applied. A server must stop at such an entry: to pass over it would give it
/// other contents than its peers have.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// No bytes at all, so not even a type.
    #[error("a log entry is empty")]
    Empty,
    /// A type that only snapshots have, or that Consul itself no longer applies.
    #[error("a log entry of type {} ({}) cannot be applied: no log has such entries", .0.name(), u8::from(*.0))]
    NotApplied(MessageType),
    /// A type that is no one's.
    #[error("a log entry of unknown type {0} cannot be applied")]
    Unknown(u8),
    /// The value after the type byte is not one of that type.
    #[error("a log entry of type {} does not decode", .kind.name())]
    Malformed {
        /// The type.
        kind: MessageType,
        /// What the decoder said.
        #[source]
        cause: DecodeError,
    },
}

impl Entry {
    /// Reads an entry.
    ///
    /// # Errors
    /// [`EntryError`] names the type, also where there is nothing here that could apply it.
    pub fn decode(bytes: &[u8]) -> Result<Entry, EntryError> {
        let (&byte, body) = bytes.split_first().ok_or(EntryError::Empty)?;
        let may_ignore = byte & IGNORE_UNKNOWN_TYPE_FLAG != 0;
        match MessageType::try_from(byte) {
            Ok(kind) => Self::decode_payload(kind, body),
            Err(unknown) if may_ignore => Ok(Entry::Ignored(unknown.byte)),
            Err(_) => Err(EntryError::Unknown(byte)),
        }
    }
}

#[cfg(test)]
mod tests;
