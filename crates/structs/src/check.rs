//! Health checks and what they test.

use proconsul_msgpack::{GoStr, Wire};

use crate::{GoDuration, List, Map, raft::RaftIndex};

/// Status of a check that is well.
pub const PASSING: &str = "passing";
/// Status of a check that is not well, but not out of service either.
pub const WARNING: &str = "warning";
/// Status of a check that is out of service.
pub const CRITICAL: &str = "critical";
/// Status of a node or service that an operator took out of service.
pub const MAINTENANCE: &str = "maintenance";
/// In a query: checks of any status.
pub const ANY: &str = "any";

/// Id of the check that says whether gossip thinks a node alive.
pub const SERF_CHECK_ID: &str = "serfHealth";
/// Name of that check.
pub const SERF_CHECK_NAME: &str = "Serf Health Status";
/// Its output while the node is alive.
pub const SERF_CHECK_ALIVE_OUTPUT: &str = "Agent alive and reachable";
/// Its output when the node is not.
pub const SERF_CHECK_FAILED_OUTPUT: &str = "Agent not live or unreachable";

/// A health check in the catalog: of a node, or of one service on it.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct HealthCheck {
    /// Name of the node it is on.
    pub node: GoStr,
    /// Its id, unique on the node.
    #[wire("CheckID")]
    pub check_id: GoStr,
    /// Its name, for people.
    pub name: GoStr,
    /// `passing`, `warning` or `critical`; an empty one is stored as critical.
    pub status: GoStr,
    /// What it is about, for people.
    pub notes: GoStr,
    /// What it said last.
    pub output: GoStr,
    /// The service it checks; empty: the node.
    #[wire("ServiceID")]
    pub service_id: GoStr,
    /// Name of that service, filled in by the store.
    pub service_name: GoStr,
    /// Tags of that service, filled in by the store.
    pub service_tags: List<GoStr>,
    /// How it checks: `http`, `tcp`, `ttl`...
    #[wire("Type")]
    pub check_type: GoStr,
    /// Time between two checks in Go's notation, for people.
    pub interval: GoStr,
    /// How long one check may take in Go's notation, for people.
    pub timeout: GoStr,
    /// Port through which a proxy exposes the checked path, if it does.
    pub exposed_port: i64,
    /// The peered cluster it was imported from. Empty: our own.
    pub peer_name: GoStr,
    /// What it tests. Agents run checks; servers only keep this, but for alias and session checks.
    pub definition: HealthCheckDefinition,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// What a registered check tests, as its agent was told. On this wire a plain map; its JSON form, with durations in Go's
/// notation, is the HTTP interface's affair.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct HealthCheckDefinition {
    /// URL to ask.
    #[wire("HTTP")]
    pub http: GoStr,
    /// Server name to check the certificate against.
    #[wire("TLSServerName")]
    pub tls_server_name: GoStr,
    /// Accept any certificate.
    #[wire("TLSSkipVerify")]
    pub tls_skip_verify: bool,
    /// Header fields of the HTTP request.
    pub header: Map<List<GoStr>>,
    /// Method of the HTTP request. Empty: GET.
    pub method: GoStr,
    /// Body of the HTTP request.
    pub body: GoStr,
    /// Take a redirect for an answer.
    pub disable_redirects: bool,
    /// Address to connect to.
    #[wire("TCP")]
    pub tcp: GoStr,
    /// Speak TLS on that connection.
    #[wire("TCPUseTLS")]
    pub tcp_use_tls: bool,
    /// Address to send a datagram to.
    #[wire("UDP")]
    pub udp: GoStr,
    /// Address to ping over HTTP/2.
    #[wire("H2PING")]
    pub h2ping: GoStr,
    /// Service of the operating system to look at.
    #[wire("OSService")]
    pub os_service: GoStr,
    /// Speak TLS for the HTTP/2 ping.
    #[wire("H2PingUseTLS")]
    pub h2ping_use_tls: bool,
    /// Time between two checks.
    pub interval: GoDuration,
    /// How many bytes of output to keep.
    pub output_max_size: u64,
    /// How long one check may take.
    pub timeout: GoDuration,
    /// Remove the service once it has been critical for this long. Zero: never.
    pub deregister_critical_service_after: GoDuration,
    /// Command to run.
    pub script_args: List<GoStr>,
    /// Container to run it in.
    #[wire("DockerContainerID")]
    pub docker_container_id: GoStr,
    /// Shell to run it with, in that container.
    pub shell: GoStr,
    /// Address, and maybe service, to ask with gRPC's health protocol.
    #[wire("GRPC")]
    pub grpc: GoStr,
    /// Speak TLS for that.
    #[wire("GRPCUseTLS")]
    pub grpc_use_tls: bool,
    /// Node whose health is copied.
    pub alias_node: GoStr,
    /// Service whose health is copied.
    pub alias_service: GoStr,
    /// Name of the sessions whose life this check follows.
    pub session_name: GoStr,
    /// How long the check stays as it is without news from the service.
    #[wire("TTL")]
    pub ttl: GoDuration,
}

