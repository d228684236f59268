//! Why a server does not start.
use std::{io, net::SocketAddr};

use proconsul_admin::BindError;
use proconsul_grpc::ReflectionError;
use proconsul_tls::{LoadError, create::CreateError};

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The server port cannot be bound.
    #[error("failed to listen on {address} (ports.server, bind_addr)")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A gRPC port cannot be bound.
    #[error("failed to listen on {address} ({key}, client_addr)")]
    BindGrpc {
        /// Its key in the configuration.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Somebody asked for gRPC in TLS, and there is no certificate for it.
    #[error(
        "ports.grpc_tls is set, and tls.grpc names no certificate: give it cert_file and key_file, or set the port to -1"
    )]
    NoGrpcCertificate,
    /// The descriptors that reflection tells cannot be read.
    #[error("the descriptors of the gRPC services cannot be read: this binary is damaged")]
    Reflection {
        /// Why.
        source: ReflectionError,
    },
    /// Certificates cannot be loaded, or the `tls` stanza contradicts itself.
    #[error("TLS cannot be set up")]
    Tls {
        /// What is wrong, with its file.
        source: LoadError,
    },
    /// No certificate can be made for a server with this name.
    #[error("no certificate can be made for the server port (node_name, datacenter, domain)")]
    Certificate {
        /// Why.
        source: CreateError,
    },
    /// An admin listener cannot be bound.
    #[error("an admin listener cannot be bound")]
    Admin {
        /// Which, and why.
        source: BindError,
    },
}

impl From<LoadError> for StartError {
    fn from(source: LoadError) -> Self {
        Self::Tls { source }
    }
}
