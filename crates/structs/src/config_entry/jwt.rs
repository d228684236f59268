//! `jwt-provider`: who issues web tokens, and how they are checked.

use bytes::Bytes;
use proconsul_msgpack::{GoStr, Rest, Wire};

use super::ConfigEntryKind;
use crate::{GoDuration, List, Map, raft::RaftIndex, text_set::text_set};

/// `jwt-provider`: who issues web tokens, and how they are checked.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct JwtProvider {
    /// `jwt-provider`.
    pub kind: ConfigEntryKind,
    /// Its name.
    pub name: GoStr,
    /// Where the keys are that tokens are signed with.
    #[wire("JSONWebKeySet")]
    pub json_web_key_set: Option<JsonWebKeySet>,
    /// What a token's `iss` must be. Empty: anything.
    pub issuer: GoStr,
    /// Of what a token's `aud` must name one. Empty: anything.
    pub audiences: List<GoStr>,
    /// Where in a request the token is. Empty: in `Authorization` after `Bearer `, or in the parameter `access_token`.
    pub locations: List<JwtLocation>,
    /// How what a token says is passed on to the service. Nil: not at all.
    pub forwarding: Option<JwtForwardingConfig>,
    /// How far clocks may differ, in seconds. Zero: 30.
    pub clock_skew_seconds: i64,
    /// How checks are remembered. Nil: not at all.
    pub cache_config: Option<JwtCacheConfig>,
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

/// Where a set of keys is: one of these.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonWebKeySet {
    /// At hand.
    pub local: Option<LocalJwks>,
    /// On a server.
    pub remote: Option<RemoteJwks>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A set of keys at hand: one of these.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalJwks {
    /// The set itself, base64 of its JSON.
    #[wire("JWKS")]
    pub jwks: GoStr,
    /// A file with it, on every machine that a proxy runs on.
    pub filename: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A set of keys on a server.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteJwks {
    /// Where.
    #[wire("URI")]
    pub uri: GoStr,
    /// How long fetching it may take, in milliseconds. Zero: 1000.
    pub request_timeout_ms: i64,
    /// How long it is kept. Zero: 10 minutes.
    pub cache_duration: GoDuration,
    /// It is fetched when the first request comes, which waits. Otherwise proxies do not listen before they have it.
    pub fetch_asynchronously: bool,
    /// Send the host's name as server name.
    #[wire("UseSNI")]
    pub use_sni: bool,
    /// How often fetching is tried again. Nil: never.
    pub retry_policy: Option<JwksRetryPolicy>,
    /// How the server is reached.
    #[wire("JWKSCluster")]
    pub jwks_cluster: Option<JwksCluster>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// How often fetching is tried again.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct JwksRetryPolicy {
    /// How often. Zero: never.
    pub num_retries: i64,
    /// The time between. Nil: the proxy's own default.
    pub retry_policy_back_off: Option<RetryPolicyBackOff>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// The time between two tries, which grows.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct RetryPolicyBackOff {
    /// At first. Zero: 1 s.
    pub base_interval: GoDuration,
    /// At most. Zero: ten times as much as at first.
    pub max_interval: GoDuration,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

text_set! {
    /// How a proxy finds the server's addresses: Envoy's kinds of discovery.
    pub enum ClusterDiscoveryType {
        /// Not said: as with [`Self::StrictDns`].
        Unset = "",
        /// All that DNS names.
        StrictDns = "STRICT_DNS",
        /// The address as it stands.
        Static = "STATIC",
        /// The first that DNS names, anew for each connection.
        LogicalDns = "LOGICAL_DNS",
        /// From Envoy's service for endpoints.
        Eds = "EDS",
        /// The address that the caller meant.
        OriginalDst = "ORIGINAL_DST",
    }
}

/// How the server with the keys is reached.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct JwksCluster {
    /// How its addresses are found.
    pub discovery_type: ClusterDiscoveryType,
    /// What its certificate must come from. Nil: it is not checked.
    #[wire("TLSCertificates")]
    pub tls_certificates: Option<JwksTlsCertificate>,
    /// How long making a connection may take. Zero: 5 s.
    pub connect_timeout: GoDuration,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// What the server's certificate must come from: one of these.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct JwksTlsCertificate {
    /// Authorities that a plugin of the proxy provides.
    pub ca_certificate_provider_instance: Option<JwksTlsCertProviderInstance>,
    /// Authorities, as they are.
    #[wire("TrustedCA")]
    pub trusted_ca: Option<JwksTlsCertTrustedCa>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Authorities that a plugin of the proxy provides.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct JwksTlsCertProviderInstance {
    /// Which plugin. Empty: `default`.
    pub instance_name: GoStr,
    /// Which certificate of it: `ROOTCA`, or a domain.
    pub certificate_name: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Authorities, PEM: in one of these.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct JwksTlsCertTrustedCa {
    /// A file.
    pub filename: GoStr,
    /// A variable of the environment.
    pub environment_variable: GoStr,
    /// Here, as text.
    pub inline_string: GoStr,
    /// Here, as bytes.
    pub inline_bytes: Option<Bytes>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Where in a request the token is: in one of these.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtLocation {
    /// A header field.
    pub header: Option<JwtLocationHeader>,
    /// A parameter of the query.
    pub query_param: Option<JwtLocationQueryParam>,
    /// A cookie.
    pub cookie: Option<JwtLocationCookie>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A header field with a token.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtLocationHeader {
    /// Its name.
    pub name: GoStr,
    /// What stands before the token: `Bearer `.
    pub value_prefix: GoStr,
    /// Pass the field on to the service.
    pub forward: bool,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A parameter of the query with a token.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtLocationQueryParam {
    /// Its name.
    pub name: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A cookie with a token.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtLocationCookie {
    /// Its name.
    pub name: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// How what a token says is passed on to the service.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtForwardingConfig {
    /// The header field for it, in base64.
    pub header_name: GoStr,
    /// The base64 is padded.
    pub pad_forward_payload_header: bool,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// How checks of tokens are remembered.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtCacheConfig {
    /// How many. Zero: none.
    pub size: i64,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
