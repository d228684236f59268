//! `hashicorp.consul.connectca.ConnectCAService`: registered, and without an authority to ask. What is no request to sign is refused as
//! by Consul; the rest is answered as by a service of Go's library whose methods are not written.
use std::pin::Pin;

use futures_core::Stream;
use proconsul_proto_public::pbconnectca::{
    SignRequest, SignResponse, WatchRootsRequest, WatchRootsResponse, connect_ca_service_server::ConnectCaService,
};
use tonic::{Request, Response, Status, async_trait};

use crate::{go_status::not_implemented, options};

/// The service of a server without a certificate authority.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectCa;

#[async_trait]
impl ConnectCaService for ConnectCa {
    type WatchRootsStream = Pin<Box<dyn Stream<Item = Result<WatchRootsResponse, Status>> + Send>>;

    async fn watch_roots(&self, _: Request<WatchRootsRequest>) -> Result<Response<Self::WatchRootsStream>, Status> {
        Err(not_implemented("WatchRoots"))
    }

    async fn sign(&self, request: Request<SignRequest>) -> Result<Response<SignResponse>, Status> {
        options::asked(request.metadata())?;
        let request = &request.get_ref().csr;
        if request.is_empty() {
            return Err(Status::invalid_argument("CSR is required"));
        }
        match pem_label(request) {
            None => Err(Status::invalid_argument("no PEM-encoded data found")),
            Some("CERTIFICATE REQUEST") => Err(not_implemented("Sign")),
            Some(_) => Err(Status::invalid_argument("first PEM-block should be CERTIFICATE REQUEST type")),
        }
    }
}

/// What the first PEM block says it is, if there is one that is whole.
fn pem_label(text: &str) -> Option<&str> {
    const BEGIN: &str = "-----BEGIN ";
    let at = if text.starts_with(BEGIN) { 0 } else { text.find(&format!("\n{BEGIN}"))? + 1 };
    let (label, rest) = text[at + BEGIN.len()..].split_once("-----")?;
    rest.contains(&format!("\n-----END {label}-----")).then_some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pem_block_is_known_by_its_label() {
        let block = |label: &str| format!("before\n-----BEGIN {label}-----\nAA==\n-----END {label}-----\n");
        assert_eq!(pem_label(&block("CERTIFICATE REQUEST")), Some("CERTIFICATE REQUEST"));
        assert_eq!(pem_label(&block("CERTIFICATE")), Some("CERTIFICATE"));
        for none in ["junk", "", "-----BEGIN CERTIFICATE REQUEST-----\nAA==\n", "x-----BEGIN A-----\n-----END A-----"] {
            assert_eq!(pem_label(none), None, "{none}");
        }
    }
}
