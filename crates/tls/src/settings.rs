//! What an operator sets: the `tls` stanza, one policy per listener.
use std::path::PathBuf;

use crate::names;

/// The `tls` stanza, with `defaults` already merged into each listener's policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `tls.internal_rpc`: the server port, and what we dial.
    pub internal_rpc: Policy,
    /// `tls.grpc`: the external gRPC port. Nothing is dialled by it, so `verify_outgoing` and `verify_server_hostname` are not
    /// looked at.
    pub grpc: Policy,
    /// `datacenter`, part of the names that servers' certificates carry.
    pub datacenter: String,
    /// `node_name`, part of the name of this server on ALPN routes.
    pub node_name: String,
    /// `domain`; a last dot is left out, empty is read as `consul`.
    pub domain: String,
    /// ALPN names of the server port, in order of preference. Empty where no port is served, as in commands that only dial.
    pub alpn: Vec<&'static str>,
}

impl Settings {
    /// Most bytes of one file of certificates or keys.
    pub const FILE_BYTES_MAX: u64 = 8 << 20;
    /// Most files below `ca_path`.
    pub const CA_FILES_MAX: usize = 4096;
    /// Most folders in each other below `ca_path`.
    pub const CA_DEPTH_MAX: usize = 16;

    /// The name that our own certificate needs for a peer that checks names: `server.<dc>.<domain>`.
    pub fn server_name(&self) -> String {
        names::server_name(&self.datacenter, &self.domain)
    }

    /// The name that our own certificate needs on ALPN routes: `<node>.server.<dc>.<domain>`.
    pub fn node_server_name(&self) -> String {
        names::node_server_name(&self.node_name, &self.datacenter, &self.domain)
    }
}

/// One listener's policy. Names are those of the stanza.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// `ca_file`: certificates of CAs, PEM. Wins over `ca_path`.
    pub ca_file: Option<PathBuf>,
    /// `ca_path`: a directory of such files, read with all below it.
    pub ca_path: Option<PathBuf>,
    /// `cert_file`: our chain, PEM, the leaf first. Without `key_file` it is not read, as Consul does.
    pub cert_file: Option<PathBuf>,
    /// `key_file`: the leaf's key, PEM.
    pub key_file: Option<PathBuf>,
    /// `tls_min_version`.
    pub min_version: MinVersion,
    /// `tls_cipher_suites` of TLS 1.2, by rustls's names or Go's, which are the same; empty: all that the provider has. Those of
    /// TLS 1.3 are always on. With [`MinVersion::Tls13`] it must be empty, so what is inherited from `tls.defaults` is to be
    /// left out then, as Consul does.
    pub cipher_suites: Vec<String>,
    /// `verify_incoming`: a client needs a certificate of a known CA.
    pub verify_incoming: bool,
    /// `verify_outgoing`: what we dial is dialled in TLS, and its certificate is checked. Implied by `verify_server_hostname`.
    pub verify_outgoing: bool,
    /// `verify_server_hostname`: what we dial must have the name of a server.
    pub verify_server_hostname: bool,
    /// `use_auto_cert`: where no certificate is given, the automatic one is used. Looked at for `tls.grpc` only, as `tls.internal_rpc`
    /// always does so.
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

/// A `tls_min_version` that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadMinVersion {
    /// A version that is no longer safe, and that Consul itself would still speak.
    #[error(
        "invalid TLS version: {0} is older than TLS 1.2 and not spoken here, please specify one of [TLSv1_2, TLSv1_3]"
    )]
    TooOld(String),
    /// No version at all.
    #[error(
        "invalid TLS version: no matching TLS version found for {0}, please specify one of [TLS_AUTO, TLSv1_2, TLSv1_3]"
    )]
    Unknown(String),
}

impl MinVersion {
    /// Reads Consul's words: `TLSv1_2`, `TLSv1_3`, and `TLS_AUTO` or nothing, which are 1.2; and those of the former
    /// top-level option, `tls12` and `tls13`.
    ///
    /// # Errors
    /// [`BadMinVersion`] for older versions and other words. Its text follows the path of the option: `tls.defaults.tls_min_version: …`.
    pub fn parse(word: &str) -> Result<Self, BadMinVersion> {
        match word {
            "" | "TLS_AUTO" | "TLSv1_2" | "tls12" => Ok(Self::Tls12),
            "TLSv1_3" | "tls13" => Ok(Self::Tls13),
            "TLSv1_0" | "TLSv1_1" | "tls10" | "tls11" => Err(BadMinVersion::TooOld(word.into())),
            word => Err(BadMinVersion::Unknown(word.into())),
        }
    }

    /// The word of the stanza.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tls12 => "TLSv1_2",
            Self::Tls13 => "TLSv1_3",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_by_consuls_words() {
        for (word, version) in [
            ("", MinVersion::Tls12),
            ("TLS_AUTO", MinVersion::Tls12),
            ("TLSv1_2", MinVersion::Tls12),
            ("tls12", MinVersion::Tls12),
            ("TLSv1_3", MinVersion::Tls13),
            ("tls13", MinVersion::Tls13),
        ] {
            assert_eq!(MinVersion::parse(word), Ok(version), "{word}");
        }
        for word in [MinVersion::Tls12, MinVersion::Tls13] {
            assert_eq!(MinVersion::parse(word.as_str()), Ok(word));
        }
    }

    #[test]
    fn older_versions_are_refused_with_what_to_set() {
        for word in ["TLSv1_0", "TLSv1_1", "tls10", "tls11"] {
            let error = MinVersion::parse(word).expect_err(word);
            assert_eq!(error, BadMinVersion::TooOld(word.into()));
            assert!(error.to_string().contains("TLSv1_2"), "{error}");
        }
        assert_eq!(MinVersion::parse("TLSv1.2"), Err(BadMinVersion::Unknown("TLSv1.2".into())));
    }
}
