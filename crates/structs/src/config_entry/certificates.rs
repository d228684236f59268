//! `inline-certificate` and `file-system-certificate`: certificates that API gateways show.

use proconsul_msgpack::{GoStr, Rest, Wire};

use super::ConfigEntryKind;
use crate::{Map, Secret, raft::RaftIndex};

/// `inline-certificate`: a certificate with its key.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct InlineCertificate {
    /// `inline-certificate`.
    pub kind: ConfigEntryKind,
    /// Its name.
    pub name: GoStr,
    /// The certificate, PEM, with those that lead to its authority.
    pub certificate: GoStr,
    /// Its key, PEM.
    pub private_key: Secret,
    /// Metadata.
    pub meta: Map<GoStr>,
    /// A digest of its content, which the server makes. Zero: none made yet.
    pub hash: u64,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// `file-system-certificate`: a certificate with its key, by where they are on the gateway.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct FileSystemCertificate {
    /// `file-system-certificate`.
    pub kind: ConfigEntryKind,
    /// Its name.
    pub name: GoStr,
    /// File with the certificate.
    pub certificate: GoStr,
    /// File with its key.
    pub private_key: GoStr,
    /// Metadata.
    pub meta: Map<GoStr>,
    /// A digest of its content, which the server makes. Zero: none made yet.
    pub hash: u64,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
