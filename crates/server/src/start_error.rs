//! Why a server does not start.
use std::{io, net::SocketAddr};

use proconsul_admin::BindError;
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
