//! `mesh`: settings of the whole mesh.

use proconsul_msgpack::{GoStr, Rest, Wire};

use super::TlsVersion;
use crate::{List, Map, raft::RaftIndex, text_set::text_set};

/// `mesh`: settings of the whole mesh. There is one, named `mesh`; neither kind nor name is on the wire.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    /// Settings for proxies that traffic is led to without their services knowing.
    pub transparent_proxy: TransparentProxyMeshConfig,
    /// Other entries may allow connections without the mesh's protection.
    #[wire("AllowEnablingPermissiveMutualTLS")]
    pub allow_enabling_permissive_mutual_tls: bool,
    /// Proxies refuse routes to what they do not know. Otherwise such requests get 404.
    pub validate_clusters: bool,
    /// TLS between proxies.
    #[wire("TLS")]
    pub tls: Option<MeshTlsConfig>,
    /// HTTP between proxies.
    #[wire("HTTP")]
    pub http: Option<MeshHttpConfig>,
    /// How servers of peered clusters reach each other.
    pub peering: Option<PeeringMeshConfig>,
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

/// Settings for proxies that traffic is led to without their services knowing.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct TransparentProxyMeshConfig {
    /// They let out only what goes to destinations the mesh knows.
    pub mesh_destinations_only: bool,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// TLS between proxies.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct MeshTlsConfig {
    /// On connections they take.
    pub incoming: Option<MeshDirectionalTlsConfig>,
    /// On connections they make.
    pub outgoing: Option<MeshDirectionalTlsConfig>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// TLS between proxies, one way.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct MeshDirectionalTlsConfig {
    /// Oldest version.
    #[wire("TLSMinVersion")]
    pub tls_min_version: TlsVersion,
    /// Newest version.
    #[wire("TLSMaxVersion")]
    pub tls_max_version: TlsVersion,
    /// Cipher suites up to version 1.2, by their IANA names. Empty: the proxy's own default.
    pub cipher_suites: List<GoStr>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// HTTP between proxies.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct MeshHttpConfig {
    /// Requests do not say whose certificate they came with (`x-forwarded-client-cert`).
    pub sanitize_x_forwarded_client_cert: bool,
    /// On requests they take.
    pub incoming: Option<MeshDirectionalHttpConfig>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// HTTP between proxies, one way.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct MeshDirectionalHttpConfig {
    /// How requests are brought into one form before rules look at them.
    pub request_normalization: Option<RequestNormalizationMeshConfig>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// How requests are brought into one form before rules look at them: what keeps a caller from writing a path that no rule fits.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestNormalizationMeshConfig {
    /// Leave paths as they are, without resolving `..`, `\` and needless escapes.
    pub insecure_disable_path_normalization: bool,
    /// Several `/` in a row become one.
    pub merge_slashes: bool,
    /// What becomes of paths with escaped slashes.
    pub path_with_escaped_slashes_action: PathWithEscapedSlashesAction,
    /// What becomes of header fields with `_` in their names.
    pub headers_with_underscores_action: HeadersWithUnderscoresAction,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

text_set! {
    /// What becomes of requests whose path has escaped slashes.
    pub enum PathWithEscapedSlashesAction {
        /// Not said: the proxy's own default.
        Unset = "",
        /// The proxy's own default.
        ImplementationSpecific = "IMPLEMENTATION_SPECIFIC_DEFAULT",
        /// They stay as they are.
        KeepUnchanged = "KEEP_UNCHANGED",
        /// They are refused.
        RejectRequest = "REJECT_REQUEST",
        /// The caller is sent to the path without escapes.
        UnescapeAndRedirect = "UNESCAPE_AND_REDIRECT",
        /// They go on without escapes.
        UnescapeAndForward = "UNESCAPE_AND_FORWARD",
    }
}

text_set! {
    /// What becomes of requests with header fields that have `_` in their names.
    pub enum HeadersWithUnderscoresAction {
        /// Not said: they stay as they are.
        Unset = "",
        /// They stay as they are.
        Allow = "ALLOW",
        /// They are refused.
        RejectRequest = "REJECT_REQUEST",
        /// They go on without those fields.
        DropHeader = "DROP_HEADER",
    }
}

/// How servers of peered clusters reach each other.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct PeeringMeshConfig {
    /// Through their mesh gateways, whose addresses they give out as their own.
    pub peer_through_mesh_gateways: bool,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
