//! What an operator sets: the `tls` stanza, one policy per listener.
use std::path::PathBuf;

/// The `tls` stanza, with `defaults` already merged into each listener's policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `tls.internal_rpc`: the server port, and what we dial.
    pub internal_rpc: Policy,
    /// `tls.grpc`: the external gRPC port.
    pub grpc: Policy,
    /// `datacenter`, part of the names that servers' certificates carry.
    pub datacenter: String,
    /// `node_name`, part of the name of this server on ALPN routes.
    pub node_name: String,
    /// `domain`, without its last dot; empty is read as `consul`.
    pub domain: String,
    /// ALPN names of the server port, in order of preference.
    pub alpn: Vec<&'static str>,
}

/// One listener's policy. Names are those of the stanza.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// `ca_file`: certificates of CAs, PEM. Wins over `ca_path`.
    pub ca_file: Option<PathBuf>,
    /// `ca_path`: a directory of such files, read with all below it.
    pub ca_path: Option<PathBuf>,
    /// `cert_file`: our chain, PEM, the leaf first.
    pub cert_file: Option<PathBuf>,
    /// `key_file`: the leaf's key, PEM.
    pub key_file: Option<PathBuf>,
    /// `tls_min_version`.
    pub min_version: MinVersion,
    /// `tls_cipher_suites`, by rustls's names or Go's; empty: all that the provider has.
    pub cipher_suites: Vec<String>,
    /// `verify_incoming`: a client needs a certificate of a known CA.
    pub verify_incoming: bool,
    /// `verify_outgoing`: what we dial is dialled in TLS, and its certificate is checked.
    pub verify_outgoing: bool,
    /// `verify_server_hostname`: what we dial must have the name of a server.
    pub verify_server_hostname: bool,
    /// `use_auto_cert`: where no certificate is given, the automatic one is used.
    pub use_auto_cert: bool,
}

/// `tls_min_version`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum MinVersion {
    /// `TLSv1_2`, the default.
    #[default]
    Tls12,
    /// `TLSv1_3`.
    Tls13,
}
