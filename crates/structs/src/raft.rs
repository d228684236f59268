//! Raft indexes and message types.

mod chunking; // entries in pieces
mod payload; // what follows a type byte

use proconsul_msgpack::{GoStr, Wire};
use thiserror::Error;

use crate::{query::WriteRequest, rpc::rpc_info, text_set::text_set};

pub use chunking::{CHUNK_BYTES, Chunk, ChunkingState};
pub use payload::{LogPayload, Payload, SNAPSHOT_RECORDS};

/// When a record was created and last changed, as indexes of the raft log.
#[derive(Wire, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RaftIndex {
    /// Index of the entry that created it.
    pub create_index: u64,
    /// Index of the entry that changed it last.
    pub modify_index: u64,
}

/// Bit in a message's type byte: a server that does not know the type passes over the entry instead of stopping.
pub const IGNORE_UNKNOWN_TYPE_FLAG: u8 = 128;

/// A type byte that this program does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown raft message type {byte}")]
pub struct UnknownMessageType {
    /// The byte, without [`IGNORE_UNKNOWN_TYPE_FLAG`].
    pub byte: u8,
    /// Whether the entry may be passed over.
    pub may_ignore: bool,
}

/// Declares [`MessageType`] with Consul's names, so that all of it is one list.
macro_rules! message_types {
    ($($(#[$doc:meta])* $name:ident = $byte:literal $go:literal,)*) => {
        /// What a raft log entry, or a record of a snapshot, is about: its first byte. One msgpack value follows, or
        /// protobuf for the types of peering and resources.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum MessageType {
            $($(#[$doc])* $name = $byte,)*
        }

        impl MessageType {
            /// Every type, in order of its byte.
            pub const ALL: &[MessageType] = &[$(Self::$name,)*];

            /// Consul's name for it, as in [`proconsul_types::MethodRow::raft`].
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $go,)*
                }
            }
        }
    };
}

