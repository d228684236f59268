//! Roots: what is trusted; and the configuration of whoever signs.

use proconsul_msgpack::{GoStr, Time, Value, Wire};

use crate::{
    List, Map, Secret, Shared,
    query::{QueryMeta, WriteRequest},
    raft::RaftIndex,
    rpc::{has_query_meta, rpc_info},
    text_set::text_set,
};

/// A certificate that the mesh trusts.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct CaRoot {
    /// Its id: a digest of the certificate.
    #[wire("ID")]
    pub id: GoStr,
    /// What it is for, for people.
    pub name: GoStr,
    /// Its serial number.
    pub serial_number: u64,
    /// Id of the key that signs with it: hexadecimal bytes with colons between.
    #[wire("SigningKeyID")]
    pub signing_key_id: GoStr,
    /// The trust domain of its certificates. Empty: the cluster's own.
    pub external_trust_domain: GoStr,
    /// When it begins to hold.
    pub not_before: Time,
    /// When it ends to hold.
    pub not_after: Time,
    /// The certificate, PEM.
    pub root_cert: GoStr,
    /// Certificates that stand between it and those of services, PEM.
    pub intermediate_certs: List<GoStr>,
    /// The certificate that signs, PEM. Of the oldest form; not used.
    pub signing_cert: GoStr,
    /// Its key, PEM. Of the oldest form; not used.
    pub signing_key: Secret,
    /// New certificates come from it. True of one root.
    pub active: bool,
    /// When another took its place. Go's zero time: it is active.
    pub rotated_out_at: Time,
    /// `ec` or `rsa`.
    pub private_key_type: GoStr,
    /// How long its key is, in bits.
    pub private_key_bits: i64,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// Answer of `ConnectCA.Roots`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedCaRoots {
    /// Id of the root that new certificates come from.
    #[wire("ActiveRootID")]
    pub active_root_id: GoStr,
    /// The cluster's own trust domain: `<cluster id>.consul`.
    pub trust_domain: GoStr,
    /// All roots that are trusted, those of former times among them; without keys.
    pub roots: List<Shared<CaRoot>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Who signs, and how. Request of `ConnectCA.ConfigurationSet` within a [`CaRequest`], and answer of
/// `ConnectCA.ConfigurationGet`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct CaConfiguration {
    /// Id of the cluster, a UUID, from which its trust domain is made. The server chooses it, once.
    #[wire("ClusterID")]
    pub cluster_id: GoStr,
    /// Who signs: `consul`, `vault` or `aws-pca`.
    pub provider: GoStr,
    /// What the provider needs to know. Hidden, since keys and tokens are part of it.
    pub config: Secret<Map<Value>>,
    /// What the provider notes for itself. Clients leave it nil.
    pub state: Secret<Map<GoStr>>,
    /// Go over to another root even if the old one cannot sign it: services may distrust each other for a while.
    pub force_without_cross_signing: bool,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// What the built-in provider keeps. Also a snapshot record.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct CaConsulProviderState {
    /// Its id, a digest of the provider's configuration.
    #[wire("ID")]
    pub id: GoStr,
    /// The key that signs, PEM.
    pub private_key: Secret,
    /// The root certificate, PEM.
    pub root_cert: GoStr,
    /// In datacenters other than the primary one: the certificate that signs, PEM.
    pub intermediate_cert: GoStr,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

text_set! {
    /// What is done to the authority.
    pub enum CaOp {
        /// Stores roots.
        SetRoots = "set-roots",
        /// Stores the configuration.
        SetConfig = "set-config",
        /// Stores what the built-in provider keeps.
        SetProviderState = "set-provider-state",
        /// Removes what the built-in provider keeps.
        DeleteProviderState = "delete-provider-state",
        /// Stores roots and configuration together.
        SetRootsAndConfig = "set-roots-config",
        /// Takes the next serial number; the result of the entry is that number.
        IncrementProviderSerialNumber = "increment-provider-serial",
    }
}

/// `ConnectCA.ConfigurationSet`: a new configuration. As a raft entry: any change of the authority.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct CaRequest {
    /// What to do. Clients leave it empty.
    pub op: CaOp,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Modify index that the roots must still have. Clients leave it zero.
    pub index: u64,
    /// The roots.
    pub roots: List<Shared<CaRoot>>,
    /// The configuration; with a modify index, it must still have that one.
    pub config: Option<CaConfiguration>,
    /// What the built-in provider keeps.
    pub provider_state: Option<CaConsulProviderState>,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

text_set! {
    /// What is done about leaf certificates.
    pub enum CaLeafOp {
        /// Takes the next index; the result of the entry is that index.
        IncrementIndex = "increment-index",
    }
}

/// Raft entry: count the certificates that were signed, so that each has an index.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct CaLeafRequest {
    /// What to do.
    pub op: CaLeafOp,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Who asks; empty, since the leader does.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

rpc_info!(write: CaRequest, CaLeafRequest);
has_query_meta!(IndexedCaRoots);
