//! Certificates: asked for and signed.

use proconsul_msgpack::{GoStr, Time, Wire};

use super::IndexedCaRoots;
use crate::{List, Secret, query::WriteRequest, raft::RaftIndex, rpc::rpc_info, service::ServiceKind};

/// A request to sign a certificate.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct CaSignRequest {
    /// Which datacenter. `AutoEncrypt.Sign` wants the server's own.
    pub datacenter: GoStr,
    /// What is to be signed, PEM.
    #[wire("CSR")]
    pub csr: GoStr,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// Answer of `ConnectCA.Sign`: a certificate of the mesh. Of the pairs of names and URIs one is set, by what the certificate is for.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IssuedCert {
    /// Its serial number: hexadecimal bytes with colons between.
    pub serial_number: GoStr,
    /// The certificate, PEM, with intermediate ones behind it.
    #[wire("CertPEM")]
    pub cert_pem: GoStr,
    /// Its key, PEM. Agents fill it in, servers never know it.
    #[wire("PrivateKeyPEM")]
    pub private_key_pem: Secret,
    /// The service it is for.
    pub service: GoStr,
    /// That service as the certificate has it: `spiffe://...`.
    #[wire("ServiceURI")]
    pub service_uri: GoStr,
    /// The node whose agent it is for.
    pub agent: GoStr,
    /// That agent as the certificate has it.
    #[wire("AgentURI")]
    pub agent_uri: GoStr,
    /// The servers as the certificate has them, when it is for one.
    #[wire("ServerURI")]
    pub server_uri: GoStr,
    /// The kind of gateway it is for.
    pub kind: ServiceKind,
    /// That gateway as the certificate has it.
    #[wire("KindURI")]
    pub kind_uri: GoStr,
    /// When it begins to hold.
    pub valid_after: Time,
    /// When it ends to hold.
    pub valid_before: Time,
    /// The index at which it was signed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// Answer of `AutoEncrypt.Sign`: a certificate with all that an agent without a configuration of its own needs beside it.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct SignedResponse {
    /// The certificate.
    pub issued_cert: IssuedCert,
    /// The roots of the mesh.
    #[wire("ConnectCARoots")]
    pub connect_ca_roots: IndexedCaRoots,
    /// Roots that the servers are set up to trust beside those, PEM.
    #[wire("ManualCARoots")]
    pub manual_ca_roots: List<GoStr>,
    /// Key that gossip is encrypted with. Empty in newer versions.
    pub gossip_key: Secret,
    /// The agent is to check that a server's certificate names a server.
    pub verify_server_hostname: bool,
}

rpc_info! { write: CaSignRequest }
