//! A call as the layers see it.
use std::{convert::Infallible, net::SocketAddr};

use http::{Request, Response};
use proconsul_types::{Call, CallInfo, GrpcRow};
use tonic::{body::Body, codegen::BoxFuture};
use tower_service::Service;

/// Who calls, as a service may want to know it: an extension of every request.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Where the call comes from.
    pub address: SocketAddr,
    /// When its answer is due at the latest.
    pub deadline: Option<std::time::Instant>,
}

/// A call whose method is known.
pub struct GrpcCall {
    pub(crate) info: CallInfo,
    pub(crate) row: &'static GrpcRow,
    pub(crate) request: Request<Body>,
    pub(crate) handler: std::sync::Arc<dyn Handler>,
}

impl Call for GrpcCall {
    fn info(&self) -> &CallInfo {
        &self.info
    }
}

/// Whoever answers the calls of one service: what `tonic` makes of a service's trait is one.
pub trait Handler: Send + Sync {
    /// Answers a call.
    fn call(&self, request: Request<Body>) -> BoxFuture<Response<Body>, Infallible>;
}

impl<S> Handler for S
where
    S: Service<
            Request<Body>,
            Response = Response<Body>,
            Error = Infallible,
            Future = BoxFuture<Response<Body>, Infallible>,
        > + Clone
        + Send
        + Sync,
{
    fn call(&self, request: Request<Body>) -> BoxFuture<Response<Body>, Infallible> {
        let mut service = self.clone();
        Service::call(&mut service, request)
    }
}