message_types! {
    /// Register a node and what is on it.
    Register = 0 "RegisterRequestType",
    /// Remove a node or something on it.
    Deregister = 1 "DeregisterRequestType",
    /// Change keys. In snapshots: a key.
    Kvs = 2 "KVSRequestType",
    /// Create or destroy a session. In snapshots: a session.
    Session = 3 "SessionRequestType",
    /// Of the first ACL system, long removed; answered with an error.
    DeprecatedAcl = 4 "DeprecatedACLRequestType",
    /// Forget deleted keys. In snapshots: a deleted key.
    Tombstone = 5 "TombstoneRequestType",
    /// Network coordinates of many nodes.
    CoordinateBatchUpdate = 6 "CoordinateBatchUpdateType",
    /// Change prepared queries. In snapshots: a query.
    PreparedQuery = 7 "PreparedQueryRequestType",
    /// A transaction.
    Txn = 8 "TxnRequestType",
    /// Configuration of the autopilot.
    Autopilot = 9 "AutopilotRequestType",
    /// Enterprise only.
    Area = 10 "AreaRequestType",
    /// Make the first ACL token.
    AclBootstrap = 11 "ACLBootstrapRequestType",
    /// Change intentions of the older kind. In snapshots: an intention.
    Intention = 12 "IntentionRequestType",
    /// Change the certificate authority. In snapshots: a root.
    ConnectCa = 13 "ConnectCARequestType",
    /// In snapshots: the state of the built-in authority.
    ConnectCaProviderState = 14 "ConnectCAProviderStateType",
    /// In snapshots: configuration of the authority.
    ConnectCaConfig = 15 "ConnectCAConfigType",
    /// In snapshots: the index of a table.
    Index = 16 "IndexRequestType",
    /// Store ACL tokens. In snapshots: a token.
    AclTokenSet = 17 "ACLTokenSetRequestType",
    /// Remove ACL tokens.
    AclTokenDelete = 18 "ACLTokenDeleteRequestType",
    /// Store ACL policies. In snapshots: a policy.
    AclPolicySet = 19 "ACLPolicySetRequestType",
    /// Remove ACL policies.
    AclPolicyDelete = 20 "ACLPolicyDeleteRequestType",
    /// Count leaf certificates.
    ConnectCaLeaf = 21 "ConnectCALeafRequestType",
    /// Change configuration entries. In snapshots: an entry.
    ConfigEntry = 22 "ConfigEntryRequestType",
    /// Store ACL roles. In snapshots: a role.
    AclRoleSet = 23 "ACLRoleSetRequestType",
    /// Remove ACL roles.
    AclRoleDelete = 24 "ACLRoleDeleteRequestType",
    /// Store ACL binding rules. In snapshots: a rule.
    AclBindingRuleSet = 25 "ACLBindingRuleSetRequestType",
    /// Remove ACL binding rules.
    AclBindingRuleDelete = 26 "ACLBindingRuleDeleteRequestType",
    /// Store ACL auth methods. In snapshots: a method.
    AclAuthMethodSet = 27 "ACLAuthMethodSetRequestType",
    /// Remove ACL auth methods.
    AclAuthMethodDelete = 28 "ACLAuthMethodDeleteRequestType",
    /// In snapshots: pieces of a large entry that was under way.
    ChunkingState = 29 "ChunkingStateType",
    /// Change a federation state.
    FederationState = 30 "FederationStateRequestType",
    /// Change what the servers note for themselves.
    SystemMetadata = 31 "SystemMetadataRequestType",
    /// In snapshots: a virtual address of a service.
    ServiceVirtualIp = 32 "ServiceVirtualIPRequestType",
    /// In snapshots: a virtual address that is free again.
    FreeVirtualIp = 33 "FreeVirtualIPRequestType",
    /// Declared, but neither applied nor saved.
    KindServiceNames = 34 "KindServiceNamesType",
    /// Store a peering.
    PeeringWrite = 35 "PeeringWriteType",
    /// Remove a peering.
    PeeringDelete = 36 "PeeringDeleteType",
    /// End a peering.
    PeeringTerminateById = 37 "PeeringTerminateByIDType",
    /// Store the trust bundle of a peer.
    PeeringTrustBundleWrite = 38 "PeeringTrustBundleWriteType",
    /// Remove the trust bundle of a peer.
    PeeringTrustBundleDelete = 39 "PeeringTrustBundleDeleteType",
    /// Store secrets of a peering.
    PeeringSecretsWrite = 40 "PeeringSecretsWriteType",
    /// A checkpoint of the log's verifier; changes nothing.
    LogVerifierCheckpoint = 41 "RaftLogVerifierCheckpoint",
    /// An operation on second-generation resources.
    ResourceOperation = 42 "ResourceOperationType",
    /// Give a service virtual addresses by hand.
    UpdateVirtualIp = 43 "UpdateVirtualIPRequestType",
}

impl TryFrom<u8> for MessageType {
    type Error = UnknownMessageType;

    /// Reads a type byte; [`IGNORE_UNKNOWN_TYPE_FLAG`] is taken off a known type.
    fn try_from(byte: u8) -> Result<Self, UnknownMessageType> {
        let bare = byte & !IGNORE_UNKNOWN_TYPE_FLAG;
        let unknown = UnknownMessageType { byte: bare, may_ignore: byte != bare };
        // Bytes are positions: `ALL` has no gap, which a test holds.
        Self::ALL.get(usize::from(bare)).copied().ok_or(unknown)
    }
}

impl From<MessageType> for u8 {
    fn from(of: MessageType) -> u8 {
        of as u8
    }
}

text_set! {
    /// What is done to tombstones.
    pub enum TombstoneOp {
        /// Forgets them.
        Reap = "reap",
    }
}

/// Raft entry of the leader: forget tombstones of keys deleted up to an index.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TombstoneRequest {
    /// The leader's own datacenter.
    pub datacenter: GoStr,
    /// What to do.
    pub op: TombstoneOp,
    /// Forget those up to and including this index.
    pub reap_index: u64,
    /// Who asks; empty, since the leader does.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

rpc_info!(write: TombstoneRequest);

/// Snapshot record: the index of a table.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexEntry {
    /// The table, or a part of one.
    pub key: GoStr,
    /// Index of the last entry that changed it.
    pub value: u64,
}

/// What a snapshot begins with.
#[derive(Wire, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnapshotHeader {
    /// Index of the last entry in it.
    pub last_index: u64,
}

#[cfg(test)]
mod tests;
