//! `hashicorp.consul.connectca.ConnectCAService`: registered, and without an authority to ask. It answers as a service of Go's
//! library does whose methods are not written.
use std::pin::Pin;

use futures_core::Stream;
use proconsul_proto_public::pbconnectca::{
    SignRequest, SignResponse, WatchRootsRequest, WatchRootsResponse, connect_ca_service_server::ConnectCaService,
};
use tonic::{Request, Response, Status, async_trait};

use crate::go_status::not_implemented;

/// The service of a server without a certificate authority.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectCa;

#[async_trait]
impl ConnectCaService for ConnectCa {
    type WatchRootsStream = Pin<Box<dyn Stream<Item = Result<WatchRootsResponse, Status>> + Send>>;

    async fn watch_roots(&self, _: Request<WatchRootsRequest>) -> Result<Response<Self::WatchRootsStream>, Status> {
        Err(not_implemented("WatchRoots"))
    }

    async fn sign(&self, _: Request<SignRequest>) -> Result<Response<SignResponse>, Status> {
        Err(not_implemented("Sign"))
    }
}
