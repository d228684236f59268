//! Peerings with other clusters, and second-generation resources: protobuf in the raft log and in snapshots.

use crate::protobuf::proto_messages;

proto_messages! {
    /// Snapshot record: a peering.
    Peering = "hashicorp.consul.internal.peering.Peering";
    /// Snapshot record: what a peer's certificates come from.
    PeeringTrustBundle = "hashicorp.consul.internal.peering.PeeringTrustBundle";
    /// Snapshot record: secrets shared with a peer.
    PeeringSecrets = "hashicorp.consul.internal.peering.PeeringSecrets";
    /// Raft entry: store a peering.
    PeeringWriteRequest = "hashicorp.consul.internal.peering.PeeringWriteRequest";
    /// Raft entry: remove a peering.
    PeeringDeleteRequest = "hashicorp.consul.internal.peering.PeeringDeleteRequest";
    /// Raft entry: end a peering.
    PeeringTerminateByIdRequest = "hashicorp.consul.internal.peering.PeeringTerminateByIDRequest";
    /// Raft entry: store what a peer's certificates come from.
    PeeringTrustBundleWriteRequest = "hashicorp.consul.internal.peering.PeeringTrustBundleWriteRequest";
    /// Raft entry: remove what a peer's certificates come from.
    PeeringTrustBundleDeleteRequest = "hashicorp.consul.internal.peering.PeeringTrustBundleDeleteRequest";
    /// Raft entry: store secrets shared with a peer.
    SecretsWriteRequest = "hashicorp.consul.internal.peering.SecretsWriteRequest";
    /// Raft entry: an operation on second-generation resources.
    StorageLog = "hashicorp.consul.internal.storage.raft.Log";
}
