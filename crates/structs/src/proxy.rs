//! What a service says about its place in the mesh.

use std::collections::BTreeMap;

use proconsul_msgpack::{GoStr, Value, Wire};

use crate::{List, text_set::text_set};

/// Settings that only proxies understand, passed through as they are.
pub type Opaque = Option<BTreeMap<GoStr, Value>>;

text_set! {
    /// How traffic reaches a proxy.
    pub enum ProxyMode {
        /// Not said: what central settings say, else [`Self::Direct`].
        Inherited = "",
        /// It is led there without the service knowing.
        Transparent = "transparent",
        /// Callers name the proxy's own address.
        Direct = "direct",
    }
}

text_set! {
    /// Whether a proxy takes connections without the mesh's protection.
    pub enum MutualTlsMode {
        /// Not said: what central settings say, else [`Self::Strict`].
        Inherited = "",
        /// It does not.
        Strict = "strict",
        /// It does; the `mesh` entry must allow it.
        Permissive = "permissive",
    }
}

text_set! {
    /// Through which mesh gateways traffic leaves its datacenter.
    pub enum MeshGatewayMode {
        /// Not said: what central settings say, else [`Self::None`].
        Inherited = "",
        /// Through none.
        None = "none",
        /// Through one of the own datacenter, then one of the other.
        Local = "local",
        /// Through one of the other datacenter.
        Remote = "remote",
    }
}

text_set! {
    /// Where a proxy's log goes.
    pub enum LogSink {
        /// Not said: [`Self::StdOut`].
        Unset = "",
        /// To a file.
        File = "file",
        /// To the standard error stream.
        StdErr = "stderr",
        /// To the standard output stream.
        StdOut = "stdout",
    }
}

/// What a proxy or gateway does.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ConnectProxyConfig {
    /// Changes to the generated Envoy configuration, in order.
    pub envoy_extensions: List<EnvoyExtension>,
    /// The service it stands for.
    pub destination_service_name: GoStr,
    /// The one instance it stands for, if it stands beside one.
    #[wire("DestinationServiceID")]
    pub destination_service_id: GoStr,
    /// Where it finds that instance. Empty: `127.0.0.1`.
    pub local_service_address: GoStr,
    /// On which port. Zero: the instance's own.
    pub local_service_port: i64,
    /// Or on which socket.
    pub local_service_socket_path: GoStr,
    /// How traffic reaches the proxy.
    pub mode: ProxyMode,
    /// Settings that only proxies understand.
    pub config: Opaque,
    /// What it makes reachable for its service.
    pub upstreams: List<Upstream>,
    /// How it leaves its datacenter.
    pub mesh_gateway: MeshGatewayConfig,
    /// What it lets through without the mesh's protection.
    pub expose: ExposeConfig,
    /// Settings for the transparent mode.
    pub transparent_proxy: TransparentProxyConfig,
    /// Whether it takes connections without the mesh's protection.
    #[wire("MutualTLSMode")]
    pub mutual_tls_mode: MutualTlsMode,
    /// What it logs.
    pub access_logs: AccessLogsConfig,
}

/// Something that a proxy makes reachable for its service.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct Upstream {
    /// `service` or `prepared_query`; empty: service.
    pub destination_type: GoStr,
    /// Namespace of the destination. Empty here always.
    pub destination_namespace: GoStr,
    /// Partition of the destination. Empty here always.
    pub destination_partition: GoStr,
    /// Peered cluster of the destination. Empty: our own.
    pub destination_peer: GoStr,
    /// Name of the destination.
    pub destination_name: GoStr,
    /// Datacenter of the destination. Empty: our own.
    pub datacenter: GoStr,
    /// Address to listen on. Empty: `127.0.0.1`.
    pub local_bind_address: GoStr,
    /// Port to listen on.
    pub local_bind_port: i64,
    /// Socket to listen on, in place of a port.
    pub local_bind_socket_path: GoStr,
    /// Rights on that socket, octal.
    pub local_bind_socket_mode: GoStr,
    /// Settings that only proxies understand.
    pub config: Opaque,
    /// How traffic to it leaves the datacenter.
    pub mesh_gateway: MeshGatewayConfig,
    /// For an ingress gateway: host names that lead to it.
    pub ingress_hosts: List<GoStr>,
    /// It comes from central settings and has no listener of its own.
    pub centrally_configured: bool,
}

/// How traffic leaves its datacenter.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct MeshGatewayConfig {
    /// Through which gateways.
    pub mode: MeshGatewayMode,
}

/// What a proxy lets through without the mesh's protection.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ExposeConfig {
    /// The paths of all HTTP and gRPC checks of the service.
    pub checks: bool,
    /// Further paths.
    pub paths: List<ExposePath>,
}

/// A path that is let through.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ExposePath {
    /// Port where the proxy listens for it.
    pub listener_port: i64,
    /// The path.
    pub path: GoStr,
    /// Port of the service that serves it.
    pub local_path_port: i64,
    /// `http` or `http2`; empty: http.
    pub protocol: GoStr,
    /// It was derived from a check.
    pub parsed_from_check: bool,
}

/// Settings of a proxy that traffic is led to without its service knowing.
#[derive(Wire, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransparentProxyConfig {
    /// Port that outgoing traffic is led to. Zero: 15001.
    pub outbound_listener_port: i64,
    /// Other proxies may dial this instance by its own address.
    pub dialed_directly: bool,
}

/// What a proxy logs about its connections.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessLogsConfig {
    /// Whether it does.
    pub enabled: bool,
    /// Leave out connections that no listener took.
    pub disable_listener_logs: bool,
    /// Where to.
    #[wire("Type")]
    pub sink: LogSink,
    /// The file.
    pub path: GoStr,
    /// Form of a line, as a JSON object. Excludes the text form.
    #[wire("JSONFormat")]
    pub json_format: GoStr,
    /// Form of a line, as text.
    pub text_format: GoStr,
}

/// A change to the generated Envoy configuration.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct EnvoyExtension {
    /// Which one: `builtin/lua` and such.
    pub name: GoStr,
    /// Fail rather than go on without it.
    pub required: bool,
    /// Its settings.
    pub arguments: Opaque,
    /// Versions of Consul it is meant for.
    pub consul_version: GoStr,
    /// Versions of Envoy it is meant for.
    pub envoy_version: GoStr,
}
