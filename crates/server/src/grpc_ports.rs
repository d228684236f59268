//! The gRPC ports: bound early, served when the rest is there.
use std::{io, net::SocketAddr, sync::Arc};

use proconsul_mux::{
    GRPC_PORT, GRPC_TLS_PORT, Row,
    driver::{Listener, Registry, Settings, serve},
};
use proconsul_tls::{Incoming, Tls};
use tokio::{sync::watch, task::JoinSet};

use crate::{Config, PortAt, StartError, rpc_port::RpcPort};

/// How long a client of a gRPC port has to finish its TLS handshake: the default of Go's library.
pub const GRPC_HANDSHAKE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(120);

/// The ports that are bound.
pub(crate) struct GrpcPorts {
    plain: Option<Listener>,
    tls: Option<Listener>,
}

impl GrpcPorts {
    /// Binds those that there are to be.
    pub(crate) fn bind(config: &Config, tls: &Tls) -> Result<Self, StartError> {
        let plain = bind(config.grpc, "ports.grpc", |port| SocketAddr::new(config.grpc_addr, port))?;
        let at = match (config.grpc_tls, tls.incoming(Incoming::Grpc)) {
            (PortAt::At(1..), None) => return Err(StartError::NoGrpcCertificate),
            (_, None) => PortAt::Off,
            (at, _) => at,
        };
        let tls = bind(at, "ports.grpc_tls", |port| SocketAddr::new(config.grpc_tls_addr, port))?;
        Ok(Self { plain, tls })
    }

    /// Where the plain one is.
    pub(crate) fn plain_address(&self) -> Option<SocketAddr> {
        self.plain.as_ref().map(Listener::address)
    }

    /// Where the one with TLS is.
    pub(crate) fn tls_address(&self) -> Option<SocketAddr> {
        self.tls.as_ref().map(Listener::address)
    }

    /// Serves them until `stopping` becomes true, and then until their connections have ended.
    pub(crate) fn serve(
        self,
        tls: &Tls,
        registry: &Arc<Registry>,
        port: &Arc<RpcPort>,
        stopping: &watch::Sender<bool>,
    ) -> JoinSet<()> {
        let ports: [(Option<Listener>, &'static Row); 2] = [(self.plain, &GRPC_PORT), (self.tls, &GRPC_TLS_PORT)];
        let mut serving = JoinSet::new();
        for (listener, row) in ports {
            let Some(listener) = listener else { continue };
            let settings = Settings {
                handshake_timeout: GRPC_HANDSHAKE_TIMEOUT,
                // As in Consul: the limit is of the server port.
                max_conns_per_client: 0,
                tls: Some(tls.clone()),
                only: Some(row),
                ..Settings::default()
            };
            let mut stopping = stopping.subscribe();
            serving.spawn(serve(listener, settings, Arc::clone(registry), Arc::clone(port), async move {
                // A sender that is gone is a server that is gone.
                let _gone = stopping.wait_for(|stopping| *stopping).await;
            }));
        }
        serving
    }
}

fn bind(at: PortAt, key: &'static str, address: impl Fn(u16) -> SocketAddr) -> Result<Option<Listener>, StartError> {
    let (port, insist) = match at {
        PortAt::Off => return Ok(None),
        PortAt::At(port) => (port, true),
        PortAt::IfFree(port) => (port, false),
    };
    let address = address(port);
    match Listener::bind(address) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if !insist && error.kind() == io::ErrorKind::AddrInUse => {
            tracing::warn!(%address, key, "the port is taken; the server runs without it");
            Ok(None)
        }
        Err(source) => Err(StartError::BindGrpc { key, address, source }),
    }
}
