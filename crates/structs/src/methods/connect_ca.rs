//! The authority that signs the certificates of the mesh.

use proconsul_msgpack::{GoStr, Value};

use super::methods;
use crate::{
    connect_ca::{CaConfiguration, CaRequest, CaSignRequest, IndexedCaRoots, IssuedCert},
    query::DcSpecificRequest,
};

methods! { "ConnectCA" {
    /// Lists what the mesh trusts, without keys.
    Roots(DcSpecificRequest) -> IndexedCaRoots;
    /// Signs a certificate of a service, an agent, a gateway or a server.
    Sign(CaSignRequest) -> IssuedCert;
    /// Signs the certificate by which another datacenter signs. The reply is PEM.
    SignIntermediate(CaSignRequest) -> GoStr;
    /// Tells who signs, and how.
    ConfigurationGet(DcSpecificRequest) -> CaConfiguration;
    /// Changes who signs, or how. The reply is nil.
    ConfigurationSet(CaRequest) -> Value;
} }
