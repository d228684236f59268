//! Which services a connection reaches.
//!
//! Another cluster that streams to this one shows no certificate: it asks for a server name of its own kind and is known by a
//! secret. So with that name it gets no further than the service that checks the secret.
//! Source: Consul 1.21, the restriction of endpoints by server name on its external gRPC ports.
use proconsul_proto::pbpeerstream::peer_stream_service_server::PeerStreamServiceServer;
use proconsul_types::GrpcRow;
use tonic::{Status, server::NamedService};

use crate::peer_stream::PeerStreams;

/// What a connection may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every service of its surface.
    All,
    /// The service of peered clusters' streams, and no other.
    PeerStreams,
}

impl Reach {
    /// What a connection reaches whose client asked for this server name in its TLS handshake.
    ///
    /// The name is `server.DATACENTER.peering.TRUST-DOMAIN`. Consul compares it whole; any trust domain is taken for ours here,
    /// as a server whose authority is not there yet does not know its own.
    pub fn of(server_name: Option<&str>, datacenter: &str) -> Self {
        let begins = format!("server.{datacenter}.peering.");
        let begins_so = |name: &str| name.get(..begins.len()).is_some_and(|start| start.eq_ignore_ascii_case(&begins));
        if server_name.is_some_and(begins_so) { Self::PeerStreams } else { Self::All }
    }

    /// Whether a method is within it.
    pub(crate) fn check(self, row: &GrpcRow) -> Result<(), Status> {
        match self {
            Self::PeerStreams if row.row.service() != PeerStreamServiceServer::<PeerStreams>::NAME => {
                Err(Status::permission_denied("invalid permissions to the specified endpoint"))
            }
            Self::All | Self::PeerStreams => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peering_name_reaches_streams_of_peers_only() {
        let trust = "server.dc1.peering.11111111-2222-3333-4444-555555555555.consul";
        assert_eq!(Reach::of(Some(trust), "dc1"), Reach::PeerStreams);
        assert_eq!(Reach::of(Some("server.DC1.peering.x.consul"), "dc1"), Reach::PeerStreams);
        for other in ["server.dc1.consul", "server.dc2.peering.x.consul", "dc1.peering.x.consul", "server.é"] {
            assert_eq!(Reach::of(Some(other), "dc1"), Reach::All, "{other}");
        }
        assert_eq!(Reach::of(None, "dc1"), Reach::All);
    }

    #[test]
    fn what_is_out_of_reach_is_refused_in_consuls_words() {
        let row = |path: &str| proconsul_proto::methods::all().find(|row| row.path == path).expect("a row");
        let stream = row("/hashicorp.consul.internal.peerstream.PeerStreamService/ExchangeSecret");
        let other = row("/hashicorp.consul.serverdiscovery.ServerDiscoveryService/WatchServers");
        assert!(Reach::PeerStreams.check(stream).is_ok());
        let refused = Reach::PeerStreams.check(other).expect_err("out of reach");
        assert_eq!(
            (refused.code(), refused.message()),
            (tonic::Code::PermissionDenied, "invalid permissions to the specified endpoint")
        );
        assert!(Reach::All.check(other).is_ok());
    }
}