impl HealthCheckDefinition {
    /// The word for how it checks, as an agent would fill it in: that of the first way that is set up completely, empty
    /// when none is. All but scripts, time to live and aliases need an interval.
    pub fn kind(&self) -> &'static str {
        let regular = self.interval > GoDuration::ZERO;
        let script = self.script_args.as_ref().is_some_and(|args| !args.is_empty());
        let ways = [
            ("grpc", regular && !self.grpc.is_empty()),
            ("http", regular && !self.http.is_empty()),
            ("ttl", self.ttl > GoDuration::ZERO),
            ("tcp", regular && !self.tcp.is_empty()),
            ("udp", regular && !self.udp.is_empty()),
            ("alias", !self.alias_node.is_empty() || !self.alias_service.is_empty()),
            ("docker", regular && script && !self.docker_container_id.is_empty()),
            ("script", script),
            ("h2ping", regular && !self.h2ping.is_empty()),
            ("os_service", regular && !self.os_service.is_empty()),
        ];
        ways.into_iter().find(|(_, is_set)| *is_set).map_or("", |(word, _)| word)
    }
}

/// What an agent is told to check: a definition as it stands in a service's own.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct CheckType {
    /// Id of the check. Empty: derived from the service's.
    #[wire("CheckID")]
    pub check_id: GoStr,
    /// Name, for people.
    pub name: GoStr,
    /// Status to begin with. Empty: critical.
    pub status: GoStr,
    /// What it is about, for people.
    pub notes: GoStr,
    /// Command to run.
    pub script_args: List<GoStr>,
    /// URL to ask.
    #[wire("HTTP")]
    pub http: GoStr,
    /// Address to ping over HTTP/2.
    #[wire("H2PING")]
    pub h2ping: GoStr,
    /// Speak TLS for the HTTP/2 ping.
    #[wire("H2PingUseTLS")]
    pub h2ping_use_tls: bool,
    /// Header fields of the HTTP request.
    pub header: Map<List<GoStr>>,
    /// Method of the HTTP request. Empty: GET.
    pub method: GoStr,
    /// Body of the HTTP request.
    pub body: GoStr,
    /// Take a redirect for an answer.
    pub disable_redirects: bool,
    /// Address to connect to.
    #[wire("TCP")]
    pub tcp: GoStr,
    /// Speak TLS on that connection.
    #[wire("TCPUseTLS")]
    pub tcp_use_tls: bool,
    /// Address to send a datagram to.
    #[wire("UDP")]
    pub udp: GoStr,
    /// Time between two checks.
    pub interval: GoDuration,
    /// Node whose health is copied.
    pub alias_node: GoStr,
    /// Service whose health is copied.
    pub alias_service: GoStr,
    /// Container to run the command in.
    #[wire("DockerContainerID")]
    pub docker_container_id: GoStr,
    /// Shell to run it with, in that container.
    pub shell: GoStr,
    /// Address, and maybe service, to ask with gRPC's health protocol.
    #[wire("GRPC")]
    pub grpc: GoStr,
    /// Speak TLS for that.
    #[wire("GRPCUseTLS")]
    pub grpc_use_tls: bool,
    /// Service of the operating system to look at.
    #[wire("OSService")]
    pub os_service: GoStr,
    /// Server name to check the certificate against.
    #[wire("TLSServerName")]
    pub tls_server_name: GoStr,
    /// Accept any certificate.
    #[wire("TLSSkipVerify")]
    pub tls_skip_verify: bool,
    /// How long one check may take.
    pub timeout: GoDuration,
    /// How long the check stays as it is without news from the service.
    #[wire("TTL")]
    pub ttl: GoDuration,
    /// How many successes in a row make it pass.
    pub success_before_passing: i64,
    /// How many failures in a row make it warn.
    pub failures_before_warning: i64,
    /// How many failures in a row make it critical.
    pub failures_before_critical: i64,
    /// Address that a proxy exposes for the HTTP check.
    #[wire("ProxyHTTP")]
    pub proxy_http: GoStr,
    /// Address that a proxy exposes for the gRPC check.
    #[wire("ProxyGRPC")]
    pub proxy_grpc: GoStr,
    /// Remove the service once it has been critical for this long. Zero: never.
    pub deregister_critical_service_after: GoDuration,
    /// How many bytes of output to keep.
    pub output_max_size: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_of_checking_counts_once_it_is_set_up_completely() {
        let interval = GoDuration(1);
        let none = HealthCheckDefinition::default;
        let cases = [
            (none(), ""),
            (HealthCheckDefinition { http: "h".into(), ..none() }, ""),
            (HealthCheckDefinition { http: "h".into(), interval, ..none() }, "http"),
            (HealthCheckDefinition { http: "h".into(), grpc: "g".into(), interval, ..none() }, "grpc"),
            (HealthCheckDefinition { http: "h".into(), ttl: GoDuration(1), ..none() }, "ttl"),
            (HealthCheckDefinition { alias_service: "s".into(), ..none() }, "alias"),
            (HealthCheckDefinition { script_args: Some(vec!["s".into()]), ..none() }, "script"),
        ];
        for (definition, word) in cases {
            assert_eq!(definition.kind(), word);
        }
    }
}
