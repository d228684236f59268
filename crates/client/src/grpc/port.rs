//! A gRPC port, plain or in TLS: nothing stands before HTTP/2 there.
use std::sync::Arc;

use futures_util::future::BoxFuture;
use proconsul_mux::{
    Route,
    driver::dial::{Cause, DialError, Step},
};
use proconsul_tls::Dial;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{Dialler, Io};

/// The protocol name of HTTP/2, which Go's library demands in TLS.
const ALPN: &[u8] = b"h2";

/// Connects to gRPC ports (8502, or 8503 in TLS), for a [`GrpcChannel`](super::GrpcChannel).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum GrpcPort {
    /// In clear.
    Plain,
    /// In TLS.
    Tls(Dial),
}

impl GrpcPort {
    /// In TLS with this configuration and this name of the server. The protocol name that it offers is HTTP/2's, whatever it was.
    pub fn tls(dial: Dial) -> Self {
        let mut config = (*dial.config).clone();
        config.alpn_protocols = vec![ALPN.to_vec()];
        Self::Tls(Dial { config: Arc::new(config), name: dial.name })
    }
}

impl Dialler for GrpcPort {
    fn dial<'a>(&'a self, server: &'a str, _: Route) -> BoxFuture<'a, Result<Box<dyn Io>, DialError>> {
        Box::pin(async move {
            let failed = |step, error| DialError { server: server.to_owned(), step, cause: Cause::Io(error) };
            let tcp = TcpStream::connect(server).await.map_err(|error| failed(Step::Connect, error))?;
            tcp.set_nodelay(true).map_err(|error| failed(Step::Connect, error))?;
            let Self::Tls(dial) = self else { return Ok(Box::new(tcp) as Box<dyn Io>) };
            let connects = TlsConnector::from(Arc::clone(&dial.config)).connect(dial.name.clone(), tcp);
            let tls = connects.await.map_err(|error| failed(Step::Handshake, error))?;
            Ok(Box::new(tls) as Box<dyn Io>)
        })
    }
}
