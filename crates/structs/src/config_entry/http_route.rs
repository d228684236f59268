//! `http-route`: where an API gateway sends HTTP requests.

use proconsul_msgpack::{GoStr, Rest, Wire};

use super::{ConfigEntryKind, ResourceReference, Status};
use crate::{GoDuration, List, Map, raft::RaftIndex, text_set::text_set};

/// `http-route`: where API gateways send HTTP requests.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct HttpRoute {
    /// `http-route`.
    pub kind: ConfigEntryKind,
    /// Its name.
    pub name: GoStr,
    /// The gateways, or listeners of them, that it belongs to.
    pub parents: List<ResourceReference>,
    /// Its rules, of which the most exact that fits counts.
    pub rules: List<HttpRouteRule>,
    /// Host names it is for. Empty: all.
    pub hostnames: List<GoStr>,
    /// Metadata.
    pub meta: Map<GoStr>,
    /// What has become of it.
    pub status: Status,
    /// A digest of its content, which the server makes. Zero: none made yet.
    pub hash: u64,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Which requests go to which services, and what is done to them on the way.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct HttpRouteRule {
    /// What is done to requests.
    pub filters: HttpFilters,
    /// What is done to answers.
    pub response_filters: HttpResponseFilters,
    /// Which requests: one of these fits. Empty: all.
    pub matches: List<HttpMatch>,
    /// Where they go, shared out by weight.
    pub services: List<HttpService>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// What a request must look like: all of this.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpMatch {
    /// Header fields.
    pub headers: List<HttpHeaderMatch>,
    /// Its method.
    pub method: HttpMatchMethod,
    /// Its path.
    pub path: HttpPathMatch,
    /// Parameters of the query.
    pub query: List<HttpQueryMatch>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

text_set! {
    /// A method of HTTP.
    pub enum HttpMatchMethod {
        /// Any.
        All = "",
        /// Opens a tunnel.
        Connect = "CONNECT",
        /// Removes something.
        Delete = "DELETE",
        /// Reads something.
        Get = "GET",
        /// Reads only the header.
        Head = "HEAD",
        /// Asks what can be done.
        Options = "OPTIONS",
        /// Changes a part of something.
        Patch = "PATCH",
        /// Hands something over.
        Post = "POST",
        /// Stores something.
        Put = "PUT",
        /// Asks for the request as it arrived.
        Trace = "TRACE",
    }
}

text_set! {
    /// In which way a header field is compared.
    pub enum HttpHeaderMatchType {
        /// As a whole.
        Exact = "exact",
        /// By how it begins.
        Prefix = "prefix",
        /// Not at all: it is there.
        Present = "present",
        /// With a regular expression.
        RegularExpression = "regex",
        /// By how it ends.
        Suffix = "suffix",
    }
}

/// What a header field must look like.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpHeaderMatch {
    /// In which way it is compared.
    #[wire("Match")]
    pub matching: HttpHeaderMatchType,
    /// Its name.
    pub name: GoStr,
    /// What it is compared with.
    pub value: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

text_set! {
    /// In which way a path is compared.
    pub enum HttpPathMatchType {
        /// As a whole.
        Exact = "exact",
        /// By how it begins, level by level.
        Prefix = "prefix",
        /// With a regular expression.
        RegularExpression = "regex",
    }
}

/// What a path must look like.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpPathMatch {
    /// In which way it is compared. Empty: by how it begins.
    #[wire("Match")]
    pub matching: HttpPathMatchType,
    /// What it is compared with. Empty: `/`.
    pub value: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

text_set! {
    /// In which way a parameter of the query is compared.
    pub enum HttpQueryMatchType {
        /// As a whole.
        Exact = "exact",
        /// Not at all: it is there.
        Present = "present",
        /// With a regular expression.
        RegularExpression = "regex",
    }
}

/// What a parameter of the query must look like.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpQueryMatch {
    /// In which way it is compared.
    #[wire("Match")]
    pub matching: HttpQueryMatchType,
    /// Its name.
    pub name: GoStr,
    /// What it is compared with.
    pub value: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// What is done to requests.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct HttpFilters {
    /// Changes to the header.
    pub headers: List<HttpHeaderFilter>,
    /// A change to the path.
    #[wire("URLRewrite")]
    pub url_rewrite: Option<UrlRewrite>,
    /// When requests are repeated. Nil: never.
    pub retry_filter: Option<RetryFilter>,
    /// How long requests may take. Nil: as long as the proxy lets them.
    pub timeout_filter: Option<TimeoutFilter>,
    /// Demands on the caller's web token.
    #[wire("JWT")]
    pub jwt: Option<JwtFilter>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// What is done to answers.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponseFilters {
    /// Changes to the header.
    pub headers: List<HttpHeaderFilter>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Changes to the header of an HTTP request or answer.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpHeaderFilter {
    /// Fields to add, beside any of the same name.
    pub add: Map<GoStr>,
    /// Names of fields to take out.
    pub remove: List<GoStr>,
    /// Fields to put in place of any of the same name.
    pub set: Map<GoStr>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A change to the path.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct UrlRewrite {
    /// What the matched beginning of the path becomes.
    pub path: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// When requests are repeated.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct RetryFilter {
    /// How often.
    pub num_retries: u32,
    /// Under these of Envoy's conditions.
    pub retry_on: List<GoStr>,
    /// On these status codes.
    pub retry_on_status_codes: List<u32>,
    /// When no connection could be made.
    pub retry_on_connect_failure: bool,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// How long requests may take.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeoutFilter {
    /// As a whole, repetitions included. Zero: as long as the proxy lets them.
    pub request_timeout: GoDuration,
    /// Without any data. Zero: as long as the proxy lets them.
    pub idle_timeout: GoDuration,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Demands on a caller's web token; without content outside the edition that has them.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtFilter {
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A service that requests of a rule go to.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct HttpService {
    /// Its name.
    pub name: GoStr,
    /// Its share, in proportion to the others' weights. Zero or less: 1.
    pub weight: i64,
    /// What is done to requests, after what the rule does.
    pub filters: HttpFilters,
    /// What is done to answers, after what the rule does.
    pub response_filters: HttpResponseFilters,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
