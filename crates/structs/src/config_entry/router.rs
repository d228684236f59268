//! `service-router`: which requests to a service go where.

use proconsul_msgpack::{GoStr, Rest, Wire};

use super::{ConfigEntryKind, HttpHeaderModifiers};
use crate::{GoDuration, List, Map, raft::RaftIndex};

/// `service-router`: which HTTP requests to a service go where, under the service's name.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceRouter {
    /// `service-router`.
    pub kind: ConfigEntryKind,
    /// The service.
    pub name: GoStr,
    /// The routes, of which the first that fits counts. A request that fits none goes to the service itself.
    pub routes: List<ServiceRoute>,
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

/// One route: which requests, and where they go.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceRoute {
    /// Which requests. Nil: all.
    #[wire("Match")]
    pub matching: Option<ServiceRouteMatch>,
    /// Where they go. Nil: to the service itself.
    pub destination: Option<ServiceRouteDestination>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Which requests a route is for.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceRouteMatch {
    /// Which HTTP requests.
    #[wire("HTTP")]
    pub http: Option<ServiceRouteHttpMatch>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Which HTTP requests a route is for. At most one of the paths is set; all that is set must match.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceRouteHttpMatch {
    /// The whole path.
    pub path_exact: GoStr,
    /// How the path begins.
    pub path_prefix: GoStr,
    /// A regular expression for the path.
    pub path_regex: GoStr,
    /// Paths are compared without regard to case; not those of a regular expression.
    pub case_insensitive: bool,
    /// Header fields.
    pub header: List<ServiceRouteHttpMatchHeader>,
    /// Parameters of the query.
    pub query_param: List<ServiceRouteHttpMatchQueryParam>,
    /// Methods. Empty: all.
    pub methods: List<GoStr>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A header field that a route looks at, in one of several ways.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceRouteHttpMatchHeader {
    /// Name of the field.
    pub name: GoStr,
    /// It is there.
    pub present: bool,
    /// Its whole value.
    pub exact: GoStr,
    /// How its value begins.
    pub prefix: GoStr,
    /// How its value ends.
    pub suffix: GoStr,
    /// A regular expression for its value.
    pub regex: GoStr,
    /// The route fits when the field does not match.
    pub invert: bool,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A parameter of the query that a route looks at, in one of several ways.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceRouteHttpMatchQueryParam {
    /// Name of the parameter.
    pub name: GoStr,
    /// It is there.
    pub present: bool,
    /// Its whole value.
    pub exact: GoStr,
    /// A regular expression for its value.
    pub regex: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Where the requests of a route go, and what is done to them on the way.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceRouteDestination {
    /// The service. Empty: the router's own.
    pub service: GoStr,
    /// A subset of it. Empty: its default one.
    pub service_subset: GoStr,
    /// Its namespace. Empty here always.
    pub namespace: GoStr,
    /// Its partition. Empty here always.
    pub partition: GoStr,
    /// What the matched beginning of the path, or the matched path, becomes. Empty: it stays.
    pub prefix_rewrite: GoStr,
    /// How long a request may take, repetitions included. Zero: as long as the proxy lets it.
    pub request_timeout: GoDuration,
    /// How long a request may be idle. Zero: as long as the proxy lets it.
    pub idle_timeout: GoDuration,
    /// How often a request is repeated when it fails in one of the ways below.
    pub num_retries: u32,
    /// Repeat when no connection could be made.
    pub retry_on_connect_failure: bool,
    /// Repeat under these of Envoy's conditions.
    pub retry_on: List<GoStr>,
    /// Repeat on these status codes.
    pub retry_on_status_codes: List<u32>,
    /// Changes to the request's header.
    pub request_headers: Option<HttpHeaderModifiers>,
    /// Changes to the answer's header.
    pub response_headers: Option<HttpHeaderModifiers>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
