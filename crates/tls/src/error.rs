//! Why a load, a dial or a peer is refused. The first words are Consul's where it has any, for operators search for them.
use std::{fmt, io, path::PathBuf};

/// Certificates could not be loaded; whatever was loaded before stays in use.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct LoadError {
    /// Which part of the settings.
    pub place: Place,
    /// What is wrong with it.
    pub fault: Fault,
}

/// The part of the settings that a [`LoadError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// `tls.internal_rpc`.
    InternalRpc,
    /// `tls.grpc`.
    Grpc,
    /// The certificate that was made or handed over in memory.
    Automatic,
}

impl Place {
    /// The word for it, as in the `tls` stanza.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InternalRpc => "internal_rpc",
            Self::Grpc => "grpc",
            Self::Automatic => "automatic",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Automatic => f.write_str("the automatic certificate"),
            listener => write!(f, "tls.{}", listener.as_str()),
        }
    }
}

/// What is wrong with certificates or settings. Each says the file and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A certificate and its key cannot be used together.
    #[error("Failed to load cert/key pair: {why} (cert_file {}, key_file {})", cert.display(), key.display())]
    KeyPair {
        /// `cert_file`.
        cert: PathBuf,
        /// `key_file`.
        key: PathBuf,
        /// What is wrong with them.
        why: String,
    },
    /// A certificate and its key, given in memory, cannot be used together.
    #[error("Failed to load cert/key pair: {0}")]
    PairInMemory(String),
    /// A file or folder of CAs cannot be read.
    #[error("Error loading from {}: {error}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file holds more than [`crate::Settings::FILE_BYTES_MAX`].
    #[error("Error loading from {}: it has more than {bytes_max} bytes, which is no file of certificates", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The bound.
        bytes_max: u64,
    },
    /// `ca_path` holds more files than [`crate::Settings::CA_FILES_MAX`], or folders deeper than [`crate::Settings::CA_DEPTH_MAX`].
    #[error("Error loading from CAPath: {} has more than {files_max} files or is deeper than {depth_max}", path.display())]
    TooMany {
        /// `ca_path`.
        path: PathBuf,
        /// The bound of files.
        files_max: usize,
        /// The bound of folders in folders.
        depth_max: usize,
    },
    /// `ca_path` holds no file.
    #[error("Error loading from CAPath: no CAs found in {}", path.display())]
    NoCas {
        /// `ca_path`.
        path: PathBuf,
    },
    /// A file of CAs holds no certificate.
    #[error("failed to parse PEM in {place}: {why}")]
    NoCertificate {
        /// The file, or what stands for one.
        place: String,
        /// What was found instead.
        why: String,
    },
    /// `verify_incoming` without CAs.
    #[error(
        "VerifyIncoming set but no CA certificates were provided; set ca_file or ca_path, or turn verify_incoming off"
    )]
    IncomingWithoutCa,
    /// `verify_incoming` without a certificate.
    #[error(
        "VerifyIncoming requires either a Cert and Key pair in the configuration file, or auto_encrypt/auto_config be enabled; \
         set cert_file and key_file"
    )]
    IncomingWithoutCertificate,
    /// `verify_outgoing` without CAs.
    #[error(
        "VerifyOutgoing set but no CA certificates were provided; set ca_file or ca_path, or turn verify_outgoing off"
    )]
    OutgoingWithoutCa,
    /// `tls_cipher_suites` that cannot be used.
    #[error("tls_cipher_suites: {0}")]
    CipherSuites(String),
    /// The cryptographic provider refuses.
    #[error("these settings cannot be used: {0}")]
    Provider(String),
}

impl Fault {
    /// The error of which this is the fault.
    pub(crate) fn at(self, place: Place) -> LoadError {
        LoadError { place, fault: self }
    }
}

/// A connection cannot be dialled in the way that was asked for. No byte was sent.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// ALPN without a datacenter.
    #[error("cannot dial using ALPN-RPC without a target datacenter")]
    NoDatacenter,
    /// ALPN without a node; `*` stands for any.
    #[error("cannot dial using ALPN-RPC without a target node")]
    NoNode,
    /// ALPN without a protocol.
    #[error("cannot dial using ALPN-RPC without a target alpn protocol")]
    NoProtocol,
    /// ALPN without CAs or without a certificate.
    #[error(
        "cannot dial via a mesh gateway when outgoing TLS is disabled; set ca_file, cert_file and key_file of tls.internal_rpc"
    )]
    NotCapable,
    /// The datacenter, node or domain makes no DNS name.
    #[error("{0:?} is no DNS name, so no certificate can carry it; rename the node or the datacenter")]
    Name(String),
}

/// A peer wants what only a server of our datacenter may have, and did not show that it is one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("AuthorizeServerConn failed certificate validation for certificate with a SAN.DNSName of {expected}: {why}")]
pub struct NotAServer {
    /// The name that its certificate needs.
    pub expected: String,
    /// What is wrong with the certificate, with the names that it has instead.
    pub why: String,
}
