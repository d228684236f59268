//! How callers choose among a service's instances.

use proconsul_msgpack::{GoStr, Rest, Wire};

use crate::{GoDuration, List, text_set::text_set};

text_set! {
    /// How a caller chooses an instance.
    pub enum LoadBalancerPolicy {
        /// Not said: the proxy's own default.
        Unset = "",
        /// By chance.
        Random = "random",
        /// In turn.
        RoundRobin = "round_robin",
        /// That with the least requests under way, of some chosen by chance.
        LeastRequest = "least_request",
        /// By a hash of the request, on a table of fixed size.
        Maglev = "maglev",
        /// By a hash of the request, on a ring.
        RingHash = "ring_hash",
    }
}

/// How callers choose among a service's instances.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct LoadBalancer {
    /// In which way.
    pub policy: LoadBalancerPolicy,
    /// The ring, for [`LoadBalancerPolicy::RingHash`].
    pub ring_hash_config: Option<RingHashConfig>,
    /// How many to choose from, for [`LoadBalancerPolicy::LeastRequest`].
    pub least_request_config: Option<LeastRequestConfig>,
    /// What of a request is hashed, in order, for the policies that hash. Empty: chance decides.
    pub hash_policies: List<HashPolicy>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// The ring of [`LoadBalancerPolicy::RingHash`].
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct RingHashConfig {
    /// Entries at least. Zero: 1024.
    pub minimum_ring_size: u64,
    /// Entries at most. Zero: 8 million.
    pub maximum_ring_size: u64,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// How many to choose from, for [`LoadBalancerPolicy::LeastRequest`].
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct LeastRequestConfig {
    /// How many instances chance picks. Zero: 2.
    pub choice_count: u32,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

text_set! {
    /// Where in a request the value to hash stands.
    pub enum HashField {
        /// In none of these: its source is hashed.
        Unset = "",
        /// In a header field.
        Header = "header",
        /// In a cookie.
        Cookie = "cookie",
        /// In a parameter of the query.
        QueryParameter = "query_parameter",
    }
}

/// What of a request is hashed: a value in it, or its source.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct HashPolicy {
    /// Where the value stands. Excludes `source_ip`.
    pub field: HashField,
    /// Name of the header field, cookie or parameter.
    pub field_value: GoStr,
    /// The cookie to give to callers that have none.
    pub cookie_config: Option<CookieConfig>,
    /// Hash the address it comes from. Excludes `field`.
    #[wire("SourceIP")]
    pub source_ip: bool,
    /// If this gives a hash, what follows does not count.
    pub terminal: bool,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A cookie that the proxy gives out.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct CookieConfig {
    /// It lives as long as the browser. Excludes `ttl`.
    pub session: bool,
    /// How long it lives. Zero: the proxy gives none out.
    #[wire("TTL")]
    pub ttl: GoDuration,
    /// Paths it is for.
    pub path: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
