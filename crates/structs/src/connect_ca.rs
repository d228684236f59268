//! ConnectCA: the authority that signs certificates; and AutoEncrypt, which asks it on behalf of agents without one.

use proconsul_msgpack::{GoStr, Wire};

use crate::{query::WriteRequest, rpc::rpc_info};

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

rpc_info! { write: CaSignRequest }
