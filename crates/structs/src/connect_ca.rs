//! ConnectCA: the authority that signs certificates; and AutoEncrypt, which asks it on behalf of agents without one.

mod certificate; // what is signed
mod roots; // what is trusted, and who signs

pub use certificate::{CaSignRequest, IssuedCert, SignedResponse};
pub use roots::{
    CaConfiguration, CaConsulProviderState, CaLeafOp, CaLeafRequest, CaOp, CaRequest, CaRoot, IndexedCaRoots,
};
