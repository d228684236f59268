//! `terminating-gateway`: what a gateway to services outside the mesh leads to.

use proconsul_msgpack::{GoStr, Rest, Wire};

use super::ConfigEntryKind;
use crate::{List, Map, raft::RaftIndex};

/// `terminating-gateway`: what a gateway to services outside the mesh leads to, under the gateway's name.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TerminatingGateway {
    /// `terminating-gateway`.
    pub kind: ConfigEntryKind,
    /// The gateway's service.
    pub name: GoStr,
    /// What it leads to.
    pub services: List<LinkedService>,
    /// Metadata.
    pub meta: Map<GoStr>,
    /// A digest of its content, which the server makes. Zero: none made yet.
    pub hash: u64,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A service that a terminating gateway leads to. The files are on the gateway.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkedService {
    /// Its name, or `*` for all.
    pub name: GoStr,
    /// File with the authority that its certificate must come from. Empty: the gateway calls it without TLS.
    #[wire("CAFile")]
    pub ca_file: GoStr,
    /// File with the certificate to show to it. Goes with a key.
    pub cert_file: GoStr,
    /// File with that certificate's key.
    pub key_file: GoStr,
    /// Server name to ask it for. Empty: none.
    #[wire("SNI")]
    pub sni: GoStr,
    /// HTTP requests keep the host name they came with. Otherwise the gateway puts in the service's own.
    pub disable_auto_host_rewrite: bool,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
